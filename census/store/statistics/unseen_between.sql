-- The 95 % interval of a number of units of which some were observed and the others are estimated, on a logarithmic
-- scale (Chao 1987), so that it never begins below what was observed. Null where there is no estimate.
create function stats.unseen_between(
    observed bigint, estimate double precision, variance double precision)
returns table (
    low double precision, high double precision)
language sql immutable parallel safe
begin atomic
    select observed + rest / factor, observed + rest * factor
    from (
        select
            estimate - observed as rest,
            case
                when estimate > observed
                    then exp(1.959963984540054 * sqrt(ln(1 + variance / (estimate - observed) ^ 2)))
                when estimate = observed then 1
            end as factor
    ) spread;
end;
