-- The 95 % interval of a ratio whose logarithm has the given variance: value over and times exp(1.96 standard errors).
-- Null for the units host-day and observation, which are not independent, and where the ratio is not positive.
create function stats.around_log(
    value double precision, variance double precision, unit text)
returns table (
    low double precision, high double precision)
language sql immutable parallel safe
begin atomic
    select value / factor, value * factor
    from (
        select case when value > 0 and unit in ('host', 'endpoint')
            then exp(1.959963984540054 * sqrt(greatest(0, variance))) end as factor
    ) spread;
end;
