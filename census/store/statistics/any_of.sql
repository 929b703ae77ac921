-- How many of the units with a model list one of each quantization, or of each number of bits. A unit counts once for
-- each and once in `of`; units that tell none are the row with the null value.
create function stats.any_of(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    value text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        select l.id, l.alone, l.count, l.quantizations from stats.listed(scan, since, until, unit, population) l
    ),
    sets as materialized (
        -- There are few sets of quantizations, and many units.
        select row_number() over () as id, its.members, sum(its.count)::bigint as count
        from (
            select u.quantizations as members, u.count from units u where u.alone
            union all
            select coalesce(array_agg(distinct told collate "C") filter (where told is not null), '{}'), u.count
            from units u left join unnest(u.quantizations) told on true
            where not u.alone
            group by u.id, u.count
        ) its
        group by its.members
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
