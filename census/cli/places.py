"""`census places`: where hosts are, looked up again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from census.cli.database import database
from census.cli.options import Commands, Common, common_options, option
from census.places import Places, usual_folders
from census.store import relocation
from census.store.connect import connect
from census.store.embedded import home

_TOP = 10


@click.group("places", cls=Commands)
def places() -> None:
    """Look up again where the hosts of the database are."""


@places.command("refresh")
@option("--geoip", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
        help="A place database (MMDB); repeatable, the first that answers counts.")  # fmt: skip
@option("--dry-run", is_flag=True, help="Only say what would change.")
@common_options()
@click.pass_obj
def refresh(common: Common, /, *, geoip: tuple[Path, ...], dry_run: bool) -> None:
    """Look up all hosts again, with newer place databases, or for the first time.

    Without --geoip the files are those that a scan would take: *.mmdb in CENSUS_HOME and the system's folders. What
    they do not know stays as it is, so a file of networks alone leaves countries alone. All hosts change, or none.
    """
    with _opened(geoip) as files, database(common) as url, connect(url) as connection:
        told = relocation.relocate(connection, files.locate, dry_run=dry_run)
    if common.quiet:
        return
    changed = "would change" if dry_run else "changed"
    click.echo(
        f"{told.hosts:,} hosts looked up, {told.changed:,} {changed}: "
        f"{told.countries.total():,} the country, {told.networks.total():,} the network (AS)"
    )
    _moves("country", told.countries)
    _moves("AS", told.networks)


def _opened(given: tuple[Path, ...]) -> Places:
    found = Places(given) if given else Places.find(usual_folders(home()))
    if not found:
        raise click.UsageError(
            "no place database (*.mmdb) found: give one with --geoip FILE, for instance GeoLite2 City or DB-IP Lite"
        )
    return found


def _moves(what: str, moves: Counter[tuple[Any, Any]]) -> None:
    for (before, now), count in moves.most_common(_TOP):
        click.echo(f"  {count:>9,}  {what} {_word(before)} -> {_word(now)}")
    if len(moves) > _TOP:
        click.echo(f"  {sum(count for _, count in moves.most_common()[_TOP:]):>9,}  other moves of {what}")


def _word(value: object) -> str:
    return "unknown" if value is None else str(value)
