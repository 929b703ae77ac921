-- Autonomous systems by the hosts in them, of all that were recognised, without decoys; of several names of one system
-- the one with the most hosts.
with hosts as (
    select HOST as host, any_value(asn) as asn, any_value(organization) as organization
    from 'data/endpoints.parquet'
    where decoy <> 'decoy'
    group by HOST
),
named as (
    select asn, organization, count(*) as count from hosts group by asn, organization
),
counted as (
    select
        asn, first(organization order by count desc, organization nulls last) as organization,
        sum(count)::bigint as count, (select count(*) from hosts) as of
    from named
    group by asn, case when asn is null then organization end
)
select asn, organization, count, of, count / of as share, low(count, of) as low, high(count, of) as high
from counted
order by count desc, asn nulls last, organization nulls last;
