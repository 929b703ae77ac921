-- How rows of another database get their numbers in this one. Tables from_* hold those rows as they were there,
-- scan_number the numbers of their scans there (old) and here; merging.py fills in what stands in braces.
insert into place (country, region, city)
select country, region, city from from_place on conflict (country, region, city) do nothing;

create temporary table place_number on commit drop as
select f.id as old, it.id
from from_place f
join place it on coalesce(it.city, '') = coalesce(f.city, '')  -- of which a join by hash can be made
    and it.country is not distinct from f.country
    and it.region is not distinct from f.region
    and it.city is not distinct from f.city;

insert into network (asn, organization)
select asn, organization from from_network on conflict (asn, organization) do nothing;

create temporary table network_number on commit drop as
select f.id as old, it.id
from from_network f
join network it on coalesce(it.asn, 0) = coalesce(f.asn, 0)  -- of which a join by hash can be made
    and it.asn is not distinct from f.asn
    and it.organization is not distinct from f.organization;

insert into software (name, version)
select name, version from from_software on conflict (name, version) do nothing;

create temporary table software_number on commit drop as
select f.id as old, it.id
from from_software f
join software it on it.name = f.name and it.version is not distinct from f.version;

insert into family (name, developer, origin)
select name, developer, origin from from_family f
where exists (select from from_model m where m.family = f.name)
    and not exists (select from family known where known.name = f.name)
on conflict (name) do nothing;

insert into exclusion (entry, network, note, added_by, added_at)
select entry, network, note, added_by, added_at from from_exclusion order by id
on conflict (entry) do nothing;

insert into model ({model})
select {model} from from_model f
where not exists (select from model where model.hash = f.hash)
order by hash;

create temporary table model_number on commit drop as
select f.id as old, it.id from from_model f join model it on it.hash = f.hash;
-- Looked up for each model of each inventory.
alter table model_number add primary key (old);
analyze model_number;

insert into inventory (hash, models, size, cut, {sets})
select hash, models, size, cut, {sets}
from (
    select
        f.hash, f.size, f.cut,
        array(
            select n.id from unnest(f.models) listed join model_number n on n.old = listed order by n.id
        ) as models
    from from_inventory f
    where not exists (select from inventory i where i.hash = f.hash)
) of
cross join lateral ({of_models}) told
order by hash;

create temporary table inventory_number on commit drop as
select f.id as old, it.id from from_inventory f join inventory it on it.hash = f.hash;
analyze inventory_number;

insert into host (address, place_id, network_id)
select f.address, p.id, n.id
from from_host f
left join place_number p on p.old = f.place_id
left join network_number n on n.old = f.network_id
where not exists (select from host h where h.address = f.address)
order by f.address;

create temporary table host_number on commit drop as
select f.id as old, it.id from from_host f join host it on it.address = f.address;
analyze host_number;

insert into endpoint (host_id, port, name, verdict, signals, certificate, imprint)
select h.id, f.port, f.name, f.verdict, f.signals, f.certificate, f.imprint
from from_endpoint f
join host_number h on h.old = f.host_id
where not exists (select from endpoint e where e.host_id = h.id and e.port = f.port)
order by h.id, f.port;

create temporary table endpoint_number on commit drop as
select f.id as old, it.id
from from_endpoint f
join host_number h on h.old = f.host_id
join endpoint it on it.host_id = h.id and it.port = f.port;
analyze endpoint_number;

-- A signal that fired once stays, as it does for the writer; what an endpoint lacks is filled in.
update endpoint it set
    verdict = greatest(it.verdict, f.verdict),
    signals = array(select distinct word collate "C" from unnest(it.signals || f.signals) word order by 1),
    name = coalesce(it.name, f.name),
    certificate = coalesce(it.certificate, f.certificate),
    imprint = coalesce(it.imprint, f.imprint)
from from_endpoint f
join endpoint_number n on n.old = f.id
where it.id = n.id;

