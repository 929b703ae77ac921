-- Whether units list both a model that completes and one that embeds, of the units with a model: what retrieval (RAG)
-- needs, and no more than a sign of it. By the capabilities that servers tell; unknown where one more model's could
-- make it a yes. Always these three rows.
create function stats.rag(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    state text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    select t.state, t.count, t.of, w.share, w.low, w.high
    from stats.trait('chat-with-embedding', scan, since, until, unit, population) t,
        lateral stats.wilson(t.count, t.of, unit) w
    order by array_position(array['yes', 'no', 'unknown'], t.state);
end;

create view stats.rag as select * from stats.rag();
