"""Two workers in network namespaces of their own, as two machines: one is cut off from the database for a minute.

Needs root and the program `ip`. The namespaces reach the database over links of their own; what is scanned is the
loopback of each, where nothing listens.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.support.line import Line, line_to
from tests.support.program import command, surroundings
from tests.support.scanning import create, scope

RATE, TARGETS, CUT = 40, 4000, 60


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def machine(number: int, url: str) -> Iterator[tuple[str, str, Line]]:
    """A namespace with a link to here: its name, the link's name here, and the line to the database over it."""
    space, link, inner = f"census{number}", f"census{number}o", f"census{number}i"
    ip("netns", "add", space)
    try:
        ip("link", "add", link, "type", "veth", "peer", "name", inner, "netns", space)
        ip("address", "add", f"10.231.{number}.1/30", "dev", link)
        ip("link", "set", link, "up")
        ip("-n", space, "address", "add", f"10.231.{number}.2/30", "dev", inner)
        ip("-n", space, "link", "set", inner, "up")
        ip("-n", space, "link", "set", "lo", "up")
        with line_to(url, f"10.231.{number}.1") as line:
            yield space, link, line
    finally:
        ip("netns", "delete", space)


@contextlib.contextmanager
def worker(space: str, line: Line, folder: Path) -> Iterator[Path]:
    """A worker in a namespace; gives the file of its log."""
    said = folder / f"{space}.txt"
    with said.open("w") as log:
        process = subprocess.Popen(
            ["ip", "netns", "exec", space, *command("--verbose", "worker", "--drain", "--workers", "1")],
            env=surroundings(folder, line.url), stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield said
            assert process.wait(120) == 0, said.read_text()
        finally:
            process.kill()


def done(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select coalesce(sum(n), 0) from chunk, unnest(counts) as n").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.system
def test_a_worker_that_is_cut_off_for_a_minute_comes_back_and_nothing_is_lost(
    database_url: str, tmp_path: Path
) -> None:
    lines = [f"127.{40 + number // 250}.{number % 250}.1:9" for number in range(TARGETS)]
    create(database_url, tmp_path, lines, replace(scope(tmp_path), rate=RATE), rate=float(RATE))
    with (
        machine(1, database_url) as (here, link, first),
        machine(2, database_url) as (there, _, second),
        worker(here, first, tmp_path) as cut,
        worker(there, second, tmp_path),
    ):
        end = time.monotonic() + 60
        while done(database_url) < RATE * 8:
            assert time.monotonic() < end, cut.read_text()
            time.sleep(0.2)
        ip("link", "set", link, "down")
        before = done(database_url)
        time.sleep(CUT)
        alone = done(database_url) - before
        ip("link", "set", link, "up")
    assert alone > RATE * (CUT - 20) / 2  # the other had all of the rate once the lease had ended
    text = cut.read_text()
    assert "the database is away" in text
    assert "the database is back" in text
    assert "hunter2" not in text
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select outcome, count(*) from export.targets group by 1").fetchall() == [
            ("refused", TARGETS)
        ]
        assert connection.execute("select ended is not null from scan").fetchone() == (True,)
        sent = connection.execute("select sum(connections) from chunk").fetchone()
    print(f"\n{alone} targets by the other while one was cut off for {CUT} s; connections stored: {sent}")
