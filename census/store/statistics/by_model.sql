-- How many units with a model list one of each family (dimension family or tools) or architecture, where model is the
-- lowest model.id with that value, and how many list one that is marked: with tools yes is what advertises tool calling,
-- maybe that of which it is not known; else yes is derived, maybe an original. either has one of both marks. of is all
-- units with a model.
create function stats.by_model(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (model bigint, count bigint, yes bigint, maybe bigint, either bigint, of bigint)
language sql stable parallel safe
begin atomic
    with kinds as materialized (
        -- A number in the place of a value, and in its two lowest bits the mark: 2 yes, 1 maybe.
        select
            m.id,
            (dense_rank() over (order by case dimension when 'architecture' then m.architecture else m.family end)
                << 2)::integer
            | case dimension when 'tools' then m.tools else case m.derived when true then 2 when false then 1 else 0 end end
                as code
        from model m
    ),
    -- A million entries of lists are looked up, which an array does in a tenth of the time of a join. Numbers of models
    -- have few gaps, for a transaction that failed or rows that were purged; models beyond the array are joined.
    near as materialized (
        select least(max(m.id), 4 * count(*), 1 << 22) as last from model m
    ),
    codes as materialized (
        select array_agg(coalesce(k.code, 0) order by place) as codes
        from near cross join generate_series(1, near.last) place left join kinds k on k.id = place
    ),
    far as materialized (
        select k.id, k.code from kinds k where k.id > (select near.last from near)
    ),
    listed as not materialized (
        select
            l.id >> 6 as block, 1::bigint << (l.id & 63)::integer as bit, l.count, unnest(l.models) as model
        from stats.listed(scan, since, until, unit, population) l
    ),
    -- Units whose numbers differ in the six lowest bits alone are counted together, each as one bit.
    held as materialized (
        select
            h.block, h.code >> 2 as number, min(h.count)::double precision as count, bit_or(h.bit) as units,
            coalesce(bit_or(h.bit) filter (where h.code & 3 = 2), 0) as yes,
            coalesce(bit_or(h.bit) filter (where h.code & 3 = 1), 0) as maybe
        from (
            select u.block, u.bit, u.count, (select codes.codes from codes)[u.model] as code from listed u
            union all
            select u.block, u.bit, u.count, far.code
            from listed u join far on far.id = u.model
            where exists (select from far)
            offset 0 -- Else each would be looked up for the number and for both marks.
        ) h
        where h.code is not null
        group by h.block, h.code >> 2
    ),
    whole as materialized (
        select coalesce(sum(b.count * bit_count(b.units::bit(64))), 0)::bigint as of
        from (select h.block, min(h.count) as count, bit_or(h.units) as units from held h group by h.block) b
    ),
    summed as (
        select
            h.number,
            sum(h.count * bit_count(h.units::bit(64))) as count,
            sum(h.count * bit_count(h.yes::bit(64))) as yes,
            sum(h.count * bit_count(h.maybe::bit(64))) as maybe,
            sum(h.count * bit_count((h.yes | h.maybe)::bit(64))) as either
        from held h
        group by h.number
    )
    select
        k.model, s.count::bigint, s.yes::bigint, s.maybe::bigint, s.either::bigint, (select whole.of from whole)
    from summed s
    join (select kinds.code >> 2 as number, min(kinds.id) as model from kinds group by 1) k on k.number = s.number;
end;
