-- Pairs of families on one unit, of the units with two known families or more; with the sixth parameter architecture,
-- pairs of architectures. a comes before b in the alphabet. jaccard is the units with both by those with either; lift
-- is P(ab) / (P(a) P(b)), how many times more often they are together than if they had nothing to do with each other;
-- log_odds is the logarithm of the odds ratio of the four counts (both, only a, only b, neither), to each of which a
-- half is added so that it always exists. All three are over all units with a model, with 95 % intervals: of jaccard
-- after Wilson, of lift by the delta method on its logarithm, of log_odds from the sum of the reciprocal counts
-- (Woolf). Intervals treat units as independent draws, and are null for units that surely are not.
create function stats.co_deployment(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible', by text default 'family')
returns table (
    a text, b text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    jaccard double precision, lift double precision, jaccard_low double precision, jaccard_high double precision,
    lift_low double precision, lift_high double precision, log_odds double precision, log_odds_low double precision,
    log_odds_high double precision)
language sql stable parallel safe
begin atomic
    with together as materialized (
        select t.a, t.b, t.count, t.of
        from stats.families_together(scan, since, until, unit, population, by, 2) t
    ),
    whole as (
        select t.count as units, t.of from together t where t.a is null
    ),
    singles as materialized (
        select t.a as member, t.count as units from together t where t.b is null and t.a is not null
    ),
    pairs as (
        select t.a, t.b, t.count from together t where t.b is not null
    ),
    counted as materialized (
        select
            p.a, p.b, p.count, t.of,
            x.units + y.units - p.count as either,
            p.count::double precision * t.units / (x.units::double precision * y.units) as lift,
            1 / p.count::double precision - 1 / x.units::double precision - 1 / y.units::double precision as spread,
            t.units::double precision as n,
            p.count + 0.5::double precision as ab, x.units - p.count + 0.5::double precision as only_a,
            y.units - p.count + 0.5::double precision as only_b,
            t.units - x.units - y.units + p.count + 0.5::double precision as neither
        from pairs p
        join singles x on x.member = p.a
        join singles y on y.member = p.b
        cross join whole t
    )
    select
        c.a, c.b, c.count, c.of, w.share, w.low, w.high,
        j.share, c.lift, j.low, j.high, l.low, l.high,
        ln(c.ab * c.neither / (c.only_a * c.only_b)), ln(o.low), ln(o.high)
    from counted c,
        lateral stats.wilson(c.count, c.of, unit) w,
        lateral stats.wilson(c.count, c.either, unit) j,
        lateral stats.around_log(c.lift, c.spread + (2 * c.lift - 1) / c.n, unit) l,
        lateral stats.around_log(
            c.ab * c.neither / (c.only_a * c.only_b), 1 / c.ab + 1 / c.only_a + 1 / c.only_b + 1 / c.neither, unit) o
    order by c.count desc, c.a collate "C", c.b collate "C";
end;

create view stats.co_deployment as select * from stats.co_deployment();
