-- Published weaknesses (advisories) by the hosts that serve a model with the software they concern, of all hosts with a
-- model, without decoys: yes if any version of that software on the host is affected, else unknown if of any it is not
-- known, else no.
with held as (
    select distinct HOST as host, software, version
    from 'data/sightings.parquet'
    where decoy <> 'decoy' and models > 0
),
hosts as (
    select h.host, j.software, j.advisory, max(list_position(['no', 'unknown', 'yes'], j.affected)) as most
    from held h
    join 'data/judgements.parquet' j on j.software = h.software and j.version is not distinct from h.version
    group by h.host, j.software, j.advisory
),
counted as (
    select
        h.software, h.advisory, w.place, w.affected, count(*) filter (where h.most = w.most) as count,
        (select count(distinct host) from held) as of
    from hosts h cross join (values (1, 'yes', 3), (2, 'unknown', 2), (3, 'no', 1)) w (place, affected, most)
    group by h.software, h.advisory, w.place, w.affected
)
select
    software, advisory, affected, count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted
order by place, count desc, software, advisory;
