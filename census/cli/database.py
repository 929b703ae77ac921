"""Opening the database that a command works on: the embedded one by default, brought up to date by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from census.cli.options import Common

_OLDER = "the database has not the schema of this version of census; run `census db upgrade` first"


@dataclass(frozen=True, slots=True)
class Opened:
    """The address of a database, and how to bring it up again when it died; None where that is not ours to do."""

    url: str
    revive: Callable[[], None] | None = None


@contextmanager
def database(common: Common) -> Iterator[str]:
    """The address of a database that is up to date; the embedded server runs at least until the end of the block.

    Raises DatabaseError, EmbeddedError and MigrateError, each with a sentence.
    """
    with _opened(common) as opened:
        yield opened.url


@contextmanager
def lasting_database(common: Common) -> Iterator[Opened]:
    """As `database`, for those who work on it for long; with --verbose they log as their workers do."""
    with _opened(common) as opened:
        if common.verbose:
            from census.scan import logs  # noqa: PLC0415  the store is not loaded before it is needed

            logs.to_standard_error(opened.url, verbose=True)
        yield opened


@contextmanager
def any_database(common: Common) -> Iterator[str]:
    """As `database`, but also for one that is not up to date if the user has to change it first, with a warning."""
    from census.store import migrate  # noqa: PLC0415  see _opened
    from census.store.embedded import Embedded, home  # noqa: PLC0415  only where it is used

    if common.database is not None:
        if not migrate.is_current(common.database):
            click.echo(f"warning: {_OLDER}", err=True)
        yield common.database
        return
    with Embedded(home()) as server:
        renew_if_free(server.url, quiet=common.quiet)
        yield server.url


def renew(url: str, *, quiet: bool) -> None:
    """Bring a database up to date, and say so if its tables were others before: an older program refuses it now."""
    from census.store import migrate  # noqa: PLC0415  see _opened

    if not migrate.is_current(url) and (moved := migrate.upgrade(url)) and not quiet:
        click.echo(f"brought the database from revision {moved.before} to {moved.after}", err=True)


def renew_if_free(url: str, *, quiet: bool) -> None:
    """Bring an embedded database up to date; if objects of its user stand in the way, only say so."""
    from census.store import migrate  # noqa: PLC0415  see _opened

    try:
        renew(url, quiet=quiet)
    except migrate.BuiltUponError as error:
        click.echo(f"warning: {error}", err=True)


@contextmanager
def _opened(common: Common) -> Iterator[Opened]:
    from census.store import migrate  # noqa: PLC0415  loads SQLAlchemy and Alembic, which --help must not

    if common.database is not None:
        if not migrate.is_current(common.database):
            raise click.ClickException(_OLDER)
        yield Opened(common.database)
        return
    from census.store.embedded import Embedded, home  # noqa: PLC0415  only where it is used

    with Embedded(home()) as server:
        renew(server.url, quiet=common.quiet)
        yield Opened(server.url, server.revive)
