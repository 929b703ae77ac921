-- Whether units list a model that runs elsewhere (a cloud model), of the units with a model: yes if any does, else
-- unknown if of any it is not told, else no. Always these three rows.
create function stats.remote(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    state text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    select t.state, t.count, t.of, w.share, w.low, w.high
    from stats.trait('remote', scan, since, until, unit, population) t,
        lateral stats.wilson(t.count, t.of, unit) w
    order by array_position(array['yes', 'no', 'unknown'], t.state);
end;

create view stats.remote as select * from stats.remote();
