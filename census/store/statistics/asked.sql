-- Whether the unit and the population of a question are words that the statistics know; raises an error if not.
create function stats.asked(unit text, population text)
returns boolean
language sql immutable parallel safe
return stats.one_of('unit', unit, array['endpoint', 'host', 'host-day', 'observation'])
    and stats.one_of('population', population, array['raw', 'credible']);
