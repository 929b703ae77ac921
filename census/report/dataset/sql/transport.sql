-- Whether hosts are open or ask for a key (locked), over HTTP or HTTPS (an endpoint that ever showed a certificate), of
-- all that were recognised, without decoys.
with held as (
    select distinct
        s.HOST as host, if(s.inventory is null, 'locked', 'open') as access,
        if(e.CERTIFICATE is null, 'http', 'https') as scheme
    from 'data/sightings.parquet' s
    join 'data/endpoints.parquet' e on e.HOST = s.HOST and e.port = s.port
    where s.decoy <> 'decoy'
),
counted as (
    select
        w.place, w.access, w.scheme, count(h.host) as count, (select count(distinct host) from held) as of
    from (
        values (1, 'open', 'http'), (2, 'open', 'https'), (3, 'locked', 'http'), (4, 'locked', 'https')
    ) w (place, access, scheme)
    left join held h on h.access = w.access and h.scheme = w.scheme
    group by w.place, w.access, w.scheme
)
select access, scheme, count, of, count / nullif(of, 0) as share, low(count, of) as low, high(count, of) as high
from counted
order by place;
