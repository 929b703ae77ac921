-- For host-days: each set of inventories (or of versions of software) that a host had on a day, with the number of such
-- host-days. Spans of days of a host are joined to islands while they overlap. An island with one member, the usual
-- case, counts as it is; only where several members overlap are its days spread out one by one.
create function stats.held_on_days(
    dimension text, scan bigint, since timestamptz, until timestamptz, population text)
returns table (alone boolean, members bigint[], count bigint)
language sql stable parallel safe
begin atomic
    with spans as (
        select
            h.carrier, h.member, lower(span) as first, upper(span) as past,
            max(upper(span)) over (
                partition by h.carrier order by lower(span), upper(span)
                rows between unbounded preceding and 1 preceding
            ) as reached
        from stats.held(dimension, scan, since, until, 'host-day', population) h, unnest(h.days) span
    ),
    numbered as (
        select
            carrier, member, first, past,
            count(*) filter (where reached is null or first >= reached)
                over (partition by carrier order by first, past rows unbounded preceding) as island
        from spans
    ),
    islands as (
        select
            *,
            min(member) over (partition by carrier, island)
                = max(member) over (partition by carrier, island) as uniform
        from numbered
    ),
    plain as (
        select min(member) as member, max(past) - min(first) as days
        from islands
        where uniform
        group by carrier, island
    ),
    mixed as (
        select array_agg(distinct member) as members
        from islands, generate_series(0, past - first - 1) day
        where not uniform
        group by carrier, first + day
    )
    select true, array[member], sum(days)::bigint from plain group by member
    union all
    select false, members, count(*) from mixed group by members;
end;
