"""The signals that only several endpoints together tell: one inventory on many ports, clones, equal latencies, lies.

They are asked of all that is stored when a scan ends, in the transaction that ends it. What was found once is found
again, and nothing is taken back, so it does not matter how many workers wrote, in which order, and how often a scan
was resumed. Whoever only wrote a batch could not tell: the others may be writing at the same moment.
"""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection

from census.facts import Signal

_TEN: Final = 10
# A machine with eight cards may run a server for each, so below ten ports it is no more than a suspicion.
_MANY: Final = 5
# An owner who copies a machine has the copies in one data centre, or in a few; decoys are sown over many networks.
_NETWORKS: Final = 5
_TIMES: Final = 3  # observations of an endpoint before its least latency says something
# Ways to different networks differ by more: two milliseconds in a hundred are two hundred kilometres of fibre.
_SPREAD: Final = 1.02

# Only addresses with so many endpoints are looked at: hardly any. An endpoint that ever listed something is stale or in
# the table listing, which knows of each whether its host has others; to count all of them took a tenth of a second.
_ON_MANY_PORTS: Final = """
select unnest(array_agg(distinct endpoint.id))
from endpoint join sighting on sighting.endpoint_id = endpoint.id
where sighting.inventory_id is not null
  and endpoint.host_id in (
    select host_id
    from (
        select host_id from listing where shared union all select host_id from endpoint where listed_stale
    ) its
    group by host_id having count(*) >= %(least)s)
group by endpoint.host_id, sighting.inventory_id
having count(distinct endpoint.id) >= %(least)s
"""

# A network is a /24 or a /48, as it is for the pace of a scan. Hardly any imprint is that of several endpoints, so
# these are found before their networks are counted.
_IN_MANY_NETWORKS: Final = """
select unnest(array_agg(endpoint.id))
from endpoint join host on host.id = endpoint.host_id
where imprint in (
    select imprint from endpoint where imprint is not null group by imprint having count(*) >= %(least)s)
group by imprint
having count(distinct network(set_masklen(address, case family(address) when 4 then 24 else 48 end))) >= %(least)s
"""

# The least of an endpoint's latencies is its way through the network, as waiting only adds to it. Honest servers that
# are spread over autonomous systems lie at different distances, unless they are no more than one behind many addresses.
# Unknown systems do not count as different ones, so that nothing is said of a fleet on loopback, nor without a place
# database that tells networks. Which system an endpoint is in is only asked of the few inventories that all else fits.
_EQUALLY_FAST: Final = """
with fastest as (
    select inventory_id, endpoint_id, min(latency_ms) as latency
    from sighting where inventory_id is not null and latency_ms is not null
    group by 1, 2 having sum(observations) >= %(times)s
), alike as (
    select inventory_id, array_agg(endpoint_id) as endpoints from fastest
    group by 1 having count(*) >= %(least)s and max(latency) <= %(spread)s * min(latency)
)
select unnest(endpoints) from alike
where (
    select count(distinct asn)
    from endpoint join host on host.id = host_id join network on network.id = network_id
    where endpoint.id = any (endpoints)
) >= %(networks)s
"""

# Of two that contradict each other nobody knows at once who lies, and the first may be the liars: those whom most
# networks contradict, by as many as it takes to be believed (probe/memory.py). Only what a manifest fixes counts.
# Whoever is suspect for another reason has no voice.
_OUTVOTED: Final = """
with told as (
    select endpoint_id, digest, rules, ((said::jsonb -> 'tools') || (said::jsonb -> 'template_hash'))::text as answer,
        network(set_masklen(address, case family(address) when 4 then 24 else 48 end)) as whose
    from saying join endpoint on endpoint.id = endpoint_id join host on host.id = host_id
    where signals <@ array[%(word)s]
), counted as (
    select digest, rules, answer, count(distinct whose) as networks,
        sum(count(distinct whose)) over (partition by digest, rules) as of_all
    from told group by digest, rules, answer
), agreed as (
    select digest, rules, answer from counted where networks >= 2 + 2 * (of_all - networks)
)
select told.endpoint_id from told join agreed using (digest, rules) where told.answer <> agreed.answer
"""

# Writers of other scans wait a moment: locking row after row, they and this could each wait for the other for ever.
_ALONE: Final = "lock table endpoint in share row exclusive mode"

_MARK: Final = """
update endpoint set
    verdict = greatest(verdict, %(verdict)s::smallint),
    signals = array(select word collate "C" from unnest(signals || %(word)s::text) word order by 1)
where not signals @> array[%(word)s] and id in ({members})
"""

_OF_LATENCY: Final = {"times": _TIMES, "networks": _NETWORKS, "spread": _SPREAD}
_CROWDS: Final = (
    (Signal.TEN_PORTS, _ON_MANY_PORTS, _TEN),
    (Signal.MANY_PORTS, _ON_MANY_PORTS, _MANY),
    (Signal.CLONE, _IN_MANY_NETWORKS, _NETWORKS),
    (Signal.LATENCY, _EQUALLY_FAST, _TEN),
    (Signal.CONTRADICTED, _OUTVOTED, 1),
)


def judge(connection: Connection[Any]) -> None:
    """Add the signals to the endpoints that are in such a crowd, in the caller's transaction."""
    connection.execute(_ALONE)
    for signal, members, least in _CROWDS:
        asked = {"least": least, "word": signal.word, "verdict": int(signal.verdict), **_OF_LATENCY}
        connection.execute(_MARK.replace("{members}", members).encode(), asked)
