-- How many of the units with a model have each value of a dimension: family, architecture, origin, model (its name),
-- or tools. A unit counts once for each value that it has and once in `of`; units that have none (no model of a known
-- family) are the row with the null value. The values of tools are thresholds: a unit that advertises tool calling
-- is counted under yes and under unknown, and one that surely does not has no value.
create function stats.tally(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (value text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        select row_number() over () as id, h.inventories, h.count
        from stats.holdings(scan, since, until, unit, population) h
    ),
    described as (
        select
            s.id, s.count,
            case dimension
                when 'family' then i.families
                when 'architecture' then i.architectures
                when 'origin' then i.origins
                when 'tools' then (array['unknown', 'yes'])[:i.tools]
            end as values,
            case dimension when 'model' then i.models end as models
        from sets s
        cross join unnest(s.inventories) listed
        join inventory i on i.id = listed
        where i.size > 0
    ),
    spread as (
        select id, count, unnest(values) as value, unnest(models) as model from described
    ),
    held as (
        select distinct s.id, s.count, case dimension when 'model' then m.name else s.value end as value
        from spread s
        left join model m on m.id = s.model
    ),
    whole as materialized (
        select coalesce(sum(count), 0)::bigint as of, coalesce(sum(count) filter (where valued), 0)::bigint as valued
        from (
            select id, count, bool_or(dimension = 'model' or cardinality(values) > 0) as valued
            from described
            group by id, count
        ) units
    )
    select held.value, sum(held.count)::bigint, whole.of from held cross join whole group by held.value, whole.of
    union all
    select null, of - valued, of from whole where of > valued;
end;
