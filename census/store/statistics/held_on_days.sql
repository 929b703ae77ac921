-- For host-days: each set of inventories (or of versions of software) that a host had on a day, with the number of such
-- host-days. Where a host's sightings share no day, as is usual, each counts its days. The spans of days of the others
-- are joined to islands while they overlap; an island with one member counts as it is, and only where several members
-- overlap are its days spread out one by one.
create function stats.held_on_days(
    dimension text, scan bigint, since timestamptz, until timestamptz, population text)
returns table (alone boolean, members bigint[], count bigint)
language sql stable parallel safe
begin atomic
    with held as materialized (
        select h.carrier, h.member, h.days, h.day_count
        from stats.held(dimension, scan, since, until, 'host-day', population) h
    ),
    tangled as (
        -- Hosts with sightings that begin before others have ended, which is all that can share a day.
        select o.carrier
        from (
            select
                h.carrier, lower(h.days) as first,
                max(upper(h.days)) over (
                    partition by h.carrier order by lower(h.days) rows between unbounded preceding and 1 preceding
                ) as reached
            from held h
        ) o
        where o.first < o.reached
        group by o.carrier
    ),
    overlapping as materialized (
        select t.carrier
        from tangled t join held h on h.carrier = t.carrier
        group by t.carrier
        having days_in(range_agg(h.days)) < sum(h.day_count)
    ),
    spans as (
        select
            h.carrier, h.member, lower(span) as first, upper(span) as past,
            max(upper(span)) over (
                partition by h.carrier order by lower(span), upper(span)
                rows between unbounded preceding and 1 preceding
            ) as reached
        from held h cross join unnest(h.days) span
        where h.carrier in (select o.carrier from overlapping o)
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
    select true, array[h.member], sum(h.day_count)::bigint
    from held h
    where h.carrier not in (select o.carrier from overlapping o)
    group by h.member
    union all
    select true, array[member], sum(days)::bigint from plain group by member
    union all
    select false, members, count(*) from mixed group by members;
end;
