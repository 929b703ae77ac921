-- Whether units advertise tool calling with a model of a family, of the units that list a model of it; count are those
-- with one that does. unknown counts the units of which no model of the family does, but one of which the server does
-- not tell: count and unknown together are the most that it can be. The most frequent family is first; models that
-- could not be placed are the last row, without family.
create function stats.tool_calling_by_family(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    family text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    unknown bigint)
language sql stable parallel safe
begin atomic
    with counted as (
        select
            f.family, coalesce(sum(f.count) filter (where f.marks & 2 > 0), 0)::bigint as count,
            sum(f.count)::bigint as of,
            coalesce(sum(f.count) filter (where f.marks & 3 = 1), 0)::bigint as unknown
        from stats.by_family(scan, since, until, unit, population) f
        group by f.family
    )
    select c.family, c.count, c.of, w.share, w.low, w.high, c.unknown
    from counted c cross join lateral stats.wilson(c.count, c.of, unit) w
    order by c.family is null, c.of desc, c.family collate "C";
end;

create view stats.tool_calling_by_family as select * from stats.tool_calling_by_family();
