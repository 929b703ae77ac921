"""`census worker` and `census stop` as a person uses them, with real processes that die, hang and come back."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.types.json import Jsonb

from census.cli.main import cli
from census.store import scans, workers
from census.store.connect import connect
from tests.support.crowd import Crowd, crowd
from tests.support.havoc import judge, prepare, workers_of
from tests.support.line import line_to
from tests.support.program import census, command, surroundings
from tests.support.scanning import create, scope

FAST = ("--timeout", "2", "--workers", "1")


@contextlib.contextmanager
def running(folder: Path, url: str, *line: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The program while it runs; killed in the end if nothing else ended it."""
    process = subprocess.Popen(
        command(*line), env=surroundings(folder, url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for(url: str, query: str, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            row = connection.execute(query.encode()).fetchone()
            if row is not None and row[0]:
                return
            assert time.monotonic() < end, query
            time.sleep(0.05)


def state(url: str) -> str:
    with connect(url) as connection:
        return scans.progress(connection, 1).state


def begin(servers: Crowd, folder: Path, rate: float) -> tuple[str | Path, ...]:
    listed, allowed = prepare(folder, servers.targets(), rate)
    return ("scan", listed, "--scope", allowed, *FAST)


def test_workers_finish_a_scan_whose_launcher_was_killed_and_end_it(tmp_path: Path, database_url: str) -> None:
    with crowd(80) as servers, running(tmp_path, database_url, *begin(servers, tmp_path, 40)) as scan:
        servers.wait_for(10)
        scan.kill()
        helped = census("worker", "--drain", "--workers", "2", folder=tmp_path, url=database_url)
        assert helped.returncode == 0, helped.stderr
        assert state(database_url) == "done"
        judge(database_url, servers, 0)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from worker").fetchone() == (0,)


def test_stop_ends_a_scan_everywhere_and_no_worker_takes_it_up_before_it_is_resumed(
    tmp_path: Path, database_url: str
) -> None:
    with (
        crowd(200) as servers,
        running(tmp_path, database_url, *begin(servers, tmp_path, 20)) as scan,
        running(tmp_path, database_url, "worker", "--workers", "1") as helper,
    ):
        wait_for(database_url, "select count(*) = 2 from worker")
        stopped = census("stop", "latest", folder=tmp_path, url=database_url)
        assert stopped.returncode == 0, stopped.stderr
        assert "census resume 1" in stopped.stdout
        assert "no word yet" not in stopped.stderr
        _, said = scan.communicate(timeout=20)
        assert scan.returncode == 130
        assert "was stopped" in said
        assert "census resume 1" in said
        assert state(database_url) == "interrupted"
        before = len(servers.contacts)
        time.sleep(1.5)
        assert len(servers.contacts) == before
        wait_for(database_url, "select count(*) = 0 from worker")
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("update scan set settings = jsonb_set(settings, '{rate}', '200')")
        done = census("resume", "--workers", "1", folder=tmp_path, url=database_url)
        assert done.returncode == 0, done.stderr
        judge(database_url, servers, 0)
        helper.send_signal(signal.SIGTERM)
        helper.communicate(timeout=20)
        assert helper.returncode == 0
    again = census("stop", "1", folder=tmp_path, url=database_url)
    assert again.returncode == 2
    assert "done" in again.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_worker_that_is_told_to_end_gives_its_chunks_back(
    number: signal.Signals, code: int, tmp_path: Path, database_url: str
) -> None:
    with crowd(100) as servers:
        create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), rate=10), rate=10.0)
        with running(tmp_path, database_url, "worker", "--workers", "1") as worker:
            wait_for(database_url, "select count(*) > 0 from chunk where worker is not null and not done")
            worker.send_signal(number)
            _, said = worker.communicate(timeout=20)
        assert worker.returncode == code, said
        assert "Traceback" not in said
        with psycopg.connect(database_url) as connection:
            assert connection.execute("select count(*) from chunk where worker is not null").fetchone() == (0,)
            assert connection.execute("select count(*) from worker").fetchone() == (0,)


