-- In which weeks (their Monday, UTC) each unit (endpoint, or host) was seen, and with which lists of models; a row may
-- come twice. inventory_id is null where it was locked.
create function stats.weeks(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    week date, carrier bigint, inventory_id bigint)
language sql stable parallel safe
begin atomic
    select
        first + 7 * number,
        case unit when 'endpoint' then s.endpoint_id else s.host_id end,
        s.inventory_id
    from stats.seen(scan, since, until, 'host-day', population) s
    cross join unnest(s.days) span
    cross join lateral (
        select
            lower(span) - extract(isodow from lower(span))::integer + 1 as first,
            (upper(span) - 1) - extract(isodow from upper(span) - 1)::integer + 1 as last
    ) mondays
    cross join generate_series(0, (last - first) / 7) number
    where stats.asked(unit, population);
end;
