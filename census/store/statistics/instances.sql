-- Model instances: how many units list each model, where names with one digest are one model; without a digest the
-- name tells models apart. key is the lowest model.id of each, `of` how many units have a model.
create function stats.instances(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    key bigint, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        -- Where no two models of a list are one, as is usual, it is enough to count each.
        select
            l.id, l.alone, l.count, l.models,
            l.alone and l.instances = cardinality(l.models) as plain
        from stats.listed(scan, since, until, unit, population) l
    ),
    whole as materialized (
        select coalesce(sum(t.count), 0)::bigint as of
        from (
            select u.count from units u where u.alone
            union all
            select min(u.count) from units u where not u.alone group by u.id
        ) t
    ),
    keys as materialized (
        select m.id, min(m.id) over (partition by m.digest, case when m.digest is null then m.name end) as key
        from model m
    ),
    held as (
        select k.key, its.count
        from (
            select u.model, sum(u.count) as count
            from (select unnest(models) as model, count::double precision as count from units where plain) u
            group by u.model
        ) its
        join keys k on k.id = its.model
        union all
        select its.key, its.count::double precision
        from (
            select distinct u.id, u.count, k.key
            from (select id, count, unnest(models) as model from units where not plain) u
            join keys k on k.id = u.model
        ) its
    )
    select h.key, sum(h.count)::bigint, (select whole.of from whole) from held h group by h.key;
end;
