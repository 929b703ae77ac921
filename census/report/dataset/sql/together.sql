-- Several models, several families, and Llama with Qwen, in figures that are easily taken for each other, of hosts
-- without decoys.
with hosts as (
    select
        s.HOST as host, count(distinct i.model) > 1 as models, count(distinct i.family) > 1 as families,
        coalesce(bool_or(i.family = 'Llama'), false) as a, coalesce(bool_or(i.family = 'Qwen'), false) as b
    from 'data/sightings.parquet' s
    join 'data/inventories.parquet' i using (inventory)
    where s.decoy <> 'decoy'
    group by s.HOST
),
summed as (
    select
        count(*) as units, count(*) filter (where models) as models, count(*) filter (where families) as families,
        count(*) filter (where a) as a, count(*) filter (where b) as b, count(*) filter (where a and b) as ab,
        count(*) filter (where b and models) as b_models, count(*) filter (where b and families) as b_families
    from hosts
),
counted (place, figure, count, of, paired) as (
    select 1, 'two models or more, of all with a model', models, units, false from summed
    union all
    select 2, 'two families or more, of all with a model', families, units, false from summed
    union all
    select 3, 'Llama and Qwen, of those with two families or more', ab, families, true from summed
    union all
    select 4, 'Qwen, of those with two families or more', b_families, families, false from summed
    union all
    select 5, 'Qwen, of those with two models or more', b_models, models, false from summed
    union all
    select 6, 'Llama, of those with Qwen', ab, b, true from summed
    union all
    select 7, 'Qwen, of those with Llama', ab, a, true from summed
)
select
    figure, count, of, count / nullif(of, 0) as share, low(count, of) as low, high(count, of) as high,
    case when paired then ab * units / nullif(a * b, 0) end as lift
from counted cross join summed
order by place;
