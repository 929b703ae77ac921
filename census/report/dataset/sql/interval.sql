-- The 95 % interval of a share after Wilson.
create or replace temporary macro middle(c, n) as (c / n + 3.841458820694124 / (2 * n)) / (1 + 3.841458820694124 / n);
create or replace temporary macro half(c, n) as
    1.959963984540054 * sqrt(c / n * (1 - c / n) / n + 3.841458820694124 / (4 * n * n)) / (1 + 3.841458820694124 / n);
create or replace temporary macro low(c, n) as
    case when n > 0 then least(c / n, greatest(0, middle(c, n) - half(c, n))) end;
create or replace temporary macro high(c, n) as
    case when n > 0 then greatest(c / n, least(1, middle(c, n) + half(c, n))) end;
-- By how much a ratio is divided and multiplied, given the variance of its logarithm.
create or replace temporary macro spread(variance) as exp(1.959963984540054 * sqrt(greatest(0, variance)));
