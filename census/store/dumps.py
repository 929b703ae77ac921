"""The whole database as one file, and back: Postgres' own pg_dump and pg_restore, whose versions fit the server.

A dump outlives the version of Postgres that wrote it, which the embedded server's folder does not.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from census.errors import FailedError, UseError
from census.store import layer, migrate, readers, tables
from census.store.connect import connect, engine, for_program
from census.store.programs import program

_MOST_TOLD: Final = 400  # characters of what a program complains of


class NotEmptyError(UseError):
    """The database holds scans, which a restore would mix with others."""


class DumpError(FailedError):
    """pg_dump or pg_restore failed; the message has its reason, and no password."""


def dump(url: str, file: Path) -> None:
    """Write everything in the database to `file`, which is there when it is whole, or not at all. Raises DumpError.

    Who may read it is the file's matter from then on: it is made for its owner alone.
    """
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        aside.touch(mode=0o600, exist_ok=False)
        _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={aside}")
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Put a dump into a database without scans, and bring it to this version. Raises NotEmptyError, DumpError.

    Readers that the dump knows get their rights back if this server has them.
    """
    with file.open("rb"):  # a wrong name is told before anything is taken away
        pass
    made = engine(url)
    try:
        with made.begin() as connection:
            _clear(connection)
    finally:
        made.dispose()
    _run("pg_restore", url, "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(file))
    migrate.upgrade(url)
    with connect(url) as plain, plain.transaction():
        readers.grant_again(plain)


def _clear(connection: Connection) -> None:
    """Take away the empty tables of an upgrade, and fail with Postgres' sentence if others stand on them."""
    inspected = {table for table in tables.metadata.tables if _is_there(connection, table)}
    if "scan" in inspected and connection.exec_driver_sql("select count(*) from scan").scalar_one():
        raise NotEmptyError(
            "this database holds scans already: restore into an empty one (set CENSUS_HOME to a new folder, or name "
            "another with --database); `census db merge` puts two databases together"
        )
    layer.take_up(connection)
    tables.metadata.drop_all(connection, checkfirst=True)
    for statement in (
        "drop function if exists weeks_of, days_in",
        "drop schema if exists stats",
        "drop schema if exists export",
        "drop table if exists alembic_version",
    ):
        connection.exec_driver_sql(statement)


def _is_there(connection: Connection, table: str) -> bool:
    return connection.exec_driver_sql("select to_regclass(%s)", (table,)).scalar_one() is not None


def _run(name: str, url: str, *arguments: str) -> None:
    connect(url).close()  # our sentence if it cannot be reached, not the program's
    address, secret = for_program(url)
    done = subprocess.run(  # noqa: S603  a program of the wheel, and no shell
        [str(program(name)), f"--dbname={address}", *arguments],
        env=os.environ | secret | {"LC_ALL": "C"}, capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[:_MOST_TOLD]
        raise DumpError(f"{name} failed, and nothing was written: {said}")
