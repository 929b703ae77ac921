-- What became of the targets of all scans added up, from all targets to those served by endpoints that are no decoys.
with stages (place, stage) as (
    values (0, 'targets'), (1, 'contacted'), (2, 'connected'), (3, 'http'), (4, 'recognised'), (5, 'served')
),
reached as (
    select
        case
            when outcome is null or outcome in ('opted_out', 'out_of_scope', 'unresolved') then 0
            when outcome in ('refused', 'unreachable', 'timed_out') then 1
            when outcome in ('not_http', 'too_slow', 'broken_off', 'tls_failed') then 2
            when outcome in ('other', 'misread') then 3
            when outcome in ('locked', 'empty') then 4
            when outcome = 'served' then 5
        end as stage
    from 'data/targets.parquet'
),
counted as (
    select s.place, s.stage, count(r.stage) as count
    from stages s left join reached r on r.stage >= s.place
    group by s.place, s.stage
    union all
    select 6, 'credible', coalesce(sum(observations), 0)::bigint
    from 'data/sightings.parquet'
    where models > 0 and decoy <> 'decoy'
)
select stage, count from counted order by place;
