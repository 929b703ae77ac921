-- Quantizations, as servers name them, by the units that list a model of them, of the units with a model; a unit
-- counts once under each. bits is how many bits a weight has then, null where the name does not tell. Units that tell
-- the quantization of no model are the last row, without a quantization.
create function stats.quantization(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    quantization text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    bits integer)
language sql stable parallel safe
begin atomic
    select t.value, t.count, t.of, w.share, w.low, w.high, stats.bits(t.value)
    from stats.any_of('quantization', scan, since, until, unit, population) t,
        lateral stats.wilson(t.count, t.of, unit) w
    order by t.value is null, t.count desc, t.value collate "C";
end;

create view stats.quantization as select * from stats.quantization();
