-- Autonomous systems by the units in them, of all that were recognised (served, locked, empty). asn and organization
-- are those of the place database of the scan, null where that knows none; of several names of one system the one with
-- the most units stands for it.
create function stats.networks(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    asn bigint, organization text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with counted as (
        select n.asn, n.organization, sum(f.units)::bigint as count
        from (
            select d.network_id, sum(d.units) as units
            from stats.placed(scan, since, until, unit, population) d
            group by d.network_id
        ) f
        left join network n on n.id = f.network_id
        group by n.asn, n.organization
    ),
    systems as (
        select
            c.asn,
            (array_agg(c.organization order by c.count desc, c.organization collate "C"))[1] as organization,
            sum(c.count)::bigint as count
        from counted c
        group by c.asn, case when c.asn is null then c.organization end
    ),
    whole as (
        select s.asn, s.organization, s.count, sum(s.count) over ()::bigint as of from systems s
    )
    select t.asn, t.organization, t.count, t.of, w.share, w.low, w.high
    from whole t, lateral stats.wilson(t.count, t.of, unit) w
    order by t.count desc, t.asn, t.organization collate "C";
end;

create view stats.networks as select * from stats.networks();
