"""The one writer: a batch of observations and the outcome bytes of its targets, in one transaction.

The chunk's row is the truth. A batch counts only if the chunk still carries the attempt under which this worker
claimed it; then observations, sightings and outcomes are committed together, so that every target is done once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from psycopg import Connection, Cursor

from census import metrics
from census.facts import Observation, Outcome, Signal, Verdict
from census.places import Place
from census.store import exclusions, listed, sayings
from census.store.catalog import Catalog, array_of
from census.store.claims import counts

# Other connections plan each statement by its values, which makes statistics faster. Here the checks of foreign keys
# and the columns that the database computes are statements too, and were planned anew for each row.
_SESSION = "select set_config('plan_cache_mode', 'auto', false)"

_TEMPORARY = """
create temporary table if not exists seen (
    address inet, port integer, name text, outcome smallint, observed_at timestamptz, running integer,
    latency_ms real, recognised boolean, verdict smallint, signals text[], certificate text,
    imprint text, place_id bigint, network_id bigint, inventory_id bigint, software_id bigint, recalled bigint[]
) on commit delete rows;
"""

# Filtering with `not exists` first keeps known rows from burning a number of the identity column each.
_HOSTS = """
insert into host (address, place_id, network_id)
select distinct on (address) address, place_id, network_id from seen
where recognised and not exists (select from host where host.address = seen.address)
order by address
on conflict (address) do nothing
"""

# A worker without place files, or with poorer ones, takes nothing away.
_PLACES = """
update host set place_id = seen.place_id, network_id = seen.network_id
from seen
where recognised and host.address = seen.address and (seen.place_id is not null or seen.network_id is not null)
  and (host.place_id, host.network_id) is distinct from (seen.place_id, seen.network_id)
"""

_ENDPOINTS = """
insert into endpoint (host_id, port, name, verdict, signals, certificate, imprint)
select distinct on (host.id, seen.port)
    host.id, seen.port, seen.name, seen.verdict, seen.signals, seen.certificate, seen.imprint
from seen join host using (address)
where recognised
  and not exists (select from endpoint where endpoint.host_id = host.id and endpoint.port = seen.port)
order by host.id, seen.port
on conflict (host_id, port) do nothing
"""

# What a sighting becomes by what was counted anew. What an endpoint told itself once is no longer what others told.
_MOVED = """
        observations = {old}.observations + {new}.observations,
        first_seen = least({old}.first_seen, {new}.first_seen),
        last_seen = greatest({old}.last_seen, {new}.last_seen),
        days = {old}.days + {new}.days,
        weeks = {old}.weeks + {new}.weeks,
        day_count = case
            when {old}.days @> {new}.days then {old}.day_count
            when {new}.day_count = 1 then {old}.day_count + 1
            else days_in({old}.days + {new}.days)
        end,
        latency_ms = least({old}.latency_ms, {new}.latency_ms),
        running_told = {old}.running_told + {new}.running_told,
        running_yes = {old}.running_yes + {new}.running_yes,
        running_sum = {old}.running_sum + {new}.running_sum,
        recalled = case
            when {old}.recalled is null then null
            when {old}.recalled <@ {new}.recalled then {old}.recalled
            else nullif(array(
                select unnest({old}.recalled) intersect select unnest({new}.recalled) order by 1), '{{}}')
        end
