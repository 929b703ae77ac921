-- One row for each time that a known endpoint was asked, failures included. models (names, sorted) and tools are
-- null where no list was read; running is how many models were loaded then, null when the server does not tell.
create view export.observations as
select
    o.scan_id as scan,
    host(h.address) as address,
    e.port,
    e.name,
    o.observed_at,
    k.word as outcome,
    w.name as software,
    w.version,
    case when i.id is not null then array(
        select m.name
        from unnest(i.models) member
        join model m on m.id = member
        order by m.name collate "C"
    ) end as models,
    stats.tools_word(i.tools) as tools,
    o.running,
    stats.verdict_word(e.verdict) as decoy,
    o.latency_ms
from observation o
join outcome k on k.id = o.outcome
join endpoint e on e.id = o.endpoint_id
join host h on h.id = e.host_id
left join sighting s on s.id = o.sighting_id
left join inventory i on i.id = s.inventory_id
left join software w on w.id = s.software_id;
