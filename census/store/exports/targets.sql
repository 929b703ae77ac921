-- One row for each target of each scan, with the word it ended in; outcome is null for a target that has not been
-- asked yet. address is null for a name, and both are null once they were pruned; name and tls are what the list said.
create view export.targets as
select
    c.scan_id as scan,
    host(t.address) as address,
    t.port,
    o.word as outcome,
    t.name,
    t.tls
from chunk c
cross join lateral unnest(c.addresses, c.ports, c.names, c.tls)
    with ordinality as t (address, port, name, tls, place)
left join outcome o on o.id = get_byte(c.outcomes, (t.place - 1)::integer);
