-- In which weeks (their Monday, UTC) each unit (endpoint, or host) was seen, and with which lists of models; a row may
-- come twice. inventory_id is null where it was locked.
create function stats.weeks(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    week date, carrier bigint, inventory_id bigint)
language sql stable parallel safe
begin atomic
    select date '2000-01-03' + 7 * number, w.carrier, w.inventory_id
    from stats.week_spans(scan, since, until, unit, population) w
    cross join unnest(w.weeks) span
    cross join generate_series(lower(span), upper(span) - 1) number;
end;
