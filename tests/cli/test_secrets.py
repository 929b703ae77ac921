"""Passwords of databases: in no output, no error and no command line, whatever goes wrong."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from census.cli.serve import serve
from census.store.embedded import Embedded
from census.store.migrate import upgrade
from census.store.programs import program
from tests.support.program import SCOPE, census, surroundings

SECRET = "s3cr3t"
COMMANDS = (
    ("status",),
    ("stats", "families"),
    ("report",),
    ("export", "models"),
    ("resume",),
    ("scan", "targets.txt", "--scope", "scope.toml"),
    ("serve",),
    ("demo", "--endpoints", "60"),
    ("lineage", "unplaced"),
    ("lineage", "refresh"),
    ("places", "refresh"),
    ("db", "upgrade"),
    ("db", "shell", "-c", "select 1"),
    ("db", "grant-reader", "grafana"),
    ("db", "prune", "--older-than", "1d"),
    ("db", "dump", "census.dump"),
    ("db", "restore", "targets.txt"),
    ("db", "merge", "-"),
    ("db", "start"),
    ("db", "stop"),
)


@pytest.fixture(scope="module")
def guarded(initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a socket that asks for passwords, with a user `bob`; its address without password."""
    folder = shutil.copytree(initialised, tmp_path_factory.mktemp("guarded") / "home")
    rules = folder / "postgres/data/pg_hba.conf"
    with Embedded(folder) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"create role bob login password '{SECRET}'")
            rules.write_text("local all bob,grafana scram-sha-256\nlocal all all trust\n")
            connection.execute("select pg_reload_conf()")
            connection.execute("alter database census owner to bob")
        upgrade(server.url.replace("census@", f"bob:{SECRET}@", 1))
        yield server.url.replace("census@", "bob@", 1)


def addresses(guarded: str) -> dict[str, str]:
    wrong = guarded.replace("bob@", f"bob:{SECRET}x@", 1)
    return {
        "nobody listens": f"postgresql://bob:{SECRET}@127.0.0.1:1/db",
        "wrong password": wrong,
        "wrong database": guarded.replace("bob@/census", f"bob:{SECRET}@/absent", 1),
        "driver named": wrong.replace("postgresql:", "postgresql+psycopg:", 1),
        "odd characters": f"postgresql://bob:{SECRET}%40%2F%3A%25%20'\"@127.0.0.1:1/db",
        "not escaped": f"postgresql://bob:{SECRET}@:/{SECRET}@127.0.0.1:1/db",
        "as a parameter": f"postgresql://bob@127.0.0.1:1/db?password={SECRET}",
        "key of a certificate": f"postgresql://bob@127.0.0.1:1/db?sslpassword={SECRET}",
        "no scheme": f"bob:{SECRET}@127.0.0.1/db",
        "no parameter of libpq": f"postgresql://bob:{SECRET}@127.0.0.1:1/db?nonsense={SECRET}",
    }


# In one process, as each of its own would take a second to start.
SCRIPT = """
import json, os, sys
from census.cli import main
for url, line in json.load(sys.stdin):
    os.environ["CENSUS_DATABASE_URL"] = url
    sys.argv = ["census", *line]
    try:
        main.main()
    except SystemExit as end:
        print("CODE", end.code, line)
"""


def test_no_command_that_fails_shows_the_password(guarded: str, tmp_path: Path) -> None:
    (tmp_path / "scope.toml").write_text(SCOPE)
    (tmp_path / "targets.txt").write_text("127.0.0.1:1\n")
    wrong = addresses(guarded)
    tried = [(wrong["wrong password"], line) for line in COMMANDS]
    tried += [
        (url, line) for url in wrong.values() for line in (("stats", "families"), ("db", "shell"), ("db", "upgrade"))
    ]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=json.dumps(tried), capture_output=True, text=True, check=False,
        cwd=tmp_path, env=surroundings(tmp_path, None, {"PYTHONPATH": os.pathsep.join(sys.path)}), timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("CODE") == len(tried)
    assert "CODE 0" not in done.stdout
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout + done.stderr


def command_lines() -> Iterator[bytes]:
    """What everybody on the machine can read of its processes."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError):
                yield (process / "cmdline").read_bytes()


def test_no_child_has_the_password_on_its_command_line(guarded: str, tmp_path: Path) -> None:
    url = guarded.replace("postgresql://bob@", f"postgresql+psycopg://bob:{SECRET}@", 1)
    seen: set[bytes] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            seen.update(command_lines())

    with ThreadPoolExecutor(1) as watcher:
        watching = watcher.submit(watch)
        try:
            shown = census("db", "shell", "-Atc", "select current_user, pg_sleep(0.2)", folder=tmp_path, url=url)
            dumped = census("db", "dump", tmp_path / "census.dump", folder=tmp_path, url=url)
            restored = census("db", "restore", tmp_path / "census.dump", folder=tmp_path, url=url)
        finally:
            over.set()
        watching.result()
    assert (shown.returncode, shown.stdout) == (0, "bob|\n"), shown.stderr
    assert dumped.returncode == restored.returncode == 0, dumped.stderr + restored.stderr
    assert any(str(program("psql")).encode() in line for line in seen)
    assert not [line for line in seen if SECRET.encode() in line]


def test_a_reader_logs_in_with_a_password_that_stood_in_no_command_line(guarded: str, tmp_path: Path) -> None:
    owner = guarded.replace("bob@", "census@", 1)
    done = census(
        "db", "grant-reader", "grafana", "--password-file", "-", folder=tmp_path, url=owner, given=f"{SECRET}2\n"
    )
    assert done.returncode == 0, done.stderr
    assert "cannot log in" not in done.stdout
    assert SECRET not in done.stdout + done.stderr
    with psycopg.connect(owner, user="grafana", password=f"{SECRET}2") as connection:
        assert connection.execute("select count(*) from stats.families").fetchone() == (0,)


def test_a_secret_that_no_variable_can_hold_is_not_put_on_a_command_line(guarded: str, tmp_path: Path) -> None:
    url = guarded.replace("bob@", f"bob:{SECRET}@", 1) + f"&sslpassword={SECRET}"
    done = census("db", "shell", "-c", "select 1", folder=tmp_path, url=url)
    assert done.returncode == 2
    assert "service file" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_the_embedded_server_is_reached_by_nobody_but_its_owner(embedded_folder: Path) -> None:
    with Embedded(embedded_folder):
        place = embedded_folder / "postgres"
        status = (place / "data/postmaster.pid").read_text().splitlines()
        socket = Path(status[4])
        for folder in (place, place / "data", socket):
            assert folder.stat().st_mode & 0o077 == 0, folder
        assert (socket / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0
        assert status[5].strip() == "", "the address it listens on by TCP"


def test_serve_listens_on_loopback_unless_told_otherwise() -> None:
    [listening] = [each for each in serve.params if each.name == "listening"]
    assert listening.default == "127.0.0.1:9464"
