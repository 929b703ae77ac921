-- The lists of each set that `held_sets` has, with a number for the set, how many units had just that, and whether it
-- is the only list in it. Where numbers differ in the six lowest bits alone, count is the same. Nothing about hosts and
-- endpoints over all time, for which there is a table.
create function stats.numbered_lists(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (id bigint, alone boolean, count bigint, inventory_id bigint)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        select
            row_number() over (order by h.count) + 64 * dense_rank() over (order by h.count) as id, h.alone, h.members,
            h.count
        from stats.held_sets('inventory', scan, since, until, unit, population) h
        where not stats.ever(scan, since, until, unit)
    )
    -- The usual set has one list: taking arrays apart would make it seem ten.
    select s.id, true, s.count, s.members[1] from sets s where s.alone
    union all
    select s.id, false, s.count, unnest(s.members) from sets s where not s.alone;
end;
