-- How many units with a model list models of each family (null for models of none) that are, taken together, of just
-- these marks: the four lowest bits that the column inventory.placed tells of. of is all units with a model.
create function stats.by_family(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (family text, marks integer, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        select l.id, l.alone, l.count, l.placed
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
    counted as (
        -- The usual unit has one list, in which each family stands once, so that it is enough to count each.
        select one.code >> 4 as number, one.code & 15 as marks, sum(one.count) as count
        from (select unnest(u.placed) as code, u.count::double precision as count from units u where u.alone) one
        group by one.code
        union all
        select several.number, several.marks, sum(several.count)
        from (
            select its.code >> 4 as number, bit_or(its.code & 15) as marks, min(its.count) as count
            from (select u.id, u.count, unnest(u.placed) as code from units u where not u.alone) its
            group by its.id, its.code >> 4
        ) several
        group by several.number, several.marks
    )
    select f.name, c.marks, sum(c.count)::bigint, (select whole.of from whole)
    from counted c left join family f on f.number = c.number
    group by f.name, c.marks;
end;
