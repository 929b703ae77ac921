-- How many units with a model list one of each architecture, and how many of these one that is derived and one that is
-- an original. of is all units with a model.
create function stats.by_architecture(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (architecture text, derivatives bigint, originals bigint, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with kinds as materialized (
        -- Numbers in the place of names, which are many times compared below.
        select m.id, m.architecture, m.derived, dense_rank() over (order by m.architecture) as number
        from model m
    ),
    -- Units whose numbers differ in the six lowest bits alone are counted together, each as one bit.
    held as materialized (
        select
            u.block, k.number, min(u.count)::double precision as count, bit_or(u.bit) as units,
            coalesce(bit_or(u.bit) filter (where k.derived), 0) as derivatives,
            coalesce(bit_or(u.bit) filter (where not k.derived), 0) as originals
        from (
            select l.id >> 6 as block, 1::bigint << (l.id & 63)::integer as bit, l.count, unnest(l.models) as model
            from stats.listed(scan, since, until, unit, population) l
        ) u
        join kinds k on k.id = u.model
        group by u.block, k.number
    ),
    whole as materialized (
        select coalesce(sum(b.count * bit_count(b.units::bit(64))), 0)::bigint as of
        from (select min(h.count) as count, bit_or(h.units) as units from held h group by h.block) b
    ),
    counted as (
        select
            h.number,
            sum(h.count * bit_count(h.derivatives::bit(64)))::bigint as derivatives,
            sum(h.count * bit_count(h.originals::bit(64)))::bigint as originals,
            sum(h.count * bit_count(h.units::bit(64)))::bigint as count
        from held h
        group by h.number
    )
    select k.architecture, c.derivatives, c.originals, c.count, (select whole.of from whole)
    from counted c
    join (
        select distinct kinds.number, kinds.architecture from kinds where kinds.architecture is not null
    ) k on k.number = c.number;
end;
