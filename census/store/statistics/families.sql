-- Families by the units that list a model of them, of the units with a model. Family is the maker that published the
-- model under its own name; a derived model has the family of its base. Where a name tells nothing, the architecture
-- that the server reports stands for the maker. Of equal counts the first in the alphabet has the higher rank. Units of
-- which no model could be placed are the last row, without family and rank.
create function stats.families(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    rank bigint, family text, developer text, origin text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    select
        case when t.value is not null then row_number() over ranking end,
        t.value, f.developer, f.origin, t.count, t.of, w.share, w.low, w.high
    from stats.tally('family', scan, since, until, unit, population) t
    left join family f on f.name = t.value,
        lateral stats.wilson(t.count, t.of, unit) w
    window ranking as (order by t.value is null, t.count desc, t.value collate "C")
    order by 1;
end;

create view stats.families as select * from stats.families();