def test_a_worker_that_hung_is_superseded_and_what_it_has_is_dropped(tmp_path: Path, database_url: str) -> None:
    with crowd(150) as servers:
        create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), rate=30), rate=30.0)
        with running(tmp_path, database_url, "--verbose", "worker", "--workers", "1", "--drain") as first:
            servers.wait_for(10)
            [frozen] = workers_of(first.pid)
            os.kill(frozen, signal.SIGSTOP)
            # As if the staleness had passed; the lease of the one that hangs ends only with its ten seconds.
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute("update chunk set claimed_at = claimed_at - interval '1 minute'")
            with running(tmp_path, database_url, "worker", "--workers", "1", "--drain") as second:
                wait_for(database_url, "select count(*) > 0 from chunk where attempt > 1 and worker is not null")
                os.kill(frozen, signal.SIGCONT)
                _, said = first.communicate(timeout=90)
                second.communicate(timeout=90)
                assert (first.returncode, second.returncode) == (0, 0)
        assert "another worker has taken this chunk over" in said
        with psycopg.connect(database_url) as connection:
            counted = connection.execute("select count(*), count(distinct endpoint_id) from observation").fetchone()
            outcomes = connection.execute("select outcome, count(*) from export.targets group by 1").fetchall()
        assert counted == (150, 150)
        assert outcomes == [("served", 150)]


@pytest.mark.parametrize("line", ["scan", "worker"])
def test_terminating_takes_five_seconds_though_the_database_does_not_answer(
    line: str, tmp_path: Path, database_url: str
) -> None:
    with crowd(100) as servers, line_to(database_url) as wire:
        started = begin(servers, tmp_path, 10)
        if line == "worker":
            create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), rate=10), rate=10.0)
            started = ("worker", "--workers", "1")
        with running(tmp_path, wire.url, *started) as program:
            servers.wait_for(5)
            wire.freeze()
            time.sleep(1.2)
            began = time.monotonic()
            program.send_signal(signal.SIGTERM)
            _, said = program.communicate(timeout=20)
        assert time.monotonic() - began < 8  # five, and what a busy machine adds
        assert program.returncode == (130 if line == "scan" else 0)
        assert "hunter2" not in said
        assert "Traceback" not in said


def test_a_scan_whose_authorisation_has_ended_is_left_alone_with_a_warning(tmp_path: Path, database_url: str) -> None:
    with crowd(1) as servers:
        create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), valid_until=date(2020, 1, 2)))
        done = census("worker", "--drain", "--workers", "1", folder=tmp_path, url=database_url)
        assert done.returncode == 0, done.stderr
        assert "level=warning" in done.stderr
        assert "authorisation of scan 1 has ended" in done.stderr
        assert servers.contacts == []


def test_every_line_of_the_log_tells_level_scan_chunk_and_worker_and_never_the_password(
    tmp_path: Path, database_url: str
) -> None:
    with crowd(40) as servers, line_to(database_url) as wire:
        create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), rate=20), rate=20.0)
        with psycopg.connect(database_url) as connection:
            elsewhere = str(tmp_path / "of-another-machine.mmdb")
            connection.execute("update scan set settings = jsonb_set(settings, '{places}', %s)", (Jsonb([elsewhere]),))
        with running(tmp_path, wire.url, "--quiet", "--verbose", "worker", "--drain", "--workers", "1") as program:
            servers.wait_for(10)
            wire.cut()
            time.sleep(0.7)
            wire.mend()
            _, said = program.communicate(timeout=60)
        assert program.returncode == 0, said
        judge(database_url, servers, 0)
    form = re.compile(r'time=\S+ level=\w+ scan=(\d+|-) chunk=(\d+|-) worker=\S+:\d+ logger=\S+ message=".*"')
    lines = said.splitlines()
    assert [line for line in lines if not form.fullmatch(line)] == []
    assert any("scan=1 chunk=0" in line for line in lines)
    assert sum("locates nothing" in line for line in lines) == 1
    assert any("the database is away" in line and "scan=1" in line for line in lines)
    assert "hunter2" not in said


