"""`census demo`: the whole job on one machine, on a simulated neighbourhood."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from census.cli import progress as shown
from census.cli.console import Terminal
from census.cli.database import database
from census.cli.lists import Lists
from census.cli.options import Common, common_options, option
from census.cli.scan import create
from census.demo import launch
from census.demo.history import History
from census.demo.load import load
from census.demo.population import Population
from census.machine import processors
from census.report import tables
from census.report.extras import ReportError
from census.report.findings import gather
from census.scan import run
from census.scan.plan import ports_for
from census.scan.settings import Settings
from census.store import migrate, scans, statistics
from census.store.connect import connect, engine
from census.store.embedded import Embedded, home
from census.targets.scope import Scope

_WEEKS = 4  # the moments before the one that is played
_WEEK = timedelta(days=7)
_SHOWN = (("funnel", None), ("countries", 8), ("software", None), ("families", 8), ("co-deployment", 5),
          ("tool-calling", None))  # fmt: skip


@click.command("demo")
@option(
    "--endpoints",
    type=click.IntRange(60, 20_000),
    metavar="N",
    default=2000,
    show_default=True,
    help="Simulated targets.",
)
@option("--seed", type=int, metavar="N", default=7, show_default=True, help="Another seed is another neighbourhood.")
@option("--html", type=click.Path(path_type=Path, dir_okay=False), default=Path("census-demo.html"), show_default=True,
        metavar="FILE", help="Where the report goes.")  # fmt: skip
@option("--workers", type=click.IntRange(1, 64), metavar="N", help="Worker processes [default: the number of cores].")
@common_options()
@click.pass_obj
def demo(common: Common, /, *, endpoints: int, seed: int, html: Path, workers: int | None) -> int:
    """Show the whole job on this machine: simulate a neighbourhood, scan it, count, report.

    Everything happens on loopback. A process of its own plays some thousand inference servers, web servers, decoys
    and dead addresses on 127.0.0.0/8, which are scanned like any list. Weekly scans of the month before are made up
    and stored first, so that there is something to say about time. The rows never mix with your measurements: a
    database that holds real scans is left alone, and the first real scan removes the demo's.
    """
    began = time.monotonic()
    say = _sayer(common)
    with _apart(common, say) as (url, folder):
        with launch(seed, endpoints, _WEEKS + 1) as neighbourhood:
            say(f"making up {_WEEKS} weekly scans of the month before")
            _remember(url, History(seed, endpoints, datetime.now(UTC) - _WEEKS * _WEEK, _WEEK), folder)
            population = neighbourhood.population
            say(f"playing {len(population.residents):,} endpoints on loopback (seed {seed}) and scanning them")
            code = _scan(common, url, population, folder, seed=seed, workers=workers or processors())
        if not common.quiet:
            _tables(url)
        _page(common, url, html)
    prefix = "" if folder == home() else f"  export CENSUS_HOME={shlex.quote(str(folder))}\n"
    say(f"\nAll of it took {shown.duration(time.monotonic() - began)}.\n{_NEXT.format(home=prefix)}")
    return code


_NEXT = """What it did: started a Postgres of its own, simulated a neighbourhood, made up four scans of the weeks
before, asked every endpoint what it is and what it serves, read-only, located it, stored it, and counted.

What to try next:
{home}  census stats                                   the questions it answers
  census stats families --by architecture        Qwen against Llama as the servers report it
  census stats tool-calling --unit endpoint --format json
  census export models --format csv | head       the rows themselves
  census db shell -c 'select * from stats.countries limit 5'
  census serve                                   metrics for Prometheus, and the report
A real scan needs a scope file; `census scan --help` shows one."""


def _sayer(common: Common) -> Callable[[str], None]:
    return (lambda _text: None) if common.quiet else (lambda text: click.echo(text, err=True))


@contextmanager
def _apart(common: Common, say: Callable[[str], None]) -> Iterator[tuple[str, Path]]:
    """A database without real scans, and its home folder: the usual one, or one below it when that has some."""
    with database(common) as url:
        if _is_free(url):
            yield url, home()
            return
    if common.database is not None:
        raise click.ClickException("that database holds real scans, which a simulation must not mix with; name another")
    say(f"your database holds real scans, so the demo has one of its own in {home() / 'demo'}")
    with Embedded(home() / "demo") as server:
        migrate.upgrade(server.url)
        yield server.url, home() / "demo"


def _is_free(url: str) -> bool:
    with connect(url) as connection:
        return scans.holds_only_demo(connection)


def _remember(url: str, history: History, folder: Path) -> None:
    """Begin anew: what another run of the demo left is of other times, or of another neighbourhood."""
    with connect(url) as connection:
        scans.clear_demo(connection)
    folder.mkdir(parents=True, exist_ok=True)  # nobody has used it yet where the database is somebody else's
    load(url, history, range(1, _WEEKS + 1), folder)


def _scan(common: Common, url: str, population: Population, folder: Path, *, seed: int, workers: int) -> int:
    listed, allowed, places = (folder / f"demo.{kind}" for kind in ("txt", "toml", "places"))
    listed.write_text("\n".join(population.targets()) + "\n")
    allowed.write_text(population.scope_toml(datetime.now(UTC).date()))
    population.write_places(places)
    scope = Scope.read(allowed)
    lists = Lists((str(listed),), scope, ports_for(scope, ()), seed, None)
    settings = Settings(scope, scope.rate, workers, timeout=1.0, deadline=2.0, places=(str(places),))
    number = create(url, lists, settings, "demo")
    with closing(run.follow(run.Watch(url, verbose=common.verbose), number)) as steps:
        end = shown.show(steps, quiet=common.quiet)
    return 1 if end.unexpected_errors else 0


def _tables(url: str) -> None:
    """The scan of today, which is the one that was really made; the page has all of them."""
    console = Terminal()
    with connect(url) as plain:
        scan = scans.find(plain, "latest")
    console.print(f"Scan {scan} alone, as `census stats NAME --scan latest` shows it; the page has all scans.")
    console.print()
    with engine(url).connect() as connection:
        for name, top in _SHOWN:
            result = statistics.rows(connection, name, scan=scan, top=top)
            tables.show(result, console, title=name)


def _page(common: Common, url: str, html: Path) -> None:
    try:
        from census.report.page import check, write_page  # noqa: PLC0415  the charts are an extra and slow to load

        check()
        with engine(url).connect() as connection:
            write_page(gather(connection), html)
    except ReportError as error:
        _sayer(common)(f"no report page: {error}")
    else:
        _sayer(common)(f"wrote the report to {html.absolute()}; open it in a browser")
