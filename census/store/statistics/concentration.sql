-- How concentrated units are in countries, in autonomous systems (both of all recognised), and in families (of those
-- with a model; a unit that lists several counts in each, and shares are of the sum). hhi is the sum of the squared
-- shares, from 1/categories to 1; effective_number is 1/hhi, the number of equal categories that would give it; gini
-- is 0 where all categories are equal and near 1 where one has everything. Units of unknown category are left out of
-- these; unknown is their share.
create function stats.concentration(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    dimension text, hhi double precision, effective_number double precision, gini double precision,
    categories bigint, unknown double precision)
language sql stable parallel safe
begin atomic
    with placed as materialized (
        -- By place, where no network is told, and by network.
        select f.place_id, f.network_id, grouping(f.network_id) = 1 as by_place, sum(f.units) as count
        from stats.placed(scan, since, until, unit, population) f
        group by grouping sets ((f.place_id), (f.network_id))
    ),
    counted as (
        select 'country' as dimension, p.country as value, sum(d.count) as count
        from placed d left join place p on p.id = d.place_id
        where d.by_place
        group by p.country
        union all
        select 'asn', n.asn::text, sum(d.count)
        from placed d left join network n on n.id = d.network_id
        where not d.by_place
        group by n.asn
        union all
        select 'family', t.value, t.count from stats.tally('family', scan, since, until, unit, population) t
    ),
    ordered as (
        select
            c.dimension, c.value, c.count::double precision as count,
            row_number() over (partition by c.dimension, c.value is null order by c.count) as place
        from counted c
    ),
    summed as (
        select
            o.dimension,
            sum(o.count) filter (where o.value is not null) as known,
            sum(o.count) as all_units,
            count(o.value) as categories,
            sum(o.count ^ 2) filter (where o.value is not null) as squares,
            sum(o.count * o.place) filter (where o.value is not null) as weighted
        from ordered o
        group by o.dimension
    )
    select
        d.dimension,
        s.squares / s.known ^ 2,
        s.known ^ 2 / s.squares,
        2 * s.weighted / (nullif(s.categories, 0) * s.known)
            - (s.categories + 1)::double precision / nullif(s.categories, 0),
        coalesce(s.categories, 0),
        (s.all_units - coalesce(s.known, 0)) / s.all_units
    from (values (1, 'country'), (2, 'asn'), (3, 'family')) d (place, dimension)
    left join summed s on s.dimension = d.dimension
    order by d.place;
end;

create view stats.concentration as select * from stats.concentration();
