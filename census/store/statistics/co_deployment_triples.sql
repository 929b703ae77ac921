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
    with together as materialized (
        select t.a, t.b, t.c, t.count::double precision as count, t.of
        from stats.families_together(scan, since, until, unit, population, by, 3) t
    ),
    whole as materialized (
        select t.count as units, t.of from together t where t.a is null
    ),
    words as materialized (
        select t.a as member, t.count as units from together t where t.b is null and t.a is not null
    ),
    pairs as materialized (
        select t.a, t.b, t.count as units from together t where t.c is null and t.b is not null
    ),
    counted as materialized (
        -- As a whole, or a limit on the result would have it joined row by row, as if only few were needed.
        select
            p.a, p.b, p.c, p.count::bigint as count, t.of,
            (x.units + y.units + z.units - xy.units - xz.units - yz.units + p.count)::bigint as any_of,
            p.count * t.units ^ 2 / (x.units * y.units * z.units) as lift,
            1 / p.count - 1 / x.units - 1 / y.units - 1 / z.units
                + 2 * (xy.units / (x.units * y.units) + xz.units / (x.units * z.units) + yz.units / (y.units * z.units))
                - 4 / t.units as variance
        from together p
        join words x on x.member = p.a
        join words y on y.member = p.b
        join words z on z.member = p.c
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
