from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from census.store import claims, scans, workers
from census.store.connect import connect
from census.store.workers import Joined, Sign
from tests.support.scanning import create, scope

RATE = 120.0


@pytest.fixture
def scan(database_url: str, tmp_path: Path) -> int:
    return create(database_url, tmp_path, ["127.0.0.1:1", "127.0.1.1:1"], rate=RATE)


def test_shares_settle_evenly_and_an_idle_worker_has_none(database_url: str, scan: int) -> None:
    with connect(database_url) as connection:
        rows = [workers.join(connection, scan) for _ in range(4)]
        using = [0.0] * 4
        for _ in range(4):
            for place, joined in enumerate(rows):
                standing = workers.beat(connection, joined, Sign(using[place], working=place != 3))
                using[place] = standing.rate
        assert using == pytest.approx([RATE / 3] * 3 + [0])
        assert workers.beat(connection, rows[0], Sign(using[0], working=True)).idle == 1


def test_a_worker_alone_has_the_whole_rate_at_once(database_url: str, scan: int) -> None:
    with connect(database_url) as connection:
        joined = workers.join(connection, scan)
        assert workers.beat(connection, joined, Sign(0, working=True)).rate == RATE


@pytest.mark.parametrize("seed", range(3))
def test_what_all_use_together_is_never_more_than_the_rate(database_url: str, scan: int, seed: int) -> None:
    """Workers join, work, rest and leave at random; each uses what it had until the answer has reached it."""
    chance = random.Random(seed)
    using: dict[Joined, float] = {}
    answers: dict[Joined, float] = {}
    with connect(database_url) as connection:
        for _ in range(200):
            if not using or (len(using) < 8 and chance.random() < 0.1):
                using[workers.join(connection, scan)] = 0.0
            joined = chance.choice(list(using))
            if joined in answers:
                using[joined] = answers.pop(joined)
            elif chance.random() < 0.1:
                workers.leave(connection, joined)
                del using[joined]
            else:
                working = chance.random() < 0.8
                using[joined] = using[joined] if working else 0.0
                answers[joined] = workers.beat(connection, joined, Sign(using[joined], working=working)).rate
            assert sum(using.values()) <= RATE + 1e-6
    assert max(using.values()) > 0


def test_the_share_of_a_silent_worker_is_free_when_its_lease_has_ended(database_url: str, scan: int) -> None:
    with connect(database_url) as connection:
        silent, other = workers.join(connection, scan), workers.join(connection, scan)
        workers.beat(connection, silent, Sign(0, working=True))
        assert workers.beat(connection, other, Sign(0, working=True)).rate == 0
        connection.execute("update worker set heartbeat = heartbeat - interval '11 s' where id = %s", (silent.row,))
        assert workers.beat(connection, other, Sign(0, working=True)).rate == RATE
    assert workers.LEASE < claims.STALE


def test_a_stopped_or_resumed_scan_is_over_for_those_who_worked_on_it(database_url: str, scan: int) -> None:
    with connect(database_url) as connection:
        joined = workers.join(connection, scan)
        assert not workers.beat(connection, joined, Sign(0, working=True)).over
        assert scans.stop(connection, scan)
        standing = workers.beat(connection, joined, Sign(0, working=True))
        assert (standing.over, standing.rate) == (True, 0)
        assert claims.claim(connection, scan, "one:1", joined.run) is None
        assert workers.open_scans(connection) == []
        scans.begin_again(connection, scan)
        assert workers.beat(connection, joined, Sign(0, working=True)).over
        assert claims.claim(connection, scan, "one:1", joined.run) is None
        assert claims.claim(connection, scan, "one:1", workers.join(connection, scan).run) is not None


def test_signs_of_life_keep_only_the_chunks_that_the_worker_knows_of(database_url: str, scan: int) -> None:
    with connect(database_url) as connection:
        joined = workers.join(connection, scan)
        claim = claims.claim(connection, scan, "one:1")
        assert claim is not None
        connection.execute("update chunk set claimed_at = now() - interval '1 minute'")
        workers.beat(connection, joined, Sign(0, working=True, chunks=[(claim.number, claim.attempt + 1)]))
        assert workers.open_scans(connection)[0].claimable
        workers.beat(connection, joined, Sign(0, working=True, chunks=[(claim.number, claim.attempt)]))
        assert not workers.open_scans(connection)[0].claimable


def test_what_dead_processes_of_this_machine_held_is_free_at_once(database_url: str, scan: int) -> None:
    with connect(database_url) as connection:
        joined = workers.join(connection, scan)
        connection.execute("update worker set process = 99999999")
        assert claims.claim(connection, scan, f"{workers.machine()}:99999999") is not None
        workers.bury(connection, scan)
        assert not workers.beat(connection, joined, Sign(0, working=True)).known
        assert claims.claim(connection, scan, "another:1") is not None


def test_a_session_that_froze_in_a_transaction_is_ended_and_its_locks_are_free(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = create(database_url, tmp_path, ["127.0.0.1:1"])
    frozen = connect(database_url)
    with connect(database_url) as connection:
        workers.join(frozen, scan)
        frozen.autocommit = False
        frozen.execute("select from chunk for update")
        workers.bury(connection, scan)
        assert claims.claim(connection, scan, "one:1") is None  # it is not silent for long enough
        _wait_until_silent(connection)
        monkeypatch.setattr(workers, "STALE", 0.1)
        workers.bury(connection, scan)
        with pytest.raises(psycopg.OperationalError):
            frozen.execute("select 1")
        assert claims.claim(connection, scan, "one:1") is not None
    frozen.close()


def _wait_until_silent(connection: psycopg.Connection[Any]) -> None:
    """As if the worker had been silent for longer than is waited: its rows are old, and so is what counts as long."""
    time.sleep(0.3)
    connection.execute("update worker set heartbeat = clock_timestamp() - interval '0.2 s'")


def test_only_scans_that_may_go_on_are_open(database_url: str, tmp_path: Path, scan: int) -> None:
    second = create(database_url, tmp_path, ["127.0.0.1:2"])
    with connect(database_url) as connection:
        assert [each.scan for each in workers.open_scans(connection)] == [scan, second]
        assert workers.open_elsewhere(connection, scan)
        connection.execute("update chunk set done = true where scan_id = %s", (second,))
        assert not workers.open_elsewhere(connection, scan)
        assert scans.end(connection, second)
        connection.execute("update scan set settings = jsonb_set(settings, '{scope,valid_until}', '\"2020-01-01\"')")
        assert [(each.scan, each.expired) for each in workers.open_scans(connection)] == [(scan, True)]
        connection.execute("update scan set reference = %s", (scans.DEMO,))
        assert workers.open_scans(connection) == []


def test_a_scan_is_ended_once(database_url: str, tmp_path: Path) -> None:
    number = create(database_url, tmp_path, ["127.0.0.1:1"], scope(tmp_path))
    with connect(database_url) as first, connect(database_url) as second:
        first.execute("update chunk set done = true")
        with first.transaction():
            assert scans.end(first, number)
            assert not scans.end(second, number)  # while the first is at it
        when = first.execute("select ended from scan").fetchone()
        assert scans.end(second, number)
        assert first.execute("select ended from scan").fetchone() == when
