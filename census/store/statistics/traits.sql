-- The bits of model.traits that the models of a unit have together: how many units with a model have just these.
create function stats.traits(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    traits integer, count bigint)
language sql stable parallel safe
begin atomic
    select u.traits, sum(u.count)::bigint
    from (
        -- Units with one list are counted by its bits at once, the others one by one, whose bits are put together.
        select bit_or(l.traits) as traits, case when l.alone then sum(l.count) else min(l.count) end as count
        from stats.listed(scan, since, until, unit, population) l
        group by l.alone, case when l.alone then l.traits else l.id end
    ) u
    group by u.traits;
end;
