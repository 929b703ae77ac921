"""The commands of `census db` that look after a database: who reads it, what goes, what comes in, copies of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

import click

from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.cli.stats import moment
from census.store import dumps, merging, migrate, pruning, readers
from census.store.connect import connect, safe
from census.store.embedded import Embedded, home
from census.store.statistics import STATISTICS, Statistic


@click.command("grant-reader")
@click.argument("role")
@option("--password-file", type=click.File("r"), metavar="FILE|-",
        help="Let the role log in with the password on the first line of this file (-: standard input).")  # fmt: skip
@common_options()
@click.pass_obj
def grant_reader(common: Common, /, *, role: str, password_file: TextIO | None) -> None:
    """Let ROLE read statistics, exports and tables, and nothing else: for Grafana, notebooks, people with SQL.

    The role is made if it is not there. Without --password-file a new one cannot log in, and an old one logs in as
    before. Upgrades keep its rights. Doing it again does no harm.
    """
    if not role:
        raise click.UsageError("ROLE is empty; name the role that shall read, such as grafana")
    password = None if password_file is None else password_file.readline().rstrip("\r\n")
    if password == "":
        raise click.UsageError("the first line of --password-file is empty; it must be the password")
    with database(common) as url, connect(url) as connection:
        may_log_in = readers.grant(connection, role, password)
    if common.quiet:
        return
    click.echo(f"{role} can read the schemas stats and export and the tables, and write nothing")
    if not may_log_in:
        click.echo(
            f"it cannot log in yet: run this again with --password-file FILE, or grant {role} to a role that can"
        )


def age(context: click.Context, parameter: click.Parameter, value: str) -> datetime:
    """A number of days before now, such as 180d, or a day or moment in ISO 8601."""
    if found := re.fullmatch(r"(\d{1,5})d", value.strip()):
        return datetime.now(UTC) - timedelta(days=int(found[1]))
    try:
        given = moment(context, parameter, value)
    except click.BadParameter:
        raise click.BadParameter(f"{value!r} is no age and no date; write 180d for days, or 2026-01-01") from None
    assert given is not None
    return given


@click.command("prune")
@option("--older-than", "before", callback=age, required=True, metavar="AGE|DATE",
        help="What is older than so many days (180d), or than a day (2026-01-01, UTC), goes.")  # fmt: skip
@option("--targets", is_flag=True, help="Also forget which addresses the scans that ended before then asked.")
@option("--dry-run", is_flag=True, help="Only say what would go.")
@common_options()
@click.pass_obj
def prune(common: Common, /, *, before: datetime, targets: bool, dry_run: bool) -> None:
    """Drop single observations that are old; most statistics over all time stay what they are.

    Endpoints, sightings (with first and last day, days and number of observations) and the counts of every scan
    stay. What goes cannot be had back: `census db dump` first. Incomplete before the day are afterwards statistics of
    a window or of a scan, and over all time too those that read single observations: uptime, survival, unseen,
    upgrades, and running of host-days. Commands that show them say so.

    Most of the addresses in a database are those of targets that never answered. --targets takes them out of old
    scans, and leaves port and outcome of each target, so that the funnel stays.
    """
    with database(common) as url, connect(url) as connection:
        told = pruning.prune(connection, before, targets=targets, dry_run=dry_run)
    if common.quiet:
        return
    would = "would go" if dry_run else "are gone"
    click.echo(f"{told.observations:,} observations from before {before:%Y-%m-%d %H:%M} UTC {would}: "
               f"{_size(told.observation_bytes)} with their indexes")  # fmt: skip
    if targets:
        click.echo(f"addresses of {told.targets:,} targets {would}: {_size(told.target_bytes)}")
    for number in told.unfinished:
        click.echo(f"scan {number} is unfinished and keeps its addresses, for it can be resumed")
    if told.observations or told.targets:
        singles = ", ".join(_told(statistic) for statistic in STATISTICS.values() if statistic.singles)
        click.echo(_AFTER.format(singles=singles))


_AFTER = """The space is for new rows; `vacuum full` gives it back to the disk.
Exact as before: the funnel, and every statistic over all time but those that need single observations: {singles}.
Incomplete before that day: these, statistics with --since, --until or --scan, and the exports of observations;
exported models from then have no scan."""


def _told(statistic: Statistic) -> str:
    """Its name, and the unit if it is only one in which it reads single observations."""
    units = sorted(statistic.singles)
    return f"{statistic.name} of {units[0]}s" if len(units) == 1 else statistic.name


def _size(count: int) -> str:
    """Bytes as people write them."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004  the step between units
            return f"{amount:,.0f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} GB"


