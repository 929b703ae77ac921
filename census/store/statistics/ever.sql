-- Whether a question is about all time, and counts whatever had something at any time: then what an endpoint ever
-- listed, all its inventories together (endpoint.listed_id), stands for its sightings.
create function stats.ever(scan bigint, since timestamptz, until timestamptz, unit text)
returns boolean
language sql immutable parallel safe
return scan is null and since is null and until is null and unit in ('host', 'endpoint');
