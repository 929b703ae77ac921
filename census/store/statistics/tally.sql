-- How many of the units with a model have each value of a dimension: family, architecture, origin, model (its name),
-- or tools. A unit counts once for each value that it has and once in `of`; units that have none (no model of a known
-- family) are the row with the null value. The values of tools are thresholds: a unit that advertises tool calling
-- is counted under yes and under unknown, and one that surely does not has no value.
create function stats.tally(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (value text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with described as materialized (
        select
            l.id, l.alone, l.count,
            case dimension
                when 'family' then l.families
                when 'architecture' then l.architectures
                when 'origin' then l.origins
                when 'tools' then (array['unknown', 'yes'])[:l.tools]
            end as values,
            case dimension when 'model' then l.models end as models,
            l.alone and l.names = cardinality(l.models) as distinct_names
        from stats.listed(scan, since, until, unit, population) l
    ),
    held as (
        -- The usual unit has one inventory, whose values are distinct as they are stored.
        select d.count, unnest(d.values) as value from described d where d.alone
        union all
        select several.count, several.value
        from (select distinct d.id, d.count, unnest(d.values) as value from described d where not d.alone) several
        union all
        select numbered.count, m.name
        from (
            select member, sum(d.count)::bigint as count
            from described d cross join unnest(d.models) member
            where dimension = 'model' and d.distinct_names
            group by member
        ) numbered
        join model m on m.id = numbered.member
        union all
        select named.count, named.name
        from (
            select distinct d.id, d.count, m.name
            from described d cross join unnest(d.models) member join model m on m.id = member
            where dimension = 'model' and not d.distinct_names
        ) named
    ),
    whole as materialized (
        select coalesce(sum(count), 0)::bigint as of, coalesce(sum(count) filter (where valued), 0)::bigint as valued
        from (
            select count, dimension = 'model' or cardinality(values) > 0 as valued from described where alone
            union all
            select count, bool_or(dimension = 'model' or cardinality(values) > 0)
            from described
            where not alone
            group by id, count
        ) units
    )
    select held.value, sum(held.count)::bigint, whole.of from held cross join whole group by held.value, whole.of
    union all
    select null, of - valued, of from whole where of > valued;
end;
