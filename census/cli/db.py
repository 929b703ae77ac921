"""`census db`: the database itself."""

from __future__ import annotations

import os
import subprocess

import click

from census.cli.database import any_database, renew, renew_if_free
from census.cli.options import Commands, Common, common_options
from census.cli.upkeep import dump, grant_reader, merge, prune, restore
from census.store.connect import connect, for_program, safe
from census.store.embedded import Embedded, home, program


@click.group("db", cls=Commands)
def db() -> None:
    """Upgrade, start, stop, open and look after the database.

    Without --database this is the embedded server, whose data lie in CENSUS_HOME.
    """


@db.command("upgrade")
@common_options()
@click.pass_obj
def upgrade(common: Common, /) -> None:
    """Bring the database to the current schema and lay the statistics down anew."""
    if common.database is not None:
        renew(common.database, quiet=common.quiet)
        click.echo(f"{safe(common.database)} is up to date")
        return
    with Embedded(home()) as server:
        renew(server.url, quiet=common.quiet)
        click.echo(f"the embedded database in {home()} is up to date")


@db.command("start")
@common_options()
@click.pass_obj
def start(common: Common, /) -> None:
    """Start the embedded server and keep it running, for psql, Grafana or a notebook."""
    _only_embedded(common)
    server = Embedded(home())
    server.keep_running()
    renew_if_free(server.url, quiet=common.quiet)
    click.echo(server.url)
    server.release()


@db.command("stop")
@common_options()
@click.pass_obj
def stop(common: Common, /) -> None:
    """Stop the embedded server once nobody uses it any more."""
    _only_embedded(common)
    stopped = Embedded(home()).stop()
    click.echo("stopped" if stopped else "others still use it; it stops when the last of them ends")


@db.command("url")
@common_options()
@click.pass_obj
def url(common: Common, /) -> None:
    """Print the address of the database, for psql and programs; the embedded one must be kept by `db start`.

    As it was given, with its password if it has one.
    """
    click.echo(common.database or Embedded(home()).url)


@db.command("shell", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PSQL ARGUMENTS]...")
@common_options()
@click.pass_obj
def shell(common: Common, /, *, arguments: tuple[str, ...]) -> int:
    """Open psql on the database; arguments go to psql, as in `census db shell -c 'select * from stats.families'`."""
    with any_database(common) as address:
        connect(address).close()  # our sentence if it cannot be reached, not psql's
        shown, secret = for_program(address)
        command = [str(program("psql")), *arguments, shown]
        environment = os.environ | secret
        return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603  the user's own arguments


def _only_embedded(common: Common) -> None:
    if common.database is not None:
        raise click.UsageError("this is about the embedded server; leave --database and CENSUS_DATABASE_URL out")


for _command in (grant_reader, prune, merge, dump, restore):
    db.add_command(_command)
