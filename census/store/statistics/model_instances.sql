-- Model instances by family, origin, architecture, quantization, bits and band of parameters. An instance is one model
-- (digest, else name) on one unit, so that a host with ten models counts ten times; every other statistic counts it
-- once. Of a digest that is described in several ways the first in the alphabet stands. value is null where it is not
-- known. There is no interval, for the models of one host are not independent.
create function stats.model_instances(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    dimension text, value text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with instances as materialized (
        select i.key, i.count from stats.instances('digest', scan, since, until, unit, population) i
    ),
    whole as materialized (
        select coalesce(sum(i.count), 0)::bigint as of from instances i
    ),
    described as materialized (
        select
            min(m.id) as key, min(m.family collate "C") as family, min(m.origin collate "C") as origin,
            min(m.architecture collate "C") as architecture, min(m.quantization collate "C") as quantization,
            min(m.parameters) as parameters
        from model m
        group by m.digest, case when m.digest is null then m.name end
    ),
    alike as materialized (
        -- Many models are described alike.
        select
            d.family, d.origin, d.architecture, d.quantization,
            width_bucket(d.parameters, array[
                1000000000, 4000000000, 8000000000, 15000000000, 35000000000, 80000000000]) as band,
            sum(i.count) as count
        from instances i join described d using (key)
        group by 1, 2, 3, 4, 5
    ),
    counted as (
        select told.place, told.dimension, told.value, sum(a.count)::bigint as count
        from alike a
        cross join lateral (
            values
                (1, 'family', a.family), (2, 'origin', a.origin), (3, 'architecture', a.architecture),
                (4, 'quantization', a.quantization), (5, 'bits', stats.bits(a.quantization)::text),
                (6, 'parameters', (array['<1B', '1-3B', '4-7B', '8-14B', '15-34B', '35-79B', '>=80B'])[1 + a.band])
        ) told (place, dimension, value)
        group by told.place, told.dimension, told.value
    )
    select c.dimension, c.value, c.count, whole.of, w.share, w.low, w.high
    from counted c cross join whole cross join lateral stats.wilson(c.count, whole.of, 'observation') w
    order by c.place, c.value is null, c.count desc, c.value collate "C";
end;

create view stats.model_instances as select * from stats.model_instances();
