-- The lists that could be read (served, empty) and that units had: id tells apart what units had, together, count is how
-- many units had just that, and a row is one list of it, with what the table inventory says of it; alone tells that
-- there is no other. Where ids differ in the six lowest bits alone, count is the same. Everything about the models of a
-- unit is made from this.
create function stats.holdings(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    id bigint, alone boolean, count bigint, inventory_id bigint, size integer, models bigint[], families text[],
    architectures text[], origins text[], quantizations text[], capabilities text[], tools smallint, names integer,
    instances integer, traits integer, placed integer[])
language sql stable parallel safe
begin atomic
    -- Over all time a table has it at hand: nothing to gather, to join or to look up.
    select
        l.endpoint_id, true, 1::bigint, l.inventory_id, l.size, l.models, l.families, l.architectures, l.origins,
        l.quantizations, l.capabilities, l.tools, l.names, l.instances, l.traits, l.placed
    from listing l
    where stats.asked(unit, population) and stats.ever(scan, since, until, unit)
        and (unit = 'endpoint' or not l.shared)
        and (population = 'raw' or stats.credible(l.verdict))
    union all
    -- Of the few hosts with several endpoints all is put together; below nought, for these are hosts.
    select
        -l.host_id, false, 1::bigint, l.inventory_id, l.size, l.models, l.families, l.architectures, l.origins,
        l.quantizations, l.capabilities, l.tools, l.names, l.instances, l.traits, l.placed
    from listing l
    where stats.ever(scan, since, until, unit) and unit = 'host' and l.shared
        and (population = 'raw' or stats.credible(l.verdict))
    union all
    -- What is not in that table since the last scan, or was too long for it: the sightings tell.
    select
        -case unit when 'endpoint' then e.id else e.host_id end, false, 1::bigint, i.id, i.size, i.models, i.families,
        i.architectures, i.origins, i.quantizations, i.capabilities, i.tools, i.names, i.instances, i.traits, i.placed
    from endpoint e
    join sighting s on s.endpoint_id = e.id
    join inventory i on i.id = s.inventory_id
    where stats.ever(scan, since, until, unit) and e.listed_stale
        and (population = 'raw' or stats.credible(e.verdict))
    union all
    -- Of a scan, a window, or in other units. No `with` here, or each row would go through a step more for each of these.
    select
        n.id, n.alone, n.count, i.id, i.size, i.models, i.families, i.architectures, i.origins, i.quantizations,
        i.capabilities, i.tools, i.names, i.instances, i.traits, i.placed
    from stats.numbered_lists(scan, since, until, unit, population) n
    join inventory i on i.id = n.inventory_id
    where not stats.ever(scan, since, until, unit);
end;
