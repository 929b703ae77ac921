-- Architectures, as servers report them (qwen2, llama), by the units that list a model of them, of the units with a
-- model. Of equal counts the first in the alphabet has the higher rank. Units that report none are the last row,
-- without architecture and rank.
create function stats.architectures(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    rank bigint, architecture text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    select
        case when t.value is not null then row_number() over ranking end,
        t.value, t.count, t.of, w.share, w.low, w.high
    from stats.tally('architecture', scan, since, until, unit, population) t,
        lateral stats.wilson(t.count, t.of, unit) w
    window ranking as (order by t.value is null, t.count desc, t.value collate "C")
    order by 1;
end;

create view stats.architectures as select * from stats.architectures();
