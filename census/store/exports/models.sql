-- One row for each model that an endpoint ever listed (name and digest), as it was described last. scan is the last
-- scan in which that endpoint listed it, null once those observations are pruned; capabilities are null when unknown;
-- remote models run elsewhere. The details of recalled ones were told by others with the same digest, not by this
-- endpoint: where its tools come from that, their source is digest.
create view export.models as
with listed as (
    select sighting_id, max(scan_id) as scan
    from observation
    where sighting_id is not null
    group by sighting_id
)
select distinct on (e.id, m.name, m.digest)
    l.scan,
    host(h.address) as address,
    e.port,
    m.name as model,
    m.digest,
    m.family,
    m.developer,
    m.origin,
    m.derived,
    m.base,
    m.architecture,
    m.quantization,
    m.parameters,
    m.context_length,
    m.context_served,
    m.size,
    m.format,
    m.capabilities,
    stats.tools_word(m.tools) as tools,
    case when m.id = any (s.recalled) and m.tools_source <> 'tags' then 'digest' else m.tools_source end
        as tools_source,
    m.tools_level,
    m.remote,
    coalesce(m.id = any (s.recalled), false) as recalled,
    stats.verdict_word(e.verdict) as decoy
from sighting s
left join listed l on l.sighting_id = s.id
join endpoint e on e.id = s.endpoint_id
join host h on h.id = e.host_id
join inventory i on i.id = s.inventory_id
cross join unnest(i.models) member
join model m on m.id = member
order by e.id, m.name, m.digest, s.last_seen desc, m.id desc;
