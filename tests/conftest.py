"""Postgres for the tests: one embedded server for all workers of a run, and a fresh database for each test."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import shutil
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from census.store.embedded import Embedded

TEMPLATE = "census_template"


# A run in the background is started without SIGINT, and would hand that on to the programs that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all pytest-xdist workers of this run have in common."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def initialised(shared_folder: Path) -> Path:
    """A folder with data and no server, to copy: making data takes longer than most tests."""
    folder = shared_folder / "initialised"
    with alone(shared_folder):
        if not (folder / "postgres/data").exists():
            with Embedded(folder):
                pass
    return folder


@pytest.fixture(scope="module")
def _own_data(initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    # For each module and worker: to copy for each test takes longer than to start.
    return shutil.copytree(initialised, tmp_path_factory.mktemp("own") / "home")


@pytest.fixture
def embedded_folder(_own_data: Path) -> Iterator[Path]:
    """A folder with data, whose server does not run when a test begins, for tests of that server itself."""
    yield _own_data
    assert Embedded(_own_data).stop(), "a process of this test still uses the server"


@pytest.fixture(scope="session")
def server(shared_folder: Path, initialised: Path) -> Iterator[Embedded]:
    """The embedded server of this run; the worker that leaves last stops it."""
    folder = shared_folder / "server"
    with alone(shared_folder):
        if not folder.exists():
            shutil.copytree(initialised, folder)
    with Embedded(folder) as embedded:
        yield embedded


@pytest.fixture(scope="session")
def template(server: Embedded, shared_folder: Path) -> str:
    """The name of a database with the current schema and no rows, to copy; the first worker makes it."""
    with alone(shared_folder), psycopg.connect(server.url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
        if found is None:
            unfinished = f"{TEMPLATE}_{uuid.uuid4().hex}"
            prepare_template(server.create_database(unfinished))
            connection.execute(f"ALTER DATABASE {unfinished} RENAME TO {TEMPLATE}".encode())
    return TEMPLATE


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep the other workers of this run out."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare_template(url: str) -> None:
    """Bring an empty database to the current schema; imported here, for most tests need no database."""
    importlib.import_module("census.store.migrate").upgrade(url)


@pytest.fixture
def database_url(server: Embedded, template: str) -> Iterator[str]:
    """The address of a database of the current schema that this test has for itself."""
    name = f"test_{uuid.uuid4().hex}"
    yield server.create_database(name, template)
    server.drop_database(name)
