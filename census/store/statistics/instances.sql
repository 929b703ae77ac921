-- Model instances: how many units list each model, told apart by its name, or by the dimension digest so that names
-- with one digest are one model, and without a digest the name tells. key is the lowest model.id of each, `of` how many
-- units have a model.
create function stats.instances(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    key bigint, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        -- Where no two models of a list are one, as is usual, it is enough to count each.
        select
            l.id, l.alone, l.count, l.models,
            l.alone and cardinality(l.models) = case dimension when 'digest' then l.instances else l.names end as plain
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
    aliases as materialized (
        select k.id, k.key
        from (
            select
                m.id,
                min(m.id) over (partition by
                    case dimension when 'digest' then m.digest end,
                    case when dimension <> 'digest' or m.digest is null then m.name end) as key
            from model m
        ) k
        where k.key < k.id
    ),
    several as materialized (
        select coalesce(a.key, u.model) as model, min(u.count) as count
        from (select id, count, unnest(models) as model from units where not plain) u
        left join aliases a on a.id = u.model
        group by u.id, coalesce(a.key, u.model)
    ),
    counted as (
        -- Most lists are those of one unit; to sort numbers alone takes half of what it takes to hash them.
        select u.model, count(*) as count
        from (
            select unnest(models) as model from units where plain and count = 1
            union all
            select model from several where count = 1
            order by model
        ) u
        group by u.model
        union all
        select u.model, sum(u.count)
        from (
            select unnest(models) as model, count::double precision as count from units where plain and count > 1
            union all
            select model, count from several where count > 1
        ) u
        group by u.model
    )
    select coalesce(a.key, c.model), sum(c.count)::bigint, (select whole.of from whole)
    from counted c left join aliases a on a.id = c.model
    group by 1;
end;
