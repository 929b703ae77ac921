-- Server software by the units that run it, of all that were recognised (served, locked, empty). A host with two
-- endpoints may run two. version is as the server tells it, and null unless the sixth parameter asks for versions;
-- software is null where it was only seen that something is locked.
create function stats.software(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible', versions boolean default false)
returns table (
    software text, version text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    select t.value, t.detail, t.count, t.of, w.share, w.low, w.high
    from stats.recognised(
            case when versions then 'version' else 'software' end, scan, since, until, unit, population) t,
        lateral stats.wilson(t.count, t.of, unit) w
    order by t.count desc, t.value collate "C", t.detail collate "C";
end;

create view stats.software as select * from stats.software();
