-- One row for each address and port that was ever recognised as an inference server, with the software it ran when
-- that was last known. gone_at is the first attempt in vain since it was last seen, null while there is none. decoy is
-- the verdict in a word (credible, suspect, decoy), signals what it rests on.
create view export.endpoints as
select
    host(h.address) as address,
    e.port,
    e.name,
    s.first_seen,
    s.last_seen,
    there.gone_at,
    coalesce(s.observations, 0) as observations,
    w.name as software,
    w.version,
    p.country,
    p.region,
    p.city,
    n.asn,
    n.organization,
    stats.verdict_word(e.verdict) as decoy,
    e.signals,
    e.certificate
from endpoint e
join host h on h.id = e.host_id
left join place p on p.id = h.place_id
left join network n on n.id = h.network_id
left join (
    select
        endpoint_id,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen,
        sum(observations)::bigint as observations,
        (array_agg(software_id order by last_seen desc, id desc) filter (where software_id is not null))[1]
            as software_id
    from sighting
    group by endpoint_id
) s on s.endpoint_id = e.id
left join stats.presence(null, null, null, 'endpoint', 'raw') there on there.carrier = e.id
left join software w on w.id = s.software_id;
