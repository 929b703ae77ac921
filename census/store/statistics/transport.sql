-- Whether units are open or ask for a key (locked), over HTTP or HTTPS, of all that were recognised (served, locked,
-- empty). By endpoint: https is one that ever showed a certificate. A unit whose endpoints differ, or that changed,
-- counts under each. Always these four rows.
create function stats.transport(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    access text, scheme text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with held as (
        select
            s.carrier, s.inventory_id is not null as open, e.id is not null as tls,
            case unit when 'observation' then sum(s.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(s.days) end as days
        from stats.seen(scan, since, until, unit, population) s
        left join endpoint e on e.id = s.endpoint_id and e.certificate is not null
        where unit in ('observation', 'host-day')
        group by 1, 2, 3
    ),
    units as (
        select
            case unit when 'observation' then sum(h.observations)::bigint end as observations,
            case unit when 'host-day' then range_agg(h.days) end as days
        from held h
        group by h.carrier
    ),
    together as materialized (
        -- Of hosts and endpoints, a bit for each row below: one pass tells all four.
        select its.rows, count(*) as count
        from (
            select bit_or(s.row) as rows
            from (
                -- Sorted before they are gathered: to hash so many costs more.
                select
                    seen.carrier,
                    case when seen.inventory_id is null then 4 else 1 end << (e.id is not null)::integer as row
                from stats.seen(scan, since, until, unit, population) seen
                left join endpoint e on e.id = seen.endpoint_id and e.certificate is not null
                where unit in ('host', 'endpoint')
                order by seen.carrier
            ) s
            group by s.carrier
        ) its
        group by its.rows
    ),
    whole as materialized (
        select coalesce(sum(its.count), 0)::bigint as of
        from (
            select t.count from together t
            union all
            select g.weight from units u cross join lateral stats.weight(unit, u.observations, u.days) g
        ) its
    ),
    counted as (
        select b.open, b.tls, sum(t.count)::bigint as count
        from together t
        join (values (1, true, false), (2, true, true), (4, false, false), (8, false, true)) b (bit, open, tls)
            on t.rows & b.bit > 0
        group by b.open, b.tls
        union all
        select h.open, h.tls, sum(g.weight)::bigint as count
        from held h cross join lateral stats.weight(unit, h.observations, h.days) g
        group by h.open, h.tls
    )
    select n.access, n.scheme, coalesce(c.count, 0), whole.of, w.share, w.low, w.high
    from (
        values (1, 'open', 'http', true, false), (2, 'open', 'https', true, true), (3, 'locked', 'http', false, false),
            (4, 'locked', 'https', false, true)
    ) n (place, access, scheme, open, tls)
    left join counted c on c.open = n.open and c.tls = n.tls
    cross join whole
    cross join lateral stats.wilson(coalesce(c.count, 0), whole.of, unit) w
    order by n.place;
end;

create view stats.transport as select * from stats.transport();
