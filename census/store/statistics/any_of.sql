-- How many of the units with a model list one of each quantization, or of each number of bits. A unit counts once for
-- each and once in `of`; units that tell none are the row with the null value.
create function stats.any_of(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    value text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        -- There are few sets of quantizations, and many units.
        select row_number() over () as id, s.members, s.count
        from stats.value_sets('quantization', scan, since, until, unit, population) s
    ),
    names as materialized (
        select q.name, case dimension when 'bits' then stats.bits(q.name)::text else q.name end as value
        from (select distinct told as name from sets s cross join unnest(s.members) told) q
    ),
    held as (
        select distinct s.id, s.count, n.value
        from sets s
        left join unnest(s.members) told on true
        left join names n on n.name = told
    ),
    states as materialized (
        select h.id, h.count, bool_and(h.value is null) as silent from held h group by h.id, h.count
    ),
    whole as materialized (
        select
            coalesce(sum(t.count), 0)::bigint as of,
            coalesce(sum(t.count) filter (where t.silent), 0)::bigint as silent
        from states t
    )
    select h.value, sum(h.count)::bigint, w.of
    from held h cross join whole w
    where h.value is not null
    group by h.value, w.of
    union all
    select null, w.silent, w.of from whole w where w.silent > 0;
end;
