-- Verdicts, and below each the signals that ever fired, by the hosts with a model of such endpoints, decoys and all.
with told as (
    select HOST, port, unnest([null] || signals) as signal from 'data/endpoints.parquet'
),
held as (
    select distinct s.HOST as host, list_position(['credible', 'suspect', 'decoy'], s.decoy) as place, t.signal
    from 'data/sightings.parquet' s
    join told t on t.HOST = s.HOST and t.port = s.port
    where s.models > 0
),
counted as (
    select p.place, h.signal, count(h.host) as count, (select count(distinct host) from held) as of
    from (values (1), (2), (3)) p (place) left join held h using (place)
    group by p.place, h.signal
)
select
    ['credible', 'suspect', 'decoy'][place] as verdict, signal, count, of, count / nullif(of, 0) as share,
    low(count, of) as low, high(count, of) as high
from counted
order by place, signal is not null, count desc, signal;