"""

# Each observation with its endpoint and its sighting, looked for once, and all that follows from it in one statement.
# A signal that fired once stays: a decoy that was too slow for the canary today is no more credible for it. Counters
# are of the very rows that become observations. A sighting that is new begins with them, for each update of a row that
# this transaction made has its keys checked anew; where another worker made it meanwhile, they are added. Each of the
# new ones has its observations; a full join is asked for because it is hashed, and a left one, of as few rows as the
# planner expects, compared each with each.
_RECORD = f"""
with met as materialized (
    select
        seen.*, endpoint.id as endpoint_id, host.id as host_id, sighting.id as sighting_id, endpoint.listed_stale,
        not endpoint.signals @> seen.signals or seen.name <> coalesce(endpoint.name, '')
            or seen.certificate <> coalesce(endpoint.certificate, '')
            or seen.imprint <> coalesce(endpoint.imprint, '') as told_more
    from seen join host using (address) join endpoint on endpoint.host_id = host.id and endpoint.port = seen.port
    left join sighting on recognised and sighting.endpoint_id = endpoint.id
        and sighting.inventory_id is not distinct from seen.inventory_id
        and sighting.software_id is not distinct from seen.software_id
), judged as (
    update endpoint set
        verdict = greatest(endpoint.verdict, met.verdict),
        signals = array(select distinct word collate "C" from unnest(endpoint.signals || met.signals) word order by 1),
        name = coalesce(met.name, endpoint.name),
        certificate = coalesce(met.certificate, endpoint.certificate),
        imprint = coalesce(met.imprint, endpoint.imprint)
    from met where recognised and told_more and endpoint.id = met.endpoint_id
), counted as (
    select
        endpoint_id, host_id, inventory_id, software_id, sighting_id, count(*) as observations,
        min(observed_at) as first_seen, max(observed_at) as last_seen, min(latency_ms) as latency_ms,
        range_agg(daterange(day, day + 1)) as days, range_agg(int4range(week, week + 1)) as weeks,
        case count(*) when 1 then 1 else days_in(range_agg(daterange(day, day + 1))) end as day_count,
        count(running) as running_told, count(*) filter (where running > 0) as running_yes,
        coalesce(sum(running), 0) as running_sum,
        case count(*) when 1 then min(recalled) else nullif(array(
            select member from met as its, unnest(its.recalled) member
            where its.endpoint_id = met.endpoint_id and its.inventory_id is not distinct from met.inventory_id
                and its.software_id is not distinct from met.software_id
            group by member having count(*) = count(met.endpoint_id) order by 1), '{{}}') end as recalled
    from met, lateral (select (observed_at at time zone 'UTC')::date) as its(day),
        lateral (select (day - date '2000-01-03') / 7) as counting(week)  -- as the function weeks_of counts
    where recognised group by endpoint_id, host_id, inventory_id, software_id, sighting_id
), made as (
    insert into sighting as old (
        endpoint_id, inventory_id, software_id, observations, first_seen, last_seen, latency_ms, days, running_told,
        running_yes, running_sum, recalled, day_count, weeks, host_id, size)
    select
        endpoint_id, inventory_id, software_id, observations, first_seen, last_seen, latency_ms, days, running_told,
        running_yes, running_sum, recalled, day_count, weeks, host_id,
        (select inventory.size from inventory where inventory.id = counted.inventory_id)
    from counted where sighting_id is null order by endpoint_id
    on conflict (endpoint_id, inventory_id, software_id) do update set {_MOVED.format(old="old", new="excluded")}
    returning id, endpoint_id, inventory_id, software_id
), moved as (
    update sighting set {_MOVED.format(old="sighting", new="counted")}
    from counted where sighting.id = counted.sighting_id
), observed as (
    insert into observation (scan_id, endpoint_id, sighting_id, observed_at, outcome, running, latency_ms)
    select %(scan)s, met.endpoint_id, coalesce(met.sighting_id, made.id), observed_at, outcome, running, latency_ms
    from met full join made on made.endpoint_id = case when recognised then met.endpoint_id end
        and coalesce(made.inventory_id, 0) = coalesce(met.inventory_id, 0)
        and coalesce(made.software_id, 0) = coalesce(met.software_id, 0)
    returning 1
)
select
    (select count(*) from observed),
    (select array_agg(endpoint_id) from met where recognised and sighting_id is null and not listed_stale)
"""  # noqa: S608  two texts of this module

_CHUNK = """
update chunk set outcomes = %(outcomes)s, counts = %(counts)s, requests = requests + %(requests)s,
    connections = connections + %(connections)s, claimed_at = now(),
    done = %(done)s, worker = case when %(done)s or %(release)s then null else worker end
where scan_id = %(scan)s and number = %(number)s and attempt = %(attempt)s and not done
  and outcomes <> %(outcomes)s and length(outcomes) = %(size)s
