-- One row for each model of each list of models; equal lists are one, whoever has them. A list without a model has no
-- row. With export.sightings, which says who had which list and when, every statistic of models can be made again.
create view export.inventories as
select
    i.id as inventory,
    m.name as model,
    m.digest,
    m.family,
    m.developer,
    m.origin,
    m.derived,
    m.base,
    m.architecture,
    m.quantization,
    m.parameters,
    m.context_length,
    m.context_served,
    m.size,
    m.format,
    m.capabilities,
    stats.tools_word(m.tools) as tools,
    m.tools_source,
    m.tools_level,
    m.remote,
    m.traits & 16384 > 0 as uncensored
from inventory i
cross join unnest(i.models) member
join model m on m.id = member;
