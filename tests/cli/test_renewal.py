"""The end of `census scan`: what was asked before it is asked once more, and nothing of the scan hangs on that."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from census.store import kept
from census.store.connect import engine
from census.store.statistics import rows
from tests.store.village import settle
from tests.support.asking import rows_of
from tests.support.crowd import crowd
from tests.support.havoc import prepare
from tests.support.ports import free_ports
from tests.support.program import SCOPE, census, command, last_json, surroundings

FAST = ("--timeout", "0.5", "--deadline", "2", "--workers", "1")
HELD = "select statistic from kept where result is not null order by 1"
COUNTING = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
        and state = 'active' and query like '%stats.countries(%'
"""


@pytest.fixture
def asked_url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A census of which two statistics were asked; since then something was written."""
    monkeypatch.setattr(kept, "LONG", 0.0)
    made = engine(database_url)
    with made.begin() as connection:
        settle(connection)
    rows_of(database_url, "update scan set ended = began + interval '1 hour'")
    with made.connect() as connection:
        rows(connection, "countries")
        rows(connection, "funnel")
    made.dispose()
    rows_of(database_url, "update kept set snapshot = null, result = null")
    return database_url


@pytest.fixture
def line(tmp_path: Path) -> list[str | Path]:
    """A scan of an address where nobody listens."""
    scope = tmp_path / "scope.toml"
    scope.write_text(SCOPE)
    listed = tmp_path / "targets.txt"
    listed.write_text(f"127.0.0.1:{free_ports(1)}\n")
    return ["scan", listed, "--scope", scope, *FAST]


def test_after_a_scan_results_are_renewed_and_a_resume_of_what_is_done_asks_nothing(
    asked_url: str, line: list[str | Path], tmp_path: Path
) -> None:
    done = census(*line, "--json", folder=tmp_path, url=asked_url)
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("results renewed: 2 of 2\n")
    assert last_json(done)["targets"] == 1
    assert rows_of(asked_url, HELD) == [("countries",), ("funnel",)]
    rows_of(asked_url, "update kept set snapshot = null, result = null")
    resumed = census("resume", str(last_json(done)["scan"]), folder=tmp_path, url=asked_url)
    assert (resumed.returncode, rows_of(asked_url, HELD)) == (0, [])


def test_a_quiet_scan_renews_without_a_word(asked_url: str, line: list[str | Path], tmp_path: Path) -> None:
    done = census(*line, "--quiet", folder=tmp_path, url=asked_url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(rows_of(asked_url, HELD)) == 2


def test_workers_that_end_a_scan_renew_too(asked_url: str, tmp_path: Path) -> None:
    with crowd(80) as servers:
        listed, allowed = prepare(tmp_path, servers.targets(), 30)
        scan = subprocess.Popen(
            command("scan", listed, "--scope", allowed, *FAST), stderr=subprocess.DEVNULL,
            env=surroundings(tmp_path, asked_url),
        )  # fmt: skip
        servers.wait_for(10)
        scan.kill()
        scan.wait()
        helped = census("worker", "--drain", "--workers", "1", folder=tmp_path, url=asked_url)
    assert helped.returncode == 0, helped.stderr
    assert rows_of(asked_url, "select count(*) from scan where ended is null") == [(0,)]
    assert rows_of(asked_url, HELD) == [("countries",), ("funnel",)]


def test_who_interrupts_the_renewal_has_a_scan_that_is_done(
    asked_url: str, line: list[str | Path], tmp_path: Path
) -> None:
    rows_of(
        asked_url,
        "create or replace function stats.credible(verdict smallint) returns boolean language sql"
        " as 'select pg_sleep(60) is null'",
    )
    program = subprocess.Popen(
        command(*line, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=surroundings(tmp_path, asked_url),
    )  # fmt: skip
    until = time.monotonic() + 60
    while rows_of(asked_url, COUNTING) == [(0,)]:
        assert program.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    program.send_signal(signal.SIGINT)
    said, complained = program.communicate(timeout=30)
    assert program.returncode == 0, complained
    assert json.loads(said.splitlines()[-1])["state"] == "done"
    assert "nterrupt" not in complained
    assert "Traceback" not in complained
    assert rows_of(asked_url, "select count(*) from scan where ended is null") == [(0,)]
