-- Attempts at endpoints that found nothing recognised there, of the scan, of the window [since, until), or of all time.
-- Not contacting one (opted out, out of scope) is no attempt. They are few, and have an index of their own.
create function stats.in_vain(scan bigint, since timestamptz, until timestamptz)
returns table (endpoint_id bigint, observed_at timestamptz)
language sql stable parallel safe
begin atomic
    select o.endpoint_id, o.observed_at
    from observation o
    where o.sighting_id is null
        and o.outcome in (select w.id from outcome w where w.stage > 0)
        and (scan is null or o.scan_id = scan)
        and (since is null or o.observed_at >= since)
        and (until is null or o.observed_at < until);
end;
