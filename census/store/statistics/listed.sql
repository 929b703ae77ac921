-- The lists with a model that units had: id tells apart the distinct sets of lists, count is how many units had just
-- that set, and a row is one list of a set.
create function stats.listed(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    id bigint, count bigint, inventory_id bigint)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        select row_number() over () as id, h.inventories, h.count
        from stats.holdings(scan, since, until, unit, population) h
    )
    select s.id, s.count, i.id
    from sets s
    cross join unnest(s.inventories) listed
    join inventory i on i.id = listed
    where i.size > 0;
end;
