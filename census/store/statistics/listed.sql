-- The lists with a model that units had, as `holdings` has them, which also has those that are empty.
create function stats.listed(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    id bigint, alone boolean, count bigint, inventory_id bigint, models bigint[], families text[],
    architectures text[], origins text[], quantizations text[], capabilities text[], tools smallint, names integer,
    instances integer, traits integer, placed integer[])
language sql stable parallel safe
begin atomic
    select
        h.id, h.alone, h.count, h.inventory_id, h.models, h.families, h.architectures, h.origins, h.quantizations,
        h.capabilities, h.tools, h.names, h.instances, h.traits, h.placed
    from stats.holdings(scan, since, until, unit, population) h
    where h.size > 0;
end;
