"""`census scan` and `census resume`."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import click

from census.cli import progress as shown
from census.cli.database import lasting_database
from census.cli.lists import Lists, list_options, rate_of, tell_both_schemes, tell_empty_shard, tell_problems
from census.cli.options import Common, common_options, option
from census.errors import FailedError, StoppedError, UseError
from census.machine import processors
from census.places import usual_folders
from census.report.renewal import renew
from census.scan import plan as planning
from census.scan import run
from census.scan.settings import Settings
from census.store import exclusions, scans
from census.store.connect import connect
from census.store.embedded import home
from census.store.scans import Progress, State
from census.targets.lists import Problems
from census.targets.order import Spool
from census.targets.scope import Scope

Stock = tuple[Progress, tuple[int, int, int]]  # how a scan stands; its endpoints, hosts and models

_SCOPE_EXAMPLE = """
\b
A scope file says who allowed the scan and what it may touch:
  [authorization]
  reference   = "IRB 2026-014"
  basis       = "written permission of the network's owner"
  contact     = "mailto:scans@example.edu"
  valid_from  = 2026-11-01
  valid_until = 2026-12-31
  [scope]
  networks    = ["192.0.2.0/24"]

\b
Examples:
  census scan targets.txt --scope scope.toml
  zcat list.gz | census scan - --scope scope.toml --rate 100 --name "week 47"

