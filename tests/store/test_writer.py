"""What a batch makes of its observations: sightings, their counters, and rows that two workers make at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from msgspec.structs import replace
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from census.facts import Model, Observation, Outcome, Target
from census.places import Place
from census.store import claims
from census.store.connect import connect
from census.store.identity import model_hash
from census.store.writer import Batch, Writer
from tests.support.asking import rows_of
from tests.support.scanning import create

QWEN, LLAMA, GEMMA = Model("qwen2:7b"), Model("llama3:8b"), Model("gemma:2b")
PLACES = {"127.0.0.1": Place("DE"), "127.0.0.2": Place("FR", "Paris", "Paris", 1, "One")}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seen(address: str = "127.0.0.1", *models: Model, **facts: Any) -> Observation:
    told = {"outcome": Outcome.SERVED, "observed_at": NOON, "software": "Ollama", "version": "0.6.8", **facts}
    return Observation(Target(address, 11434), address=address, models=models or (QWEN, LLAMA, GEMMA), **told)


def write(url: str, folder: Path, observations: Sequence[Observation]) -> None:
    """All of them as one batch of a scan of its own; the targets that the scan lists do not matter to the writer."""
    number = create(url, folder, [f"127.0.9.{each}:1" for each, _ in enumerate(observations)])
    with connect(url) as connection:
        claim = claims.claim(connection, number, "one")
        assert claim is not None
        writer = Writer(connection, PLACES.__getitem__)
        outcomes = bytes(each.outcome for each in observations)
        writer.write(Batch(number, claim.number, claim.attempt, outcomes, observations, 0, 0))


def write_while(url: str, folder: Path, observation: Observation, statement: str, values: Sequence[object]) -> None:
    """Write it while another's transaction has executed a statement and commits only when the writer waits for it."""
    waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as threads, connect(url) as watcher, psycopg.connect(url) as other:
        other.execute(statement.encode(), values)
        written = threads.submit(write, url, folder, [observation])
        while watcher.execute(waiting).fetchone() is None:
            assert not written.done(), "it did not wait"
            time.sleep(0.01)
        other.commit()
        written.result()


def counters(url: str) -> list[tuple[Any, ...]]:
    return rows_of(url, "select observations, first_seen, last_seen, day_count, latency_ms from sighting order by id")


def test_an_endpoint_that_a_batch_meets_twice_has_one_sighting_that_counts_both(
    database_url: str, tmp_path: Path
) -> None:
    later = NOON.replace(day=2)
    twice = [seen(latency_ms=30.0), seen(latency_ms=20.0, observed_at=later)]
    write(database_url, tmp_path, twice)
    assert counters(database_url) == [(2, NOON, later, 2, 20.0)]
    last = NOON.replace(day=5)
    write(database_url, tmp_path, [*twice, seen(latency_ms=None, observed_at=last)])
    assert counters(database_url) == [(5, NOON, last, 3, 20.0)]
    assert rows_of(database_url, "select count(*), count(distinct sighting_id) from observation") == [(5, 1)]


def test_days_and_weeks_are_given_as_they_would_be_computed_whoever_writes(database_url: str, tmp_path: Path) -> None:
    def days(*told: int) -> list[Observation]:
        return [seen(observed_at=NOON + timedelta(day)) for day in told]

    def told() -> list[tuple[Any, ...]]:
        return rows_of(
            database_url, "select day_count, weeks, day_count = days_in(days), weeks = weeks_of(days) from sighting"
        )

    write(database_url, tmp_path, days(0))
    assert told() == [(1, Multirange([Range(1364, 1365)]), True, True)]
    for later, count in ((1, 2), (1, 2), (-1, 3)):
        write(database_url, tmp_path, days(later))
        assert told()[0][0] == count
    write(database_url, tmp_path, [*days(0, 1, 2, 30, -9_999), seen("127.0.0.2"), *days(200, 200)])
    assert sorted(each[0] for each in told()) == [1, 7]
    assert {each[2:] for each in told()} == {(True, True)}
    rows_of(database_url, "update sighting set days = '{[2026-02-01,2026-02-02)}' returning 1")
    assert told() == [(1, Multirange([Range(1360, 1361)]), True, True)] * 2


