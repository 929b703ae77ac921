-- A population like the study's, for study_scale.py: `study.hosts` hosts (a setting of the session), all else in
-- proportion, in 293 daily scans. Every draw is a hash of the row's number, so the same hosts give the same rows.
-- 36 % of the hosts are seen once, 13 % more than a hundred times; one in twelve of the others has a second endpoint.

create function pg_temp.draw(number bigint, salt bigint) returns double precision language sql immutable
return (hashint8extended(number, salt) & 9007199254740991) / 9007199254740992::double precision;

-- From 1 to most; the greater the skew, the more of them are small.
create function pg_temp.pick(number bigint, salt bigint, most double precision, skew double precision)
returns bigint language sql immutable
return 1 + floor(most * power(pg_temp.draw(number, salt), skew))::bigint;

create temporary table size as
select
    current_setting('study.hosts')::bigint as hosts, 293 as scans,
    ceil(current_setting('study.hosts')::bigint * 0.343) as models,
    ceil(current_setting('study.hosts')::bigint / 35.0) as favourites;

insert into scan (name, reference, basis, contact, valid_from, valid_until, authorization_hash, settings, lists, places,
    seed, version, targets, began, ended)
select
    'day ' || day, 'STUDY 1', 'simulation', 'mailto:study@example.edu', '2025-03-01', '2026-03-01', repeat('0', 64),
    '{}', '{}', '[]', day, '0.1.0', 0, began, began + interval '1 hour'
from size, generate_series(0, scans - 1) day, lateral (select timestamptz '2025-03-01 12:00Z' + day * interval '1 day')
    as its (began);

insert into place (country, region, city)
select chr((65 + country / 26)::integer) || chr((65 + country % 26)::integer), 'Region ' || i % 700, 'City ' || i
from generate_series(1, 5000) i, lateral (select pg_temp.pick(i, 1, 130, 1) - 1 as country) its;

insert into network (asn, organization) select 64512 + i, 'Organization ' || i from generate_series(1, 4032) i;

insert into software (name, version)
select 'Ollama', '0.' || i / 20 || '.' || i % 20 from generate_series(1, 100) i
union all
select name, '0.' || i || '.0' from unnest(array['vLLM', 'llama.cpp', 'LM Studio', 'LiteLLM']) name,
    generate_series(1, 5) i;

insert into family (name, developer, origin)
select
    coalesce((array['Llama', 'Qwen', 'Gemma', 'DeepSeek', 'Mistral', 'Phi'])[i], 'Family ' || i), 'Developer ' || i,
    coalesce((array['US', 'CN', 'US', 'CN', 'FR', 'US'])[i], chr(65 + i % 26) || 'X')
from generate_series(1, 45) i;

insert into model (hash, name, digest, size, format, architecture, parameters, quantization, context_length,
    capabilities, tools, tools_source, tools_level, remote, family, developer, origin, derived, rule)
select
    sha256(('model ' || i)::bytea), 'model-' || i % (size.models * 0.75)::bigint || ':latest',
    encode(sha256(i::text::bytea), 'hex'), parameters * 6 / 10, 'gguf', 'architecture' || pg_temp.pick(i, 2, 40, 2),
    parameters, (array['Q4_K_M', 'Q4_0', 'Q8_0', 'F16', 'Q5_K_M', 'Q6_K'])[pg_temp.pick(i, 3, 6, 2)], 131072,
    case when tools > 0 then (array['{completion,tools}', '{completion}', '{completion,tools,vision}'])[tools]::text[]
        end,
    (array[1, 2, 0, 2])[tools + 1], 'capabilities', 'model', false, f.name, f.developer, f.origin,
    pg_temp.draw(i, 4) < 0.3, 'rule'
from size, generate_series(1, models::bigint) i,
    lateral (select
        (array[1, 3, 4, 7, 8, 14, 32, 70])[pg_temp.pick(i, 5, 8, 1)] * 1000000000::bigint as parameters,
        (pg_temp.pick(i, 6, 4, 1) - 1)::integer as tools,
        case when pg_temp.draw(i, 7) < 0.85 then pg_temp.pick(i, 8, 45, 3) end as family) its
left join lateral (
    select name, developer, origin from (select *, row_number() over () as place from family) f where place = family
) f on true;

insert into host (address, place_id, network_id)
select inet '10.0.0.0' + i, pg_temp.pick(i, 9, 5000, 3), pg_temp.pick(i, 10, 4032, 3)
from size, generate_series(1, hosts) i;