The exit code is 0 when every target has its outcome, 1 when the scan or the database failed, 2 for wrong use or an
authorisation that does not hold, 130 when it was interrupted, here or by `census stop`; it can then be resumed. What
follows once the scan has ended changes no exit code.
"""


def scan_name(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """A name that cannot be taken for a number or a word of `--scan`."""
    if value is not None and (value in ("latest", "all") or value.isdecimal() or not value.strip()):
        raise click.BadParameter(f"{value!r} would mean something else to `census status`; choose another name")
    return value


def place_files(given: tuple[Path, ...], *, quiet: bool) -> tuple[str, ...]:
    """The place databases: those given, else what lies in the usual folders, else none, with one warning."""
    found = given or tuple(sorted(file for folder in usual_folders(home()) for file in folder.glob("*.mmdb")))
    if not found and not quiet:
        click.echo(
            "warning: no place database (*.mmdb) found, so countries and networks stay unknown; give one with "
            "--geoip FILE, for instance GeoLite2 City or DB-IP Lite",
            err=True,
        )
    return tuple(str(file.absolute()) for file in found)


@click.command("scan", epilog=_SCOPE_EXAMPLE)
@list_options
@option("--name", callback=scan_name, help="What to call the scan.")
@option("--workers", type=click.IntRange(1, 256), metavar="N", help="Worker processes [default: the number of cores].")
@option(
    "--timeout",
    type=click.FloatRange(0.05, 600),
    metavar="SECONDS",
    default=3.0,
    show_default=True,
    help="Seconds for connecting.",
)
@option("--deadline", type=click.FloatRange(0.1, 3600), metavar="SECONDS", default=15.0, show_default=True,
        help="Seconds for all of one target.")  # fmt: skip
@option("--geoip", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
        help="A place database (MMDB); repeatable, the first that answers counts.")  # fmt: skip
@option(
    "--metrics-port",
    type=click.IntRange(1, 65_535),
    metavar="N",
    help="Worker n, from 0, serves Prometheus metrics on port N+n, of 127.0.0.1 or of CENSUS_METRICS_ADDRESS.",
)
@option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the result as one JSON object, the last line of output, also when it was interrupted.",
)
@common_options()
@click.pass_obj
def scan(common: Common, /, *, lists: tuple[str, ...], scope_file: str, ports: tuple[int, ...], rate: float | None,
         seed: int | None, shard: str | None, name: str | None, workers: int | None, timeout: float, deadline: float,
         geoip: tuple[Path, ...], metrics_port: int | None, partial: bool, as_json: bool) -> int:  # fmt: skip
    """Scan the targets of one or more lists under a scope; `-` is standard input.

    A list holds one target on a line: address, address:port, [v6]:port, network (CIDR), host:port or URL, with #
    comments; or it is what another tool wrote, recognised from its content: ZMap CSV, masscan JSON or list (-oL),
    nmap XML, Shodan JSONL, Censys JSONL, zgrab2 CSV. gzip is read as it is.

    Every target ends in exactly one outcome. Nothing but metadata is asked.

    When the scan has ended and is told, what was asked of a large census in the last weeks is computed anew, so that
    the next `census stats` or `census report` need not wait. After five minutes no further question is begun; Ctrl-C
    ends it at once, and nothing is lost.
    """
    wanted = Lists.given(lists, scope_file, ports, seed, shard, partial=partial)
    count = workers or processors()
    settings = Settings(
        scope=wanted.scope, rate=rate_of(wanted.scope, rate, quiet=common.quiet), workers=count, timeout=timeout,
        deadline=deadline, places=place_files(geoip, quiet=common.quiet),
    )  # fmt: skip
    with lasting_database(common) as opened:
        try:
            number = create(opened.url, wanted, settings, name, quiet=common.quiet)
        except KeyboardInterrupt:
            click.echo(
                "\ninterrupted before the lists were stored: there is no scan to resume, start it anew", err=True
            )
            raise
        watch = run.Watch(opened.url, metrics_port, common.verbose, opened.revive)
        return _follow(watch, number, quiet=common.quiet, as_json=as_json)


def create(url: str, wanted: Lists, settings: Settings, name: str | None, *, quiet: bool = False) -> int:
    """Read the lists and store a new scan of them; says which lines were no targets. Gives its number."""
    problems = Problems()
    plan = planning.Plan(wanted.scope, wanted.seed, problems, exclusions.entries(url))
    with Spool(wanted.seed, shard=wanted.shard) as spool:
        planning.fill(spool, wanted.lists, plan, wanted.ports, partial=wanted.partial)
        chunks = planning.chunks(plan, spool, settings.workers)
        try:
            number = run.create(url, plan, settings, chunks, name=name, lists=wanted.lists)
        finally:
            tell_problems(problems)
    tell_empty_shard(plan, quiet=quiet)
    tell_both_schemes(plan, quiet=quiet)
    return number


def _follow(watch: run.Watch, number: int, *, quiet: bool, as_json: bool, renewing: bool = True) -> int:
    """Show a scan until it ends, and tell what came of it; with `as_json` also when something else ended it.

    With `renewing`, what somebody asked of the census before the scan is asked once more when it has ended.
    """
    try:
        with contextlib.closing(run.follow(watch, number)) as steps:
            end = shown.show(steps, quiet=quiet)
    except (KeyboardInterrupt, StoppedError, UseError, FailedError) as error:
        stock = run.afterwards(watch.database, number)
        if stock is None or stock[0].state is not State.DONE:
            if as_json:
                _tell_json(number, stock)
            if isinstance(error, KeyboardInterrupt):
                click.echo(
                    f"\ninterrupted; what was done is stored, `census resume {number}` goes on with it", err=True
                )
            raise
        return _told(*stock, quiet=quiet, as_json=as_json)
    with connect(watch.database) as connection:
        summary = scans.summary(connection, number)
    code = _told(end, summary, quiet=quiet, as_json=as_json)
    if renewing:
        # The scan is stored and told: whoever does not want to wait for more ends it as he would anything.
        with contextlib.suppress(KeyboardInterrupt), shown.renewing(quiet=quiet) as tell:
            renew(watch.database, tell)
    return code


def _told(end: Progress, summary: tuple[int, int, int], *, quiet: bool, as_json: bool) -> int:
    """Tell what came of a scan that is done; gives the exit code."""
    if as_json:
        _tell_json(end.scan, (end, summary))
    elif not quiet:
        _tell(end, summary)
    if end.unexpected_errors:
        click.echo(
            f"census: {end.unexpected_errors} faults of ours were met (see the log above); their targets are "
            "recorded as misread",
            err=True,
        )
    return 1 if end.unexpected_errors else 0


def _tell_json(number: int, stock: Stock | None) -> None:
    """The summary as one line; of a database that did not answer in time it says null, and that it is unfinished."""
    end, (endpoints, hosts, models) = stock or (None, (None, None, None))
    click.echo(json.dumps({
        "scan": number, "targets": end and end.targets, "outcomes": end and end.outcomes, "endpoints": endpoints,
        "hosts": hosts, "models": models, "requests": end and end.requests, "connections": end and end.connections,
        "seconds": end and round(end.seconds, 3), "state": end.state if end else State.INTERRUPTED,
    }))  # fmt: skip


def _tell(end: Progress, summary: tuple[int, int, int]) -> None:
    endpoints, hosts, models = summary
    click.echo(
        f"scan {end.scan}: {end.targets:,} targets in {shown.duration(end.seconds)}; {endpoints:,} inference servers "
        f"on {hosts:,} hosts, {models:,} models; {end.requests:,} requests over {end.connections:,} connections\n"
        f"next: census stats {'families' if models else 'funnel'} --scan {end.scan}"  # how far it came, if nowhere
    )


@click.command("resume")
@click.argument("wanted", metavar="[SCAN]", default="latest")
@option("--scope", "scope_file", metavar="FILE", help="A new scope file, when the authorisation was renewed.")
@option("--workers", type=click.IntRange(1, 256), metavar="N", help="Worker processes [default: the number of cores].")
@option(
    "--metrics-port",
    type=click.IntRange(1, 65_535),
    metavar="N",
    help="Worker n, from 0, serves Prometheus metrics on port N+n, of 127.0.0.1 or of CENSUS_METRICS_ADDRESS.",
)
@option("--json", "as_json", is_flag=True, help="Print the result of the whole scan as one JSON object.")
@common_options()
@click.pass_obj
def resume(common: Common, /, *, wanted: str, scope_file: str | None, workers: int | None, metrics_port: int | None,
           as_json: bool) -> int:  # fmt: skip
    """Go on with a scan that was interrupted, in whatever way.

    SCAN is a number, a name, or `latest`: the latest unfinished one. What is stored is not asked again.
    """
    count = workers or processors()
    scope = Scope.read(scope_file) if scope_file else None
    with lasting_database(common) as opened:
        number = run.take_up(opened.url, wanted, scope, count)
        done = run.is_done(opened.url, number)
        if done and not common.quiet:
            click.echo(f"scan {number} is done: nothing is left to ask", err=True)
        watch = run.Watch(opened.url, metrics_port, common.verbose, opened.revive)
        return _follow(watch, number, quiet=common.quiet, as_json=as_json, renewing=not done)
