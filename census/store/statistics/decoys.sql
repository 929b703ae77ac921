-- What became of the question whether endpoints only pretend, by the units with a model: a row without a signal for
-- each verdict (credible, suspect, decoy) counts all of it, the rows with one those of them where that signal ever
-- fired. An endpoint may have several signals, and a host endpoints of several verdicts: it counts under each. All
-- are shown, whatever the population.
create function stats.decoys(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    verdict text, signal text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with held as (
        select
            s.carrier, e.verdict, told.signal,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from stats.serving(scan, since, until, unit, 'raw') s
        join endpoint e on e.id = s.endpoint_id
        cross join lateral (select null as signal union all select unnest(e.signals)) told
        where stats.asked(unit, population)
        group by 1, 2, 3
    ),
    units as (
        select
            case unit when 'observation' then sum(observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(days) end as days
        from held
        where signal is null
        group by carrier
    ),
    whole as materialized (
        select coalesce(sum(weight), 0)::bigint as of
        from units u cross join lateral stats.weight(unit, u.observations, u.days)
    ),
    counted as (
        select held.verdict, held.signal, sum(weight)::bigint as count
        from held cross join lateral stats.weight(unit, held.observations, held.days)
        group by 1, 2
        union all
        -- The verdicts that nobody has.
        select missing.verdict, null, 0
        from (values (0::smallint), (1::smallint), (2::smallint)) missing (verdict)
        where not exists (select from held where held.verdict = missing.verdict)
    )
    select stats.verdict_word(c.verdict), c.signal, c.count, whole.of, w.share, w.low, w.high
    from counted c cross join whole cross join lateral stats.wilson(c.count, whole.of, unit) w
    order by c.verdict, c.signal is not null, c.count desc, c.signal collate "C";
end;

create view stats.decoys as select * from stats.decoys();
