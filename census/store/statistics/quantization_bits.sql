-- How many bits a weight has, by the units that list such a model, of the units with a model: Q4_K_M, IQ4_XS and MXFP4
-- are 4 bits, F16 and BF16 are 16. A unit counts once under each. Units of which no model's bits are known are the
-- last row, without bits.
create function stats.quantization_bits(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    bits integer,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    select t.value::integer, t.count, t.of, w.share, w.low, w.high
    from stats.any_of('bits', scan, since, until, unit, population) t,
        lateral stats.wilson(t.count, t.of, unit) w
    order by t.value is null, t.value::integer;
end;

create view stats.quantization_bits as select * from stats.quantization_bits();
