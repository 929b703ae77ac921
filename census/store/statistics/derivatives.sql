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
    with counted as (
        select
            f.family as value, coalesce(sum(f.count) filter (where f.marks & 8 > 0), 0)::bigint as derivatives,
            coalesce(sum(f.count) filter (where f.marks & 4 > 0), 0)::bigint as originals,
            sum(f.count)::bigint as count, f.of
        from stats.by_family(scan, since, until, unit, population) f
        where stats.one_of('by', by, array['family', 'architecture']) and by = 'family' and f.family is not null
        group by f.family, f.of
        union all
        select a.architecture, a.derivatives, a.originals, a.count, a.of
        from stats.by_architecture(scan, since, until, unit, population) a
        where by = 'architecture'
    )
    select c.value, c.derivatives, c.originals, c.count, c.of, w.share, w.low, w.high
    from counted c cross join lateral stats.wilson(c.count, c.of, unit) w
    order by c.derivatives desc, c.count desc, c.value collate "C";
end;

create view stats.derivatives as select * from stats.derivatives();
