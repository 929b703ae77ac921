-- Whether units advertise tool calling, of the units with a model in a country; count are those with a model that
-- does. unknown counts the units of which none does, but one of which the server does not tell: count and unknown
-- together are the most that it can be. country is the ISO 3166 code of the address by the place database of the scan,
-- null where that knows none. The country with the most units is first.
create function stats.tool_calling_by_country(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    country text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    unknown bigint)
language sql stable parallel safe
begin atomic
    with held as (
        select
            s.host_id, max(s.tools) as tools,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'observation' then (sum(s.observations) filter (where s.tools >= 1))::bigint end as told,
            case unit when 'observation' then (sum(s.observations) filter (where s.tools = 2))::bigint end as yes,
            case unit when 'host-day' then range_agg(s.days) end as days,
            case unit when 'host-day' then range_agg(s.days) filter (where s.tools >= 1) end as told_days,
            case unit when 'host-day' then range_agg(s.days) filter (where s.tools = 2) end as yes_days
        from stats.serving(scan, since, until, unit, population) s
        group by s.carrier, s.host_id
    ),
    counted as (
        select
            p.country,
            coalesce(sum(yes.weight) filter (where held.tools = 2), 0)::bigint as count,
            coalesce(sum(told.weight) filter (where held.tools >= 1), 0)::bigint as yes_or_unknown,
            coalesce(sum(w.weight), 0)::bigint as of
        from held
        join host h on h.id = held.host_id
        left join place p on p.id = h.place_id
        cross join lateral stats.weight(unit, held.observations, held.days) w
        cross join lateral stats.weight(unit, held.told, held.told_days) told
        cross join lateral stats.weight(unit, held.yes, held.yes_days) yes
        group by p.country
    )
    select c.country, c.count, c.of, w.share, w.low, w.high, c.yes_or_unknown - c.count
    from counted c cross join lateral stats.wilson(c.count, c.of, unit) w
    order by c.of desc, c.country collate "C";
end;

create view stats.tool_calling_by_country as select * from stats.tool_calling_by_country();
