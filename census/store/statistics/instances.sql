-- Model instances: how many units list each model, where names with one digest are one model; without a digest the
-- name tells models apart. key is the lowest model.id of each, `of` how many units have a model.
create function stats.instances(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    key bigint, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        select l.id, l.count, l.inventory_id from stats.listed(scan, since, until, unit, population) l
    ),
    whole as materialized (
        select coalesce(sum(u.count), 0)::bigint as of from (select distinct id, count from units) u
    ),
    keys as materialized (
        select m.id, min(m.id) over (partition by m.digest, case when m.digest is null then m.name end) as key
        from model m
    ),
    spread as (
        select u.id, u.count, unnest(i.models) as model from units u join inventory i on i.id = u.inventory_id
    ),
    held as (
        select distinct s.id, s.count, k.key from spread s join keys k on k.id = s.model
    )
    select h.key, sum(h.count)::bigint, w.of from held h cross join whole w group by h.key, w.of;
end;
