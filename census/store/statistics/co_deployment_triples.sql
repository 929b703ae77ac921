-- Triples of families on one unit, of the units with three known families or more; with the sixth parameter
-- architecture, triples of architectures. a, b, c stand in the order of the alphabet. jaccard is the units with all
-- three by those with any, lift is P(abc) / (P(a) P(b) P(c)); both are over all units with a model, with 95 %
-- intervals: of jaccard after Wilson, of lift by the delta method on its logarithm, null for units that are not
-- independent.
create function stats.co_deployment_triples(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible', by text default 'family')
returns table (
    a text, b text, c text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    jaccard double precision, lift double precision, jaccard_low double precision, jaccard_high double precision,
    lift_low double precision, lift_high double precision)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        -- What is counted is added up as floats, which are exact here and half as dear as whole numbers of 64 bits.
        select row_number() over () as id, s.members, s.count::double precision as count
        from stats.family_sets(scan, since, until, unit, population, by) s
    ),
    whole as materialized (
        select
            coalesce(sum(count), 0)::bigint as units,
            coalesce(sum(count) filter (where cardinality(members) >= 3), 0)::bigint as of
        from sets
    ),
    words as materialized (
        select
            member, sum(count) as units, (row_number() over (order by member collate "C"))::integer as number
        from sets cross join unnest(members) member
        group by member
    ),
    coded as materialized (
        -- Numbers in the place of words, for millions of triples are formed, and one number is the first two of them.
        -- Nobody has two million families; who invents so many architectures is not heard to the end.
        select array_agg(w.number order by w.number) as codes, s.count
        from sets s cross join unnest(s.members) listed join words w on w.member = listed and w.number < 1 << 21
        group by s.id, s.count
        having count(*) >= 2
    ),
    pairs as materialized (
        select one.x, one.y, sum(one.count) as units
        from (
            select two.x, unnest(two.rest) as y, two.count
            from (
                select codes[place] as x, codes[place + 1:] as rest, count
                from (select codes, count, generate_series(1, cardinality(codes) - 1) as place from coded) placed
            ) two
        ) one
        group by one.x, one.y
    ),
    triples as (
        select one.xy >> 21 as x, one.xy & ((1 << 21) - 1) as y, one.z, sum(one.count) as count
        from (
            select three.xy, unnest(three.rest) as z, three.count
            from (
                select (codes[i]::bigint << 21) + codes[j] as xy, codes[j + 1:] as rest, count
                from (
                    select codes, count, i, generate_series(i + 1, cardinality(codes) - 1) as j
                    from (select codes, count, generate_series(1, cardinality(codes) - 2) as i from coded) first
                ) second
            ) three
        ) one
        group by one.xy, one.z
    ),
    counted as materialized (
        -- As a whole, or a limit on the result would have it joined row by row, as if only few were needed.
        select
            x.member as a, y.member as b, z.member as c, p.count::bigint as count, t.of,
            (x.units + y.units + z.units - xy.units - xz.units - yz.units + p.count)::bigint as any_of,
            p.count * t.units::double precision ^ 2 / (x.units * y.units * z.units) as lift,
            1 / p.count - 1 / x.units - 1 / y.units - 1 / z.units
                + 2 * (xy.units / (x.units * y.units) + xz.units / (x.units * z.units) + yz.units / (y.units * z.units))
                - 4 / t.units::double precision as variance
        from triples p
        join words x on x.number = p.x
        join words y on y.number = p.y
        join words z on z.number = p.z
        join pairs xy on xy.x = p.x and xy.y = p.y
        join pairs xz on xz.x = p.x and xz.y = p.z
        join pairs yz on yz.x = p.y and yz.y = p.z
        cross join whole t
    )
    select
        c.a, c.b, c.c, c.count, c.of, w.share, w.low, w.high,
        j.share, c.lift, j.low, j.high, l.low, l.high
    from counted c,
        lateral stats.wilson(c.count, c.of, unit) w,
        lateral stats.wilson(c.count, c.any_of, unit) j,
        lateral stats.around_log(c.lift, c.variance, unit) l
    order by c.count desc, c.a collate "C", c.b collate "C", c.c collate "C";
end;

create view stats.co_deployment_triples as select * from stats.co_deployment_triples();
