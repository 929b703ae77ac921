-- Countries of developers (ISO 3166) by the units that list a model from there, of the units with a model. Units of
-- which no model has a known developer are the last row, without origin.
create function stats.origins(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    origin text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    select t.value, t.count, t.of, w.share, w.low, w.high
    from stats.tally('origin', scan, since, until, unit, population) t,
        lateral stats.wilson(t.count, t.of, unit) w
    order by t.value is null, t.count desc, t.value collate "C";
end;

create view stats.origins as select * from stats.origins();
