-- How many of the units with a model have a trait of their models: remote (one of them runs elsewhere), uncensored
-- (the name of one says so), chat-with-embedding (one to talk to and one that embeds). yes, no, or unknown where it
-- would depend on what a server does not tell. Always these three rows.
create function stats.trait(
    trait text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    state text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with units as materialized (
        select l.id, l.count, l.inventory_id from stats.listed(scan, since, until, unit, population) l
    ),
    described as materialized (
        -- Bits: 1 and 2 are what together make a yes, 4 is that something is not told. Each model is read once.
        select
            m.id,
            case trait
                when 'remote' then case m.remote when true then 3 when false then 0 else 4 end
                when 'uncensored' then
                    case when m.name ~* '(uncensored|abliterat|unfiltered|unaligned|nsfw)' then 3 else 0 end
                else case
                    when m.capabilities is null then 4
                    else (case when m.capabilities @> '{completion}' then 1 else 0 end)
                        + (case when m.capabilities @> '{embedding}' then 2 else 0 end)
                end
            end as bits
        from model m
    ),
    told as (
        select l.inventory_id, bit_or(d.bits) as bits
        from (select distinct inventory_id from units) l
        join inventory i on i.id = l.inventory_id
        cross join unnest(i.models) number
        join described d on d.id = number
        group by l.inventory_id
    ),
    states as (
        select
            held.count,
            case when held.bits & 3 = 3 then 'yes' when held.bits & 4 = 4 then 'unknown' else 'no' end as state
        from (
            select u.count, bit_or(t.bits) as bits
            from units u join told t using (inventory_id)
            group by u.id, u.count
        ) held
    )
    select
        n.state,
        coalesce(sum(s.count) filter (where s.state = n.state), 0)::bigint,
        coalesce(sum(s.count), 0)::bigint
    from (values ('yes'), ('no'), ('unknown')) n (state)
    left join states s on true
    group by n.state;
end;
