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
    with units as materialized (
        select l.id, l.count, l.models from stats.listed(scan, since, until, unit, population) l
    ),
    kinds as materialized (
        -- Numbers in the place of families, which are compared a million times below.
        select m.id, m.tools, m.family, dense_rank() over (order by m.family) as number from model m
    ),
    held as (
        select min(u.count)::double precision as count, k.number, max(k.tools) as tools
        from (select id, count, unnest(models) as model from units) u join kinds k on k.id = u.model
        group by u.id, k.number
    ),
    counted as (
        select
            f.family,
            coalesce(t.count, 0)::bigint as count, t.of::bigint as of, coalesce(t.unknown, 0)::bigint as unknown
        from (
            select
                h.number, sum(h.count) filter (where h.tools = 2) as count, sum(h.count) as of,
                sum(h.count) filter (where h.tools = 1) as unknown
            from held h
            group by h.number
        ) t
        join (select distinct number, family from kinds) f on f.number = t.number
    )
    select c.family, c.count, c.of, w.share, w.low, w.high, c.unknown
    from counted c cross join lateral stats.wilson(c.count, c.of, unit) w
    order by c.family is null, c.of desc, c.family collate "C";
end;

create view stats.tool_calling_by_family as select * from stats.tool_calling_by_family();