@click.command("merge")
@click.argument("source", metavar="URL|FOLDER|-")
@common_options()
@click.pass_obj
def merge(common: Common, /, *, source: str) -> None:
    """Take over the scans of another census database, such as a shard that another machine scanned.

    The other one is named by its address, by the folder of its embedded server (its CENSUS_HOME), or by `-`: then
    the address is read from standard input, where nobody sees its password. It is only read. Scans that are here
    already are left alone, so merging twice adds nothing; unfinished ones are left out until they are done.
    """
    with database(common) as url, _other(source) as other:
        if not migrate.is_current(other):
            raise click.ClickException(
                f"{safe(other)} has not the schema of this version of census; run `census db upgrade` on it first"
            )
        with connect(url) as target, connect(other) as there:
            told = merging.merge(target, there)
    if common.quiet:
        return
    numbers = ", ".join(map(str, told.scans))
    click.echo(f"new scans here: {numbers or 'none'}; known before: {told.known}")
    if told.scans:
        click.echo(f"{told.observations:,} observations, {told.hosts:,} new hosts, {told.endpoints:,} new endpoints, "
                   f"{told.sightings:,} new sightings")  # fmt: skip
    if told.simulated:
        click.echo(f"{told.simulated} of the other database left out: scans of `census demo` are simulated, and are"
                   " never mixed with measurements")  # fmt: skip
    elif not (told.scans or told.known or told.unfinished):
        click.echo("the other database holds no scans yet")
    for number in told.unfinished:
        click.echo(f"scan {number} of the other database is unfinished and was left out; merge again when it is done")


@contextmanager
def _other(source: str) -> Iterator[str]:
    """The address of the database that is named; an embedded one runs until the end of the block."""
    if source == "-":
        source = sys.stdin.readline().strip()
    if "://" in source:
        yield source
        return
    folder = Path(source)
    if not (folder / "postgres" / "data").is_dir():
        raise click.UsageError(
            f"{source!r} is neither an address (postgresql://…) nor the folder (CENSUS_HOME) of an embedded database"
        )
    with Embedded(folder) as server:
        yield server.url


@click.command("dump")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@common_options()
@click.pass_obj
def dump(common: Common, /, *, file: Path) -> None:
    """Write the whole database into FILE: a backup, or what moves it to another server or a newer Postgres.

    It holds addresses and is made readable for you alone. `pg_restore` reads it too.
    """
    if not file.absolute().parent.is_dir():
        raise click.UsageError(f"there is no folder {file.absolute().parent} for the file")
    with database(common) as url:
        dumps.dump(url, file)
    if not common.quiet:
        click.echo(f"wrote {file} ({_size(file.stat().st_size)}); `census db restore {file}` reads it", err=True)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common_options()
@click.pass_obj
def restore(common: Common, /, *, file: Path) -> None:
    """Put what `census db dump` wrote into a database that holds no scans, and bring it to this version."""
    if common.database is not None:
        dumps.restore(common.database, file)
    else:
        with Embedded(home()) as server:
            dumps.restore(server.url, file)
    if not common.quiet:
        click.echo(f"restored {file}", err=True)
