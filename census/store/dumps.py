"""The whole database as one file, and back: Postgres' own pg_dump and pg_restore, whose versions fit the server.

A dump outlives the version of Postgres that wrote it, which the embedded server's folder does not.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, event

from census.errors import FailedError, UseError
from census.store import layer, migrate, readers, tables
from census.store.connect import connect, engine, for_program
from census.store.programs import program

# Lines of pg_restore that servers before Postgres 17 do not know. Rows hold tabs, or are numbers or words of ours.
_UNKNOWN_TO_OLDER: Final = (b"SET transaction_timeout = 0;\n",)
# Tables of which a restore takes nothing away, with what is kept of their rows; the first column is unique.
_OUTLIVES: Final = {
    "exclusion": ("entry", "network", "note", "added_by", "added_at"),
    "reader": ("role", "granted_at"),
}
# Tables whose rows are about the transactions of this very server.
_OF_THIS_SERVER: Final = ("change", "kept")
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
        left = [f"--exclude-table-data={table}" for table in _OF_THIS_SERVER]
        _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", *left, f"--file={aside}")
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Put a dump into a database without scans, and bring it to this version. Raises NotEmptyError, DumpError.

    All of it or nothing. Who opted out here stays opted out, whatever the dump says, and readers get their rights
    back if this server has them.
    """
    with file.open("rb"):  # a wrong name is told before anything else
        pass
    made = engine(url)
    try:
        with made.connect() as connection:
            kept = _kept(connection)
            statements = _clearing(connection)
    finally:
        made.dispose()
    _pour(url, file, statements)
    migrate.upgrade(url)
    with connect(url) as plain, plain.transaction(), plain.cursor() as cursor:
        for statement, rows in kept.items():
            cursor.executemany(statement, rows)
        readers.grant_again(plain)


def _kept(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """What outlives a restore, by the statement that brings it back."""
    kept = {}
    for table, columns in _OUTLIVES.items():
        names = ", ".join(columns)
        found = connection.exec_driver_sql(f"select {names} from {table}") if _is_there(connection, table) else ()  # noqa: S608  our own names
        places = ", ".join(["%s"] * len(columns))
        insert = f"insert into {table} ({names}) values ({places}) on conflict ({columns[0]}) do nothing"  # noqa: S608  our own names
        kept[insert] = [tuple(row) for row in found]
    return kept


def _clearing(connection: Connection) -> list[str]:
    """The statements that take away the empty tables of an upgrade; nothing is changed yet.

    Fails with Postgres' sentence if others stand on them.
    """
    told: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith(("DROP", "ALTER")):
            told.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        _clear(connection)
    finally:
        connection.rollback()
    return told


def _clear(connection: Connection) -> None:
    inspected = {table for table in tables.metadata.tables if _is_there(connection, table)}
    if "scan" in inspected and connection.exec_driver_sql("select count(*) from scan").scalar_one():
        raise NotEmptyError(
            "this database holds scans already: restore into an empty one (set CENSUS_HOME to a new folder, or name "
            "another with --database); `census db merge` puts two databases together"
        )
    layer.take_up(connection)
    tables.metadata.drop_all(connection, checkfirst=True)
    for statement in (
        "drop function if exists weeks_of, days_in, note_change, list_new, list_changed, list_renewed",
        "drop function if exists describe_sighting, count_days",
        "drop aggregate if exists united (anymultirange)",
        "drop schema if exists stats",
        "drop schema if exists export",
        "drop table if exists alembic_version",
    ):
        connection.exec_driver_sql(statement)


def _pour(url: str, file: Path, statements: list[str]) -> None:
    """Have psql run these statements and then what pg_restore makes of the dump, in one transaction.

    pg_restore itself would set what servers older than it do not know.
    """
    connect(url).close()  # our sentence if it cannot be reached, not the program's
    address, secret = for_program(url)
    told = os.environ | secret | {"LC_ALL": "C"}
    read = [str(program("pg_restore")), "--no-owner", "--no-privileges", "--file=-", str(file)]
    write = [str(program("psql")), "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", address]
    with tempfile.TemporaryFile() as complaints, tempfile.TemporaryFile() as refusals:
        with (
            subprocess.Popen(read, stdout=subprocess.PIPE, stderr=complaints, env=told) as reading,  # noqa: S603  a program of the wheel, and no shell
            subprocess.Popen(write, stdin=subprocess.PIPE, stderr=refusals, env=told) as writing,  # noqa: S603  the same
        ):
            assert reading.stdout is not None
            assert writing.stdin is not None
            with contextlib.suppress(BrokenPipeError), writing.stdin as script:
                script.write("".join(f"{each};\n" for each in ("begin", *statements)).encode())
                for line in reading.stdout:
                    if line not in _UNKNOWN_TO_OLDER:
                        script.write(line)
                if reading.wait() == 0:
                    script.write(b"commit;\n")
        for name, process, file_of in (("pg_restore", reading, complaints), ("psql", writing, refusals)):
            if process.returncode and not (name == "pg_restore" and writing.returncode):
                raise _failed(name, file_of)


def _failed(name: str, complaints: IO[bytes]) -> DumpError:
    complaints.seek(0)
    said = " ".join(complaints.read().decode(errors="replace").split())[:_MOST_TOLD]
    return DumpError(f"{name} failed, and nothing was written: {said}")


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
