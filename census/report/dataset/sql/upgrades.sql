-- What became of each version of server software, of the hosts that ever ran it, without decoys: another followed in
-- its place (changed), it was not found in any attempt since (gone), it was there when it was last asked (there), or it
-- was seen again after another had been (mixed). days is the median between the last sight of the one and the first
-- sight of the other, or the first attempt in vain; where the files have whole days, so has it.
with spans as (
    select
        HOST as host, port, software, version, min(first_turn) as first_turn, max(last_turn) as last_turn,
        min(first_seen) as first_seen, max(last_seen) as last_seen
    from 'data/sightings.parquet'
    where decoy <> 'decoy' and version is not null
    group by HOST, port, software, version
),
followed as (
    select
        *, lead(software) over next as next_software, lead(version) over next as next_version,
        lead(first_turn) over next as next_turn, lead(first_seen) over next as next_seen
    from spans
    window next as (partition by host, port order by first_turn, last_turn, software, version)
),
fates as (
    select
        f.host, f.software, f.version,
        case
            when f.next_turn > f.last_turn then 'changed'
            when f.next_turn is not null then 'mixed'
            when e.gone_at is not null then 'gone'
            else 'there'
        end as fate,
        case when f.next_turn > f.last_turn then
            if(f.next_software = f.software, f.next_version, f.next_software || ' ' || f.next_version)
        end as became,
        (epoch_us(coalesce(f.next_seen, e.gone_at)) - epoch_us(f.last_seen)) / 86400e6 as days
    from followed f
    join 'data/endpoints.parquet' e on e.HOST = f.host and e.port = f.port
),
whole as (
    select software, version, count(distinct host) as of from fates group by software, version
),
counted as (
    select
        software, version, fate, became, count(distinct host) as count,
        median(days) filter (where fate in ('changed', 'gone')) as days
    from fates
    group by software, version, fate, became
)
select
    software, version, fate, became, count, of, count / of as share, low(count, of) as low, high(count, of) as high,
    days
from counted join whole using (software, version)
order by of desc, software, version, count desc, fate, became nulls last;
