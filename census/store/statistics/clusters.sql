-- Lists of models that are the same, to the digest, on two hosts or more, by the units that have them, of the units
-- with a model. models is how many are listed, examples the names of at most three of them; hosts, networks and
-- countries tell where. A long list in many networks is one owner, one image, or a decoy; short lists of common models
-- meet by chance.
create function stats.clusters(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    inventory bigint, models integer, examples text[], hosts bigint, networks bigint, countries bigint,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with seen as materialized (
        select s.carrier, s.host_id, s.inventory_id, s.observations, s.days
        from stats.served(scan, since, until, unit, population) s
    ),
    units as (
        select
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from seen s
        group by s.carrier
    ),
    whole as materialized (
        select coalesce(sum(g.weight), 0)::bigint as of
        from units u cross join lateral stats.weight(unit, u.observations, u.days) g
    ),
    shared as (
        select s.inventory_id from seen s group by s.inventory_id having min(s.host_id) <> max(s.host_id)
    ),
    held as (
        -- Nine out of ten lists are of one host, and need no further look.
        select
            s.carrier, s.host_id, s.inventory_id,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from seen s join shared using (inventory_id)
        group by s.carrier, s.host_id, s.inventory_id
    ),
    counted as (
        select
            h.inventory_id, count(distinct h.host_id) as hosts, count(distinct host.network_id) as networks,
            count(distinct p.country) as countries, sum(g.weight)::bigint as count
        from held h
        join host on host.id = h.host_id
        left join place p on p.id = host.place_id
        cross join lateral stats.weight(unit, h.observations, h.days) g
        group by h.inventory_id
    ),
    named as (
        select c.inventory_id, i.size, array_agg(distinct m.name collate "C") as names
        from counted c
        join inventory i on i.id = c.inventory_id
        cross join unnest(i.models[:3]) number
        join model m on m.id = number
        group by c.inventory_id, i.size
    )
    select
        c.inventory_id, n.size, n.names, c.hosts, c.networks, c.countries,
        c.count, whole.of, w.share, w.low, w.high
    from counted c
    join named n using (inventory_id)
    cross join whole
    cross join lateral stats.wilson(c.count, whole.of, unit) w
    order by c.count desc, n.size desc, c.inventory_id;
end;

create view stats.clusters as select * from stats.clusters();
