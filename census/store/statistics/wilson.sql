-- A count as a share, with its 95 % interval after Wilson. The interval is null for host-days and observations:
-- those of one host are not independent, and an interval would claim a precision that is not there. The share lies
-- within it, also where rounding would put a bound of it a hair beside none or all.
create function stats.wilson(count bigint, of bigint, unit text)
returns table (share double precision, low double precision, high double precision)
language sql immutable parallel safe
begin atomic
    select
        p,
        case when n > 0 and unit in ('host', 'endpoint') then least(p, greatest(0, middle - half)) end,
        case when n > 0 and unit in ('host', 'endpoint') then greatest(p, least(1, middle + half)) end
    from
        (select nullif(of, 0)::double precision as n, 1.959963984540054::double precision as z) given,
        lateral (select count / n as p) portion,
        lateral (
            select
                (p + z * z / (2 * n)) / (1 + z * z / n) as middle,
                z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n) as half
        ) interval_around;
end;
