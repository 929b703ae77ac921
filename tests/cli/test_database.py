"""The embedded database as commands find it: of an older program, and with objects of its user's on ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from census.store.embedded import Embedded
from census.store.migrate import upgrade
from tests.support.older import LATEST_FIRST
from tests.support.program import census

VIEW = "create schema mine; create view mine.top as select * from stats.families limit 3"


def ask(url: str, query: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(query.encode())


@pytest.fixture
def older(initialised: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder whose embedded database was laid down by another program, with a view of its user's on a statistic."""
    shutil.copytree(initialised, tmp_path / "home")
    with Embedded(tmp_path / "home") as server:
        upgrade(server.url)
        ask(server.url, VIEW)
        ask(server.url, "update laid set digest = 'older'")
    yield tmp_path
    Embedded(tmp_path / "home").stop()


def test_a_view_on_ours_that_stops_the_upgrade_can_be_dropped_in_the_shell(older: Path) -> None:
    refused = census("stats", "families", folder=older)
    assert refused.returncode == 1
    assert "drop them (`census db shell`)" in refused.stderr
    dropped = census("db", "shell", "-c", "drop schema mine cascade", folder=older)
    assert (dropped.returncode, dropped.stdout) == (0, "DROP SCHEMA\n")
    assert dropped.stderr.startswith("warning: the upgrade would take away")
    assert "view mine.top depends on" in dropped.stderr
    assert census("stats", "families", folder=older).returncode == 0


def test_a_server_whose_upgrade_a_view_stops_is_started_all_the_same(older: Path) -> None:
    started = census("db", "start", folder=older)
    assert started.returncode == 0
    assert started.stderr.startswith("warning: the upgrade would take away")
    assert started.stdout == census("db", "url", folder=older).stdout
    ask(started.stdout.strip(), "drop view mine.top")


def test_the_shell_opens_a_server_of_ones_own_before_it_is_upgraded(database_url: str, tmp_path: Path) -> None:
    ask(database_url, "update laid set digest = 'older'")
    done = census("db", "shell", "-Atc", "select 1", folder=tmp_path, url=database_url)
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert "run `census db upgrade` first" in done.stderr


def test_an_upgrade_of_a_database_that_was_used_is_told_once(older: Path) -> None:
    with Embedded(older / "home") as server:
        ask(server.url, "drop schema mine, stats, export cascade")
        for later in LATEST_FIRST[:-1]:
            ask(server.url, later)
        ask(server.url, "update alembic_version set version_num = '0010'")
    first, second = (census("stats", "families", folder=older) for _ in range(2))
    assert "brought the database from revision 0010 to 0017\n" in first.stderr
    assert "brought" not in second.stderr


def test_making_a_database_and_laying_its_statistics_anew_is_not_told(initialised: Path, tmp_path: Path) -> None:
    shutil.copytree(initialised, tmp_path / "home")
    made = census("db", "upgrade", folder=tmp_path)
    with Embedded(tmp_path / "home") as server:
        ask(server.url, "update laid set digest = 'older'")
    assert made.stderr == census("db", "upgrade", folder=tmp_path).stderr == ""
