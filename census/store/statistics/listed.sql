-- The lists with a model that units had: id tells apart the distinct sets of lists, count is how many units had just
-- that set, and a row is one list of a set, with what the table inventory says of it; alone tells that the set has
-- this list only.
create function stats.listed(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    id bigint, alone boolean, count bigint, inventory_id bigint, models bigint[], families text[],
    architectures text[], origins text[], quantizations text[], capabilities text[], tools smallint, names integer,
    instances integer, traits integer)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        select row_number() over () as id, h.alone, h.inventories[1] as first, h.inventories, h.count
        from stats.holdings(scan, since, until, unit, population) h
    )
    -- The usual set has one list: taking arrays apart would make it seem to be ten.
    select
        s.id, true, s.count, i.id, i.models, i.families, i.architectures, i.origins, i.quantizations, i.capabilities,
        i.tools, i.names, i.instances, i.traits
    from sets s
    join inventory i on i.id = s.first
    where s.alone and i.size > 0
    union all
    select
        s.id, false, s.count, i.id, i.models, i.families, i.architectures, i.origins, i.quantizations, i.capabilities,
        i.tools, i.names, i.instances, i.traits
    from sets s
    cross join unnest(s.inventories) listed
    join inventory i on i.id = listed
    where not s.alone and i.size > 0;
end;