insert into saying (endpoint_id, digest, rules, said)
select n.id, f.digest, f.rules, f.said
from from_saying f
join endpoint_number n on n.old = f.endpoint_id
order by f.id
on conflict (endpoint_id, digest, rules) do nothing;

-- What each sighting was in these scans alone: the counters of the other database are over all its scans.
create temporary table seen_there on commit drop as
select
    s.id as old, e.id as endpoint_id, i.id as inventory_id, w.id as software_id,
    o.observations, o.first_seen, o.last_seen, o.latency_ms, o.days, o.told, o.busy, o.loaded,
    nullif(array(select m.id from unnest(s.recalled) its join model_number m on m.old = its order by 1), '{{}}')
        as recalled
from (
    select
        sighting_id,
        count(*) as observations,
        min(observed_at) as first_seen,
        max(observed_at) as last_seen,
        min(latency_ms) as latency_ms,
        range_agg(daterange(day, day, '[]')) as days,
        count(running) as told,
        count(*) filter (where running > 0) as busy,
        coalesce(sum(running), 0) as loaded
    from from_observation, lateral (select (observed_at at time zone 'UTC')::date as day) utc
    where sighting_id is not null
    group by sighting_id
) o
join from_sighting s on s.id = o.sighting_id
join endpoint_number e on e.old = s.endpoint_id
left join inventory_number i on i.old = s.inventory_id
left join software_number w on w.old = s.software_id;
analyze seen_there;

update sighting it set
    first_seen = least(it.first_seen, f.first_seen),
    last_seen = greatest(it.last_seen, f.last_seen),
    observations = it.observations + f.observations,
    days = it.days + f.days,
    latency_ms = least(it.latency_ms, f.latency_ms),
    running_told = it.running_told + f.told,
    running_yes = it.running_yes + f.busy,
    running_sum = it.running_sum + f.loaded,
    -- What it told itself, here or there, is not what others told.
    recalled = nullif(array(select unnest(it.recalled) intersect select unnest(f.recalled) order by 1), '{{}}')
from seen_there f
where it.endpoint_id = f.endpoint_id
    and it.inventory_id is not distinct from f.inventory_id
    and it.software_id is not distinct from f.software_id;

insert into sighting (endpoint_id, inventory_id, software_id, first_seen, last_seen, latency_ms, observations, days,
    running_told, running_yes, running_sum, recalled, host_id, size)
select f.endpoint_id, f.inventory_id, f.software_id, f.first_seen, f.last_seen, f.latency_ms, f.observations, f.days,
    f.told, f.busy, f.loaded, f.recalled, e.host_id, i.size
from seen_there f
join endpoint e on e.id = f.endpoint_id
left join inventory i on i.id = f.inventory_id
where not exists (
    select from sighting it
    where it.endpoint_id = f.endpoint_id
        and it.inventory_id is not distinct from f.inventory_id
        and it.software_id is not distinct from f.software_id)
order by f.endpoint_id;

create temporary table sighting_number on commit drop as
select f.old, it.id
from seen_there f
join sighting it on it.endpoint_id = f.endpoint_id
    and it.inventory_id is not distinct from f.inventory_id
    and it.software_id is not distinct from f.software_id;
analyze sighting_number;

-- What they ever listed is more now, and is made anew when all is here.
update endpoint set listed_id = null, listed_stale = true
where id in (select endpoint_id from seen_there) and not listed_stale;

-- One that lost its sighting on the way must be missed when they are counted, so it is not taken over.
insert into observation (scan_id, endpoint_id, sighting_id, observed_at, outcome, running, latency_ms)
select c.id, e.id, s.id, f.observed_at, f.outcome, f.running, f.latency_ms
from from_observation f
join scan_number c on c.old = f.scan_id
join endpoint_number e on e.old = f.endpoint_id
left join sighting_number s on s.old = f.sighting_id
where f.sighting_id is null or s.id is not null
order by f.observed_at, e.id;
