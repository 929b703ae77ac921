"""Bring a database to the schema of this program: migrations, fixed rows, statistics, exports, in one transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from packaging.version import Version
from psycopg import errors
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

import census
from census.errors import FailedError
from census.store import judgements, kept, layer, listed, readers
from census.store.connect import engine
from census.store.outcomes import MEANINGS
from census.store.tables import outcome

if TYPE_CHECKING:  # Alembic takes longer to load than many a statistic to answer, and only upgrades need it
    from alembic.config import Config

_LOCK = 0x63656E737573  # the advisory lock of upgrades: "census" in ASCII


class MigrateError(FailedError):
    """The database could not be brought to this program's schema and is as it was; says why and what helps."""


class BuiltUponError(MigrateError):
    """Objects of the user's stand on ours, which an upgrade makes anew; says which, and how to go on."""


class Moved(NamedTuple):
    """From which revision of the tables to which an upgrade brought a database that was migrated before."""

    before: str
    after: str


def upgrade(url: str) -> Moved | None:
    """Bring the database to the current schema, wholly or not at all; nothing happens if it is there already.

    Gives which revisions of the tables it came from and to; None for a new database, and if no migration ran. Of two
    programs that upgrade at once, the second waits and finds the work done. Raises `MigrateError`, and `DatabaseError`
    when the database cannot be reached.
    """
    with _connected(url) as connection:
        try:
            with connection.begin():
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
                before = after = _revision(connection)
                if not _is_current(connection):
                    _renew(connection)
                    after = _revision(connection)
        except DBAPIError as error:
            raise _explained(error) from error
    return None if before is None or after is None or before == after else Moved(before, after)


def current(url: str) -> str | None:
    """The revision that the database is at, None if it never was migrated."""
    with _connected(url) as connection:
        return _revision(connection)


def is_current(url: str) -> bool:
    """Whether `upgrade` would have nothing to do; one small query, for each start of the program."""
    with _connected(url) as connection:
        return _is_current(connection)


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Connection]:
    made = engine(url)
    try:
        with made.connect() as connection:
            yield connection
    finally:
        made.dispose()


def _is_current(connection: Connection) -> bool:
    laid = layer.laid(connection)
    return laid is not None and laid.digest == _digest() and layer.is_whole(connection)


def _digest() -> str:
    return layer.digest(sorted((_folder() / "versions").glob("*.py")))


def _revision(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415  see the head of the module

    return MigrationContext.configure(connection).get_current_revision()


def _renew(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  see the head of the module

    config = _config(connection)
    _refuse_newer(connection, config)
    layer.take_up(connection)
    command.upgrade(config, "head")
    _fill_outcomes(connection)
    judgements.renew(connection)
    listed.fill(_driver(connection))
    layer.lay(connection, _digest())
    kept.forget(connection)
    readers.grant_again(_driver(connection))


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    """Psycopg's connection, in the same transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415  see the head of the module

    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _folder() -> Path:
    """The migrations: inside the package when it was installed, beside it in a checkout."""
    package = Path(census.__file__).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def _refuse_newer(connection: Connection, config: Config) -> None:
    laid = layer.laid(connection)
    if laid is not None and Version(laid.version) > Version(census.__version__):
        raise MigrateError(
            f"this database was upgraded by census {laid.version}, which is newer than this one"
            f" ({census.__version__}): install that version or a later one"
        )
    from alembic.script import ScriptDirectory  # noqa: PLC0415  see the head of the module

    revision = _revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise MigrateError(
            f"this database is at revision {revision}, which census {census.__version__} does not know:"
            " install a newer version"
        )


def _fill_outcomes(connection: Connection) -> None:
    rows = [
        {"id": int(key), "word": key.word, "stage": meaning.stage, "meaning": meaning.sentence}
        for key, meaning in MEANINGS.items()
    ]
    statement = insert(outcome)
    changed = {name: statement.excluded[name] for name in ("word", "stage", "meaning")}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed), rows)


def _explained(error: DBAPIError) -> MigrateError:
    """What Postgres said, and for what stands on our objects whose it is and what to do about it."""
    cause = error.orig
    if not isinstance(cause, errors.Error):
        return MigrateError(f"the upgrade failed and nothing was changed: {cause}")
    said = cause.diag.message_detail or cause.diag.message_primary or str(cause)
    if isinstance(cause, errors.DependentObjectsStillExist):
        return BuiltUponError(
            f"the upgrade would take away what your own objects are built on, so nothing was changed: {said}."
            " Keep their definitions (pg_dump --schema-only), drop them (`census db shell`), upgrade"
            " (`census db upgrade`), and create them again"
        )
    return MigrateError(f"the upgrade failed and nothing was changed: {cause.diag.message_primary}: {said}")