"""

# No batch leaves the outcomes as they were, so equal ones under the same attempt are those of this very batch.
_ALREADY = """
update chunk set worker = case when %(done)s or %(release)s then null else worker end
where scan_id = %(scan)s and number = %(number)s and attempt = %(attempt)s and outcomes = %(outcomes)s
"""

_LISTING = (Outcome.SERVED, Outcome.EMPTY)  # what tells of its models

_Shared = tuple[int | None, int | None, int | None, int | None]  # place.id, network.id, inventory.id, software.id


class SupersededError(Exception):
    """The chunk was claimed by somebody else meanwhile: what this worker has of it no longer counts."""


class OutdatedError(Exception):
    """The opt-out list has changed since the batch was made: it must be looked through before it is written."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be written of one chunk at once.

    `observations` are those worth a row: recognised ones, and failures of known endpoints; `outcomes` are the
    bytes of all the chunk's targets as they stand now; `release` gives an unfinished chunk back; `exclusions` is the
    version of the opt-out list under which the batch was made.
    """

    scan: int
    number: int
    attempt: int
    outcomes: bytes
    observations: Sequence[Observation]
    requests: int
    connections: int
    release: bool = False
    exclusions: exclusions.Version = exclusions.EMPTY

    @property
    def done(self) -> bool:
        """Whether no target of the chunk is left."""
        return 0 not in self.outcomes


class Writer:
    """Writes batches over one connection of its own; used by one thread at a time."""

    def __init__(self, connection: Connection[Any], locate: Callable[[str], Place]) -> None:
        self.connection = connection
        self._locate = locate
        self._catalog = Catalog()
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(_SESSION)
            cursor.execute(_TEMPORARY)
            self._catalog.prepare(cursor)
            sayings.prepare(cursor)

    def write(self, batch: Batch) -> None:
        """Commit one batch whole, or nothing of it; raises OutdatedError, SupersededError or psycopg's errors.

        To write a batch again, where the connection broke and nobody knows whether it was committed, does no harm.
        """
        try:
            with self.connection.transaction(), self.connection.cursor() as cursor:
                # Held first, as a purge does, so that neither waits for the other for ever.
                version = exclusions.hold(cursor)
                if self._mark(cursor, batch):
                    _check_current(version, batch)
                    self._record(cursor, batch)
        except (psycopg.Error, SupersededError, OutdatedError):
            self._catalog.forget()
            raise

    def _mark(self, cursor: Cursor[Any], batch: Batch) -> bool:
        """First of all, so that a superseded worker does no work and a competing one waits; False if it is there."""
        values = {
            "scan": batch.scan, "number": batch.number, "attempt": batch.attempt, "outcomes": batch.outcomes,
            "counts": counts(batch.outcomes), "requests": batch.requests, "connections": batch.connections,
            "done": batch.done, "release": batch.release, "size": len(batch.outcomes),
        }  # fmt: skip
        if cursor.execute(_CHUNK, values).rowcount == 1:
            return True
        if cursor.execute(_ALREADY, values).rowcount == 1:
            return False
        raise SupersededError(f"chunk {batch.number} of scan {batch.scan} is no longer ours")

    def _record(self, cursor: Cursor[Any], batch: Batch) -> None:
        shared = self._shared(cursor, batch.observations)
        with cursor.copy("copy seen from stdin") as copy:
            for seen, its in zip(batch.observations, shared, strict=True):  # Postgres reads the rows before meanwhile
                copy.write_row(self._row(seen, its))
        for statement in (_HOSTS, _PLACES, _ENDPOINTS):
            cursor.execute(statement)
        made, changed = cursor.execute(_RECORD, {"scan": batch.scan}).fetchone() or (0, None)
        if made != len(batch.observations):
            raise psycopg.DataError(f"{made} rows came of {len(batch.observations)} observations")
        listed.forget(cursor, changed or [])
        sayings.add(cursor, batch.observations)
        metrics.ROWS_WRITTEN.labels("observation").inc(len(batch.observations))

    def _shared(self, cursor: Cursor[Any], observations: Sequence[Observation]) -> list[_Shared]:
        """The numbers of what each observation shares with others."""
        listing = [seen for seen in observations if seen.outcome in _LISTING]
        inventories = iter(self._catalog.inventories(cursor, listing))
        recognised = [seen for seen in observations if seen.outcome.recognised]
        places = iter(self._catalog.places(cursor, [self._locate(seen.address or "") for seen in recognised]))
        software = iter(self._catalog.software(cursor, [(seen.software, seen.version) for seen in recognised]))
        found: list[_Shared] = []
        for seen in observations:
            place, network, ran = (*next(places), next(software)) if seen.outcome.recognised else (None, None, None)
            found.append((place, network, next(inventories) if seen.outcome in _LISTING else None, ran))
        return found

    def _row(self, seen: Observation, shared: _Shared) -> tuple[Any, ...]:
        """The row of the temporary table for an observation."""
        verdict, signals = _judged(seen.signals)
        at = msgspec.to_builtins(seen.observed_at)  # a text, many times faster than psycopg's
        return (
            seen.address, seen.target.port, seen.target.name, int(seen.outcome), at, seen.running,
            seen.latency_ms, seen.outcome.recognised, verdict, signals,
            seen.certificate, seen.imprint, *shared, self._catalog.recalled(seen) if seen.recalled else None,
        )  # fmt: skip


@functools.lru_cache(maxsize=1024)
def _judged(signals: frozenset[Signal]) -> tuple[int, str]:
    """The verdict that signals carry, and their words as an array in sorted order."""
    verdict = max((signal.verdict for signal in signals), default=Verdict.CREDIBLE)
    return int(verdict), array_of(sorted(signal.word for signal in signals))


def _check_current(version: exclusions.Version, batch: Batch) -> None:
    if version != batch.exclusions:
        raise OutdatedError
