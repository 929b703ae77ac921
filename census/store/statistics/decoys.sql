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
    with served as materialized (
        -- Nine out of ten endpoints gave no sign. Sorted, for to hash so many costs more.
        select s.carrier, coalesce(e.verdict, 0::smallint) as verdict, e.signals, s.observations, s.days
        from stats.serving(scan, since, until, unit, 'raw') s
        left join (
            select e.id, e.verdict, e.signals from endpoint e where e.verdict <> 0 or e.signals <> '{}'
        ) e on e.id = s.endpoint_id
        where stats.asked(unit, population)
        order by s.carrier, 2
    ),
    held as (
        select
            s.carrier, s.verdict, null as signal,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from served s
        group by s.carrier, s.verdict
        union all
        select
            its.carrier, its.verdict, its.signal,
            case unit when 'observation' then sum(its.observations)::bigint end,
            case unit when 'host-day' then range_agg(its.days) end
        from (
            select s.carrier, s.verdict, unnest(s.signals) as signal, s.observations, s.days
            from served s
            where s.signals is not null
        ) its
        group by its.carrier, its.verdict, its.signal
    ),
    units as (
        select
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from served s
        group by s.carrier
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
