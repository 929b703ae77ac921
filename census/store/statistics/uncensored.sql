-- Whether units list a model whose name says that refusals were taken out of it (uncensored, abliterated, unfiltered,
-- unaligned, nsfw), of the units with a model. By names alone, so yes is a lower bound; templates are not stored but
-- as a hash. Always these three rows; none is unknown, for names always are told.
create function stats.uncensored(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    state text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    select t.state, t.count, t.of, w.share, w.low, w.high
    from stats.trait('uncensored', scan, since, until, unit, population) t,
        lateral stats.wilson(t.count, t.of, unit) w
    order by array_position(array['yes', 'no', 'unknown'], t.state);
end;

create view stats.uncensored as select * from stats.uncensored();
