-- Families (with the sixth parameter architecture: architectures) by the units that list a model of them, of the units
-- with a model, and how many of these list a derived one and how many an original; a unit may have both. Derived is
-- what was trained further from other weights, by anybody; copies of the original weights in another format or
-- precision are originals. Where it is not known of any model, a unit is counted under neither. Models without a known
-- family (or architecture) have no row.
create function stats.derivatives(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible', by text default 'family')
returns table (
    family text, derivatives bigint, originals bigint,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with spread as materialized (
        select l.id, l.count, l.models
        from stats.listed(scan, since, until, unit, population) l
        where stats.one_of('by', by, array['family', 'architecture'])
    ),
    whole as materialized (
        select coalesce(sum(count), 0)::bigint as of from (select distinct id, count from spread) units
    ),
    units as (
        select
            u.id, u.count, u.value,
            coalesce(bool_or(u.derived), false) as derived, coalesce(bool_or(not u.derived), false) as original
        from (
            select
                s.id, s.count, m.derived, case by when 'architecture' then m.architecture else m.family end as value
            from spread s
            cross join unnest(s.models) number
            join model m on m.id = number
        ) u
        where u.value is not null
        group by u.id, u.count, u.value
    ),
    counted as (
        select
            value,
            coalesce(sum(count) filter (where derived), 0)::bigint as derivatives,
            coalesce(sum(count) filter (where original), 0)::bigint as originals,
            sum(count)::bigint as count
        from units
        group by value
    )
    select c.value, c.derivatives, c.originals, c.count, whole.of, w.share, w.low, w.high
    from counted c cross join whole cross join lateral stats.wilson(c.count, whole.of, unit) w
    order by c.derivatives desc, c.count desc, c.value collate "C";
end;

create view stats.derivatives as select * from stats.derivatives();
