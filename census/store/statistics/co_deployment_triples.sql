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
    with sets as (
        select s.members, s.count from stats.family_sets(scan, since, until, unit, population, by) s
    ),
    whole as materialized (
        select
            coalesce(sum(count), 0)::bigint as units,
            coalesce(sum(count) filter (where cardinality(members) >= 3), 0)::bigint as of
        from sets
    ),
    singles as (
        select member, sum(count)::double precision as units from sets, unnest(members) member group by member
    ),
    pairs as (
        select x as a, y as b, sum(count)::double precision as units
        from sets, unnest(members) with ordinality first (x, place), unnest(members[place + 1:]) y
        group by x, y
    ),
    triples as (
        select x as a, y as b, z as c, sum(count)::bigint as count
        from sets,
            unnest(members) with ordinality first (x, place),
            unnest(members[place + 1:]) with ordinality second (y, further),
            unnest(members[place + further + 1:]) z
        group by x, y, z
    ),
    counted as materialized (
        -- As a whole, or a limit on the result would have it joined row by row, as if only few were needed.
        select
            p.a, p.b, p.c, p.count, t.of,
            (x.units + y.units + z.units - xy.units - xz.units - yz.units + p.count)::bigint as any_of,
            p.count * t.units::double precision ^ 2 / (x.units * y.units * z.units) as lift,
            1 / p.count::double precision - 1 / x.units - 1 / y.units - 1 / z.units
                + 2 * (xy.units / (x.units * y.units) + xz.units / (x.units * z.units) + yz.units / (y.units * z.units))
                - 4 / t.units::double precision as variance
        from triples p
        join singles x on x.member = p.a
        join singles y on y.member = p.b
        join singles z on z.member = p.c
        join pairs xy on xy.a = p.a and xy.b = p.b
        join pairs xz on xz.a = p.a and xz.b = p.c
        join pairs yz on yz.a = p.b and yz.b = p.c
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
