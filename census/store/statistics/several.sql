-- The hosts with several endpoints that ever listed something, or with one whose listed_id is stale: what these ever
-- listed has to be put together.
create function stats.several(population text)
returns table (host_id bigint)
language sql stable parallel safe
begin atomic
    select e.host_id
    from endpoint e
    where (e.listed_id is not null or e.listed_stale) and (population = 'raw' or stats.credible(e.verdict))
    group by e.host_id
    having count(*) > 1 or bool_or(e.listed_stale);
end;