-- How many scans see a host: most of `whole` scans one after another; after the last scan comes the first, so that all
-- scans see about as many.
create temporary table life as
select host, whole, present, pg_temp.pick(host, 11, scans, 1) - 1 as first, scans
from size, generate_series(1, hosts) host,
    lateral (select pg_temp.draw(host, 12) as chance, 0.75 + pg_temp.draw(host, 13) / 3 as present) drawn,
    lateral (select case
        when chance < 0.36 then 1
        when chance < 0.87 then floor(2 * power(50, (chance - 0.36) / 0.51))
        else 101 + floor((chance - 0.87) / 0.13 * 192) end as wanted) goal,
    lateral (select least(scans, floor(wanted / least(present, 1))) as whole) span;

insert into endpoint (host_id, port, verdict, signals, imprint)
select
    host, port, case when odd < 0.04 then 2 when odd < 0.06 then 1 else 0 end,
    case when odd < 0.02 then '{canary,digest}' when odd < 0.04 then '{canary}' when odd < 0.06 then '{method}'
        else '{}' end::text[],
    case when odd < 0.9 then encode(sha256(host::text::bytea), 'hex') end
from (
    select host, 11434 as port from life union all select host, 8000 from life where host % 12 = 0 and whole > 1
    order by host
) ports, lateral (select pg_temp.draw(host * 7 + port, 14) as odd) drawn;

-- What an endpoint was in each of its phases. Most lists are its own, others are favourites that many have; number 0 is
-- the empty list, null is locked.
create temporary table phase as
select
    e.id as endpoint_id, phase, phases,
    case
        when pg_temp.draw(e.id, 15) < 0.05 then null
        when choice < 0.03 then 0
        when choice < 0.18 then pg_temp.pick(e.id * 16 + phase, 17, favourites, 3)
        else 1000000 + e.id * 16 + phase
    end as list,
    case when pg_temp.draw(e.id, 18) < 0.85 then least(100, pg_temp.pick(e.id, 19, 90, 0.5) + phase)
        else 100 + pg_temp.pick(e.id, 20, 20, 1) end as software_id
from size, endpoint e join life on host = host_id,
    lateral (select pg_temp.pick(e.id, 21, least(sqrt(whole), 8), 1.5) as phases) its,
    lateral generate_series(0, phases - 1) phase,
    lateral (select pg_temp.draw(e.id * 16 + phase, 16) as choice) drawn;

-- Lists of one endpoint begin alike and grow; 2 or 3 models are typical, a few have dozens.
create temporary table listed as
select list, pg_temp.pick(case when k <= core then list / 16 else list end * 64 + k, 22, models, 4) as model
from size, (select distinct list from phase where list > 0) lists,
    lateral (select pg_temp.draw(list / 16, 23) as chance) drawn,
    lateral (select case
        when list <= favourites then pg_temp.pick(list, 24, 4, 1.5)
        when chance < 0.15 then 1
        when chance < 0.6 then 2
        when chance < 0.9 then pg_temp.pick(list / 16, 25, 7, 1) + 2
        when chance < 0.98 then pg_temp.pick(list / 16, 26, 10, 1) + 8
        else pg_temp.pick(list / 16, 27, 30, 1) + 18 end as core) its,
    lateral generate_series(1, core + case when list > favourites then list % 16 % 4 else 0 end) k;

-- Equal lists are one inventory.
create temporary table numbered as
select list, dense_rank() over (order by models) as id
from (
    select list, coalesce(array_agg(distinct model) filter (where model is not null), '{}') as models
    from (select distinct list from phase where list is not null) lists
    left join listed using (list)
    group by list
) its;

insert into inventory (id, hash, models, size, cut, families, architectures, origins, quantizations, capabilities,
    unplaced, tools, names, instances, traits, placed)
overriding system value
select
    n.id, sha256(('inventory ' || n.list)::bytea),
    coalesce(array_agg(distinct m.id) filter (where m.id is not null), '{}'), count(distinct m.id), false,
    coalesce(array_agg(distinct m.family) filter (where m.family is not null), '{}'),
    coalesce(array_agg(distinct m.architecture) filter (where m.architecture is not null), '{}'),
    coalesce(array_agg(distinct m.origin) filter (where m.origin is not null), '{}'),
    coalesce(array_agg(distinct m.quantization) filter (where m.quantization is not null), '{}'),
    coalesce(array_agg(distinct word) filter (where word is not null), '{}'),
    coalesce(bool_or(m.family is null) filter (where m.id is not null), false), coalesce(max(m.tools), 0),
    count(distinct m.name), count(distinct m.digest), coalesce(bit_or(m.traits), 0),
    array(
        select
            coalesce(f.number, 0) * 16 + bit_or(
                case one.derived when true then 8 when false then 4 else 0 end
                + case one.tools when 2 then 2 when 1 then 1 else 0 end)
        from unnest(array_agg(distinct m.id)) its join model one on one.id = its left join family f on f.name = one.family
        group by f.number
        order by 1
    )
