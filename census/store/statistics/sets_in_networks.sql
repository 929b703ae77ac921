-- What units have, network by network: each set of values of a dimension that units of one autonomous system have, and
-- how many of them have just that set. From this the intervals are drawn that take the units of one network as alike.
-- country and software are of the recognised (served, locked, empty), inventory (the band of the number of models) is
-- of those with a readable list, and family, architecture, origin, tools, capability, quantization and model are of
-- those with a model. A set is empty where nothing is known. Hosts of no known network are one network. Only hosts and
-- endpoints are counted, for the network of an observation is no further unit.
create function stats.sets_in_networks(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    network bigint, members text[], count bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        select
            min(n.asn) as network,
            array_agg(distinct case dimension when 'country' then p.country when 'software' then w.name end)
                as recognised,
            coalesce(array_agg(distinct s.inventory_id) filter (where s.inventory_id is not null), '{}') as inventories
        from stats.seen(scan, since, until, unit, population) s
        join host h on h.id = s.host_id
        left join network n on n.id = h.network_id
        left join place p on p.id = h.place_id
        left join software w on w.id = s.software_id
        where stats.one_of('unit', unit, array['host', 'endpoint'])
            and stats.one_of('dimension', dimension, array[
                'country', 'software', 'inventory', 'family', 'architecture', 'origin', 'tools', 'capability',
                'quantization', 'model'])
        group by s.carrier
    ),
    sets as materialized (
        select
            row_number() over () as id, u.network, u.inventories,
            array_remove(u.recognised, null) as recognised, count(*) as count
        from units u
        group by u.network, u.inventories, array_remove(u.recognised, null)
    ),
    listed as (
        select
            s.id, i.size,
            case dimension
                when 'family' then i.families
                when 'architecture' then i.architectures
                when 'origin' then i.origins
                when 'capability' then i.capabilities
                when 'quantization' then i.quantizations
                when 'tools' then array[(array['no', 'unknown', 'yes'])[i.tools + 1]]
            end as members,
            case when dimension in ('model', 'inventory') then i.models end as models
        from sets s
        cross join unnest(s.inventories) number
        join inventory i on i.id = number
        where dimension not in ('country', 'software') and (i.size > 0 or dimension = 'inventory')
    ),
    spread as (
        select l.id, l.size, unnest(l.members) as member, unnest(l.models) as model from listed l
        union all
        -- A unit of which nothing is known counts in the whole.
        select l.id, 0, null, null from listed l
    ),
    united as (
        select
            s.id, array_agg(distinct coalesce(s.member, m.name) collate "C")
                filter (where coalesce(s.member, m.name) is not null) as members
        from spread s left join model m on m.id = s.model
        group by s.id
    ),
    found as (
        select
            s.network, s.count,
            case dimension
                when 'inventory' then array[(array['0', '1', '2-3', '4-9', '10-19', '>=20'])[
                    1 + width_bucket(coalesce(cardinality(u.members), 0), array[1, 2, 4, 10, 20])]]
                when 'tools' then array[case
                    when 'yes' = any (u.members) then 'yes' when 'unknown' = any (u.members) then 'unknown' else 'no'
                end]
                else coalesce(u.members, '{}')
            end as members
        from sets s join united u using (id)
        union all
        select s.network, s.count, s.recognised from sets s where dimension in ('country', 'software')
    )
    select f.network, f.members, sum(f.count)::bigint from found f group by f.network, f.members;
end;
