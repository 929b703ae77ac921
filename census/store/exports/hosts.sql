-- When each host was there, and how often it was asked in vain: one row for all its endpoints that are no decoys
-- (population credible) and one for all of them (raw), by which it appears twice. An attempt at any endpoint counts;
-- gone_at is the first one in vain since any was last seen, null while there is none.
create view export.hosts as
select
    each.population,
    host(h.address) as address,
    t.first_seen,
    t.last_seen,
    t.gone_at,
    floor(extract(epoch from coalesce(t.gone_at, t.last_seen) - t.first_seen) / 86400)::integer as lasted,
    t.confirmed as observations,
    t.missed_before,
    t.missed_between,
    t.missed_after
from (values ('credible'), ('raw')) each (population)
cross join lateral stats.presence(null, null, null, 'host', each.population) t
join host h on h.id = t.host_id;
