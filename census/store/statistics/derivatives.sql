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
        select l.id, l.alone, l.count, l.models
        from stats.listed(scan, since, until, unit, population) l
        where stats.one_of('by', by, array['family', 'architecture'])
    ),
    whole as materialized (
        select coalesce(sum(count), 0)::bigint as of
        from (
            select s.count from spread s where s.alone
            union all
            select min(s.count) from spread s where not s.alone group by s.id
        ) units
    ),
    kinds as materialized (
        -- Numbers in the place of words, which are compared a million times below.
        select k.id, k.value, dense_rank() over (order by k.value) as number, k.derived, k.original
        from (
            select
                m.id, case by when 'architecture' then m.architecture else m.family end as value,
                coalesce(m.derived, false)::integer as derived, coalesce(not m.derived, false)::integer as original
            from model m
        ) k
        where k.value is not null
    ),
    units as (
        select
            k.number, min(s.count)::double precision as count, max(k.derived) as derived, max(k.original) as original
        from (select id, count, unnest(models) as model from spread) s join kinds k on k.id = s.model
        group by s.id, k.number
    ),
    counted as (
        select
            v.value, coalesce(t.derivatives, 0)::bigint as derivatives, coalesce(t.originals, 0)::bigint as originals,
            t.count::bigint as count
        from (
            select
                u.number, sum(u.count * u.derived) as derivatives, sum(u.count * u.original) as originals,
                sum(u.count) as count
            from units u
            group by u.number
        ) t
        join (select distinct number, value from kinds) v on v.number = t.number
    )
    select c.value, c.derivatives, c.originals, c.count, whole.of, w.share, w.low, w.high
    from counted c cross join whole cross join lateral stats.wilson(c.count, whole.of, unit) w
    order by c.derivatives desc, c.count desc, c.value collate "C";
end;

create view stats.derivatives as select * from stats.derivatives();
