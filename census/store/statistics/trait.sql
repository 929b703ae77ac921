-- How many of the units with a model have a trait of their models: remote (one of them runs elsewhere), uncensored
-- (the name of one says so), chat-with-embedding (one to talk to and one that embeds). yes, no, or unknown where it
-- would depend on what a server does not tell. Always these three rows.
create function stats.trait(
    trait text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (
    state text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with states as (
        select
            t.count,
            case trait
                when 'remote' then case when t.traits & 8192 > 0 then 'yes' when t.traits & 4096 > 0 then 'unknown' end
                when 'uncensored' then case when t.traits & 16384 > 0 then 'yes' end
                else case when t.traits & 3072 = 3072 then 'yes' when t.traits & 256 > 0 then 'unknown' end
            end as state
        from stats.traits(scan, since, until, unit, population) t
    )
    select
        n.state,
        coalesce(sum(s.count) filter (where coalesce(s.state, 'no') = n.state), 0)::bigint,
        coalesce(sum(s.count), 0)::bigint
    from (values ('yes'), ('no'), ('unknown')) n (state)
    left join states s on true
    group by n.state;
end;