def test_a_failure_counts_in_no_sighting_beside_one_that_is_new(database_url: str, tmp_path: Path) -> None:
    locked = replace(seen(outcome=Outcome.LOCKED), models=(), software=None, version=None)
    write(database_url, tmp_path, [locked, seen(outcome=Outcome.TIMED_OUT, software=None, version=None)])
    assert counters(database_url) == [(1, NOON, NOON, 1, None)]
    found = rows_of(database_url, "select outcome, sighting_id is null from observation order by outcome")
    assert sorted(found) == sorted([(Outcome.LOCKED, False), (Outcome.TIMED_OUT, True)])


def test_what_only_others_told_is_what_no_observation_was_told_itself(database_url: str, tmp_path: Path) -> None:
    def recalled() -> list[str]:
        found = "select name from sighting, unnest(recalled) its join model on model.id = its order by name"
        return [name for (name,) in rows_of(database_url, found)]

    told = [frozenset({QWEN.name, LLAMA.name, GEMMA.name}), frozenset({QWEN.name, LLAMA.name})]
    write(database_url, tmp_path, [seen(recalled=each) for each in told])
    assert recalled() == [LLAMA.name, QWEN.name]
    write(database_url, tmp_path, [seen(recalled=frozenset({GEMMA.name, QWEN.name}))])
    assert recalled() == [QWEN.name]
    write(database_url, tmp_path, [seen()])
    assert recalled() == []


def test_a_sighting_that_another_worker_makes_meanwhile_is_added_to(database_url: str, tmp_path: Path) -> None:
    write(database_url, tmp_path, [seen("127.0.0.1", QWEN), seen("127.0.0.2", LLAMA)])
    first = NOON.replace(month=2)
    its = """insert into sighting (endpoint_id, inventory_id, software_id, first_seen, last_seen, observations, days)
        select one.endpoint_id, other.inventory_id, one.software_id, %s, %s, 3, '{[2026-02-01,2026-02-03)}'
        from sighting one join sighting other on one.endpoint_id < other.endpoint_id"""
    write_while(database_url, tmp_path, seen("127.0.0.1", LLAMA), its, [first, first])
    assert counters(database_url)[-1] == (4, first, NOON, 3, None)
    assert rows_of(database_url, "select count(*), count(distinct sighting_id) from observation") == [(3, 3)]


def test_a_sighting_has_the_host_of_its_endpoint_and_the_size_of_its_list(database_url: str, tmp_path: Path) -> None:
    write(database_url, tmp_path, [seen("127.0.0.1", QWEN, LLAMA), seen("127.0.0.2", outcome=Outcome.LOCKED)])
    told = "select host(address), size from sighting join host on host.id = sighting.host_id order by address"
    assert rows_of(database_url, told) == [("127.0.0.1", 2), ("127.0.0.2", None)]
    rows_of(database_url, "delete from observation")
    again = """with gone as (delete from sighting returning *)
        insert into sighting (endpoint_id, inventory_id, first_seen, last_seen, observations, days)
        select endpoint_id, inventory_id, first_seen, last_seen, observations, days from gone returning 1"""
    assert rows_of(database_url, again) == [(1,)] * 2
    assert rows_of(database_url, told) == [("127.0.0.1", 2), ("127.0.0.2", None)]


def test_a_model_that_another_worker_stores_meanwhile_is_the_same_row(database_url: str, tmp_path: Path) -> None:
    its = "insert into model (hash, name, tools) values (%s, %s, 1)"
    write_while(database_url, tmp_path, seen("127.0.0.1", QWEN), its, [model_hash(QWEN), QWEN.name])
    assert rows_of(database_url, "select models = array[model.id] from inventory, model") == [(True,)]


def test_places_are_found_again_with_and_without_what_is_unknown(database_url: str, tmp_path: Path) -> None:
    hosts = [seen("127.0.0.1"), seen("127.0.0.2")]
    write(database_url, tmp_path, hosts)
    write(database_url, tmp_path, hosts)
    found = rows_of(
        database_url,
        """select country, city, asn, organization from host join place on place.id = place_id
        join network on network.id = network_id order by address""",
    )
    assert found == [("DE", None, None, None), ("FR", "Paris", 1, "One")]
    assert rows_of(database_url, "select (select count(*) from place), (select count(*) from network)") == [(2, 2)]
