-- For host-days: each set of inventories that a host listed on a day, with the number of such host-days. Spans of
-- days of a host are joined to islands while they overlap. An island with one inventory, the usual case, counts as
-- it is; only where several inventories overlap are its days spread out one by one.
create function stats.held_on_days(scan bigint, since timestamptz, until timestamptz, population text)
returns table (inventories bigint[], count bigint)
language sql stable parallel safe
begin atomic
    with spans as (
        select
            s.carrier, s.inventory_id, lower(span) as first, upper(span) as past,
            max(upper(span)) over (
                partition by s.carrier order by lower(span), upper(span)
                rows between unbounded preceding and 1 preceding
            ) as reached
        from stats.seen(scan, since, until, 'host-day', population) s, unnest(s.days) span
        where s.inventory_id is not null
    ),
    numbered as (
        select
            carrier, inventory_id, first, past,
            count(*) filter (where reached is null or first >= reached)
                over (partition by carrier order by first, past rows unbounded preceding) as island
        from spans
    ),
    islands as (
        select
            *,
            min(inventory_id) over (partition by carrier, island)
                = max(inventory_id) over (partition by carrier, island) as uniform
        from numbered
    ),
    plain as (
        select min(inventory_id) as inventory_id, max(past) - min(first) as days
        from islands
        where uniform
        group by carrier, island
    ),
    mixed as (
        select array_agg(distinct inventory_id) as inventories
        from islands, generate_series(0, past - first - 1) day
        where not uniform
        group by carrier, first + day
    )
    select array[inventory_id], sum(days)::bigint from plain group by inventory_id
    union all
    select inventories, count(*) from mixed group by inventories;
end;