def test_status_says_interrupted_seconds_after_everything_was_killed(tmp_path: Path, database_url: str) -> None:
    with crowd(60) as servers, running(tmp_path, database_url, *begin(servers, tmp_path, 2)) as scan:
        servers.wait_for(2)
        assert state(database_url) == "running"
        for each in workers_of(scan.pid):
            os.kill(each, signal.SIGSTOP)  # so that none sees the end of its parent
        children = workers_of(scan.pid)
        scan.kill()
        for each in children:
            os.kill(each, signal.SIGKILL)
        wait_for(database_url, "select heartbeat < now() - interval '5 s' from scan", 20)
        assert state(database_url) == "interrupted"


def test_status_says_interrupted_two_seconds_after_everything_on_its_machine_was_killed(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "FRESH", 60)  # so that a busy machine takes no part

    def told() -> str:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("update scan set heartbeat = clock_timestamp() - interval '2.1 s'")
        line = ["--database", database_url, "status", "1", "--json"]
        return str(json.loads(CliRunner().invoke(cli, line).stdout)["state"])

    create(database_url, tmp_path, ["127.0.0.9:9"])
    told()  # loads what a first call loads
    assert told() == "running"  # its launcher may be starting workers
    with subprocess.Popen(["true"]) as dead, connect(database_url) as connection:
        joined = workers.join(connection, 1)
        assert told() == "running"
        dead.wait()
        connection.execute("update worker set process = %s where id = %s", (dead.pid, joined.row))
        assert told() == "interrupted"
        connection.execute("update worker set machine = 'another'")
        assert told() == "running"


def test_a_scan_that_ends_while_it_is_stopped_is_not_said_to_be_resumable(tmp_path: Path, database_url: str) -> None:
    with crowd(1) as servers:
        create(database_url, tmp_path, servers.targets())
        with psycopg.connect(database_url, autocommit=True) as connection:  # as its workers leave it, a moment before
            connection.execute(
                "update chunk set done = true, outcomes = '\\x01', counts = array[1] || array_fill(0, array[14])"
            )
        stopped = census("stop", "1", folder=tmp_path, url=database_url)
    assert stopped.returncode == 0, stopped.stderr
    assert stopped.stdout == "scan 1 had come to its end: all 1 targets are done, so nothing was stopped\n"
    assert state(database_url) == "done"


def test_a_scan_whose_authorisation_has_ended_is_said_to_be_interrupted_by_that(
    tmp_path: Path, database_url: str
) -> None:
    with crowd(1) as servers:
        create(database_url, tmp_path, servers.targets(), replace(scope(tmp_path), valid_until=date(2020, 1, 2)))
    told = census("status", folder=tmp_path, url=database_url)  # its last sign of life is its making, just now
    assert "scan 1 is interrupted" in told.stdout
    assert "ended on 2020-01-02; next, under another: census resume 1 --scope FILE" in told.stdout


def test_a_scan_that_failed_leaves_word_at_once_that_nobody_works_on_it(tmp_path: Path, database_url: str) -> None:
    with crowd(60) as servers, running(tmp_path, database_url, *begin(servers, tmp_path, 2), "--json") as scan:
        servers.wait_for(2)
        for _ in range(8):
            for each in workers_of(scan.pid):
                os.kill(each, signal.SIGKILL)
            time.sleep(0.7)
            if scan.poll() is not None:
                break
        printed, said = scan.communicate(timeout=40)
        assert scan.returncode == 1, said
        assert json.loads(printed.splitlines()[-1])["state"] == "interrupted"
        assert state(database_url) == "interrupted"