from (select id, min(list) as list from numbered group by id) n
left join listed l on l.list = n.list
left join model m on m.id = l.model
left join lateral unnest(m.capabilities) word on true
group by n.id, n.list
order by n.id;
select setval(pg_get_serial_sequence('inventory', 'id'), max(id)) from inventory;

-- Each time that an endpoint is seen, or is known and does not answer (one in thirty).
create temporary table look as
select
    e.id as endpoint_id, ((first + k) % scans)::integer as day, pg_temp.draw(e.id * 293 + k, 28) < 0.033 and k > 0 as failed,
    n.id as inventory_id, p.software_id
from phase p
join endpoint e on e.id = p.endpoint_id
join life on host = e.host_id
cross join lateral generate_series(
    ceil(phase * whole / phases)::bigint, ceil((phase + 1) * whole / phases)::bigint - 1) k
left join numbered n on n.list = p.list
where k = 0 or pg_temp.draw(e.id * 293 + k, 29) < present;

insert into sighting (endpoint_id, host_id, inventory_id, size, software_id, first_seen, last_seen, observations, days,
    day_count, weeks, running_told, running_yes, running_sum)
select
    endpoint_id, min(e.host_id), inventory_id, case when inventory_id is not null then coalesce(max(i.size), 0) end,
    software_id, timestamptz '2025-03-01 12:00Z' + min(day) * interval '1 day',
    timestamptz '2025-03-01 12:00Z' + max(day) * interval '1 day', count(*),
    range_agg(daterange(date '2025-03-01' + day, date '2025-03-01' + day + 1)),
    days_in(range_agg(daterange(date '2025-03-01' + day, date '2025-03-01' + day + 1))),
    weeks_of(range_agg(daterange(date '2025-03-01' + day, date '2025-03-01' + day + 1))),
    count(i.id), count(i.id), count(i.id)
from look
join endpoint e on e.id = endpoint_id
left join inventory i on i.id = inventory_id and i.size > 0
where not failed
group by endpoint_id, inventory_id, software_id
order by min(day), endpoint_id;

insert into observation (scan_id, endpoint_id, sighting_id, observed_at, outcome, running, latency_ms)
select
    day + 1, l.endpoint_id, s.id, timestamptz '2025-03-01 12:00Z' + day * interval '1 day',
    case when failed then 8 when l.inventory_id is null then 2 when i.size = 0 then 3 else 1 end,
    case when i.size > 0 then 1 end, case when not failed then 20 + l.endpoint_id % 400 end
from look l
left join inventory i on i.id = l.inventory_id
left join sighting s on not failed and s.endpoint_id = l.endpoint_id and s.software_id = l.software_id
    and s.inventory_id is not distinct from l.inventory_id
order by day, l.endpoint_id;

-- A chunk for each 5,000 targets: those above, and for each five of them one that is nothing.
insert into chunk (scan_id, number, addresses, ports, outcomes, counts, done)
select
    scan_id, number, array_agg(address order by place), array_agg(port order by place),
    string_agg(set_byte('\x00', 0, outcome), '' order by place),
    array(select count(*) filter (where outcome = word) from unnest(array_agg(outcome)) outcome, generate_series(1, 15)
        word group by word order by word), true
from (
    select *, row_number() over (partition by scan_id order by address) as place,
        row_number() over (partition by scan_id order by address) / 5000 as number
    from (
        select o.scan_id, h.address, e.port, o.outcome::integer
        from observation o join endpoint e on e.id = o.endpoint_id join host h on h.id = e.host_id
        union all
        select scan_id, inet '11.0.0.0' + endpoint_id, 11434, (array[6, 8, 4])[1 + endpoint_id % 3]
        from observation where endpoint_id % 5 = 0
    ) asked
) targets
group by scan_id, number;
update scan set targets = (select sum(length(outcomes)) from chunk where scan_id = scan.id);
