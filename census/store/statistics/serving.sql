-- The endpoints that listed a model, with the unit that each belongs to, the highest model.tools of its lists, and what
-- it weighs: a row for each of its lists, or over all time, where hosts and endpoints count once, for all of them.
create function stats.serving(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    carrier bigint, host_id bigint, endpoint_id bigint, tools smallint, observations bigint, days datemultirange)
language sql stable parallel safe
begin atomic
    select
        case unit when 'endpoint' then l.endpoint_id else l.host_id end, l.host_id, l.endpoint_id, l.tools,
        null::bigint, null::datemultirange
    from listing l
    where stats.asked(unit, population) and stats.ever(scan, since, until, unit) and l.size > 0
        and (population = 'raw' or stats.credible(l.verdict))
    union all
    -- What is not in that table since the last scan, or was too long for it.
    select case unit when 'endpoint' then e.id else e.host_id end, e.host_id, e.id, i.tools, null, null
    from endpoint e
    join sighting s on s.endpoint_id = e.id
    join inventory i on i.id = s.inventory_id
    where stats.ever(scan, since, until, unit) and e.listed_stale and i.size > 0
        and (population = 'raw' or stats.credible(e.verdict))
    union all
    select s.carrier, s.host_id, s.endpoint_id, i.tools, s.observations, s.days
    from stats.seen(scan, since, until, unit, population) s
    join inventory i on i.id = s.inventory_id
    where not stats.ever(scan, since, until, unit) and i.size > 0;
end;
