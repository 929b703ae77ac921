-- How many units something seen stands for: its observations, the days in its set of days, or one host or endpoint.
-- A table of one row, because a function that looks something up becomes part of the query only where it is in FROM.
create function stats.weight(unit text, observations bigint, days datemultirange)
returns table (weight bigint)
language sql immutable parallel safe
begin atomic
    select case unit
        when 'observation' then observations
        when 'host-day' then (select coalesce(sum(upper(span) - lower(span)), 0) from unnest(days) span)
        else 1
    end;
end;
