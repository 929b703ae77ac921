from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from census.facts import Outcome
from census.places import Places
from census.store import claims
from census.store.connect import connect
from census.store.writer import Batch, SupersededError, Writer
from tests.support.scanning import create

TARGETS = [f"127.0.{network}.{host}:{80 + host}" for network in range(6) for host in (1, 2)]


def stored(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select number, worker, length(outcomes), cardinality(ports) from chunk order by number"
        ).fetchall()


def test_a_split_chunk_has_each_target_once_and_the_new_one_can_be_claimed(database_url: str, tmp_path: Path) -> None:
    lines = [*TARGETS, "localhost:99", "https://127.0.9.9:443"]
    scan = create(database_url, tmp_path, lines)
    with connect(database_url) as connection:
        claim = claims.claim(connection, scan, "one:1")
        assert claim is not None
        before = set(claim.targets)
        Writer(connection, Places([]).locate).write(
            Batch(scan, 0, claim.attempt, bytes([Outcome.REFUSED]) + bytes(13), [], 0, 1)
        )
        assert claims.split(connection, claim, 14, [3, 5, 6, 13])
        assert claims.split(connection, claim, 14, [3, 5, 6, 13])  # as after a lost connection: it has been done
        other = claims.claim(connection, scan, "two:2")
        assert other is not None
        assert other.targets == tuple(claim.targets[place] for place in (3, 5, 6, 13))
        connection.execute("update chunk set worker = null")
        again = claims.claim(connection, scan, "three:3")
        assert again is not None
        assert again.outcomes == bytes([Outcome.REFUSED]) + bytes(9)
        assert set(again.targets) | set(other.targets) == before
        assert len(again.targets) + len(other.targets) == len(before) == 14
    assert [(row[0], row[2], row[3]) for row in stored(database_url)] == [(0, 10, 10), (1, 4, 4)]


def test_a_chunk_that_is_anothers_by_now_is_not_split(database_url: str, tmp_path: Path) -> None:
    scan = create(database_url, tmp_path, TARGETS)
    with connect(database_url) as connection:
        claim = claims.claim(connection, scan, "one:1")
        assert claim is not None
        connection.execute("update chunk set attempt = attempt + 1")
        assert not claims.split(connection, claim, len(TARGETS), [1, 2])
    assert len(stored(database_url)) == 1


def test_a_batch_of_a_chunk_as_it_was_before_a_split_does_not_fit(database_url: str, tmp_path: Path) -> None:
    scan = create(database_url, tmp_path, TARGETS)
    with connect(database_url) as connection:
        claim = claims.claim(connection, scan, "one:1")
        assert claim is not None
        assert claims.split(connection, claim, len(TARGETS), [1, 2])
        with pytest.raises(SupersededError):
            Writer(connection, Places([]).locate).write(Batch(scan, 0, claim.attempt, bytes([4] * 12), [], 0, 0))


def test_a_batch_that_is_written_twice_counts_once(database_url: str, tmp_path: Path) -> None:
    scan = create(database_url, tmp_path, TARGETS)
    with connect(database_url) as connection:
        claim = claims.claim(connection, scan, "one:1")
        assert claim is not None
        writer = Writer(connection, Places([]).locate)
        half = Batch(scan, 0, claim.attempt, bytes([Outcome.REFUSED] * 6) + bytes(6), [], 2, 6)
        batch = Batch(scan, 0, claim.attempt, bytes([Outcome.REFUSED] * 12), [], 1, 6)
        for each in (half, half, batch, batch):
            writer.write(each)
        found = connection.execute("select requests, connections, done, worker from chunk").fetchone()
        assert found == (3, 12, True, None)
        with pytest.raises(SupersededError):
            writer.write(replace(batch, attempt=claim.attempt - 1))


def test_giving_a_chunk_back_unchanged_frees_it(database_url: str, tmp_path: Path) -> None:
    scan = create(database_url, tmp_path, TARGETS)
    with connect(database_url) as connection:
        claim = claims.claim(connection, scan, "one:1")
        assert claim is not None
        Writer(connection, Places([]).locate).write(Batch(scan, 0, claim.attempt, bytes(12), [], 0, 0, release=True))
    assert stored(database_url)[0][1] is None
