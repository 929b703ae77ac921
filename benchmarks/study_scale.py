"""What the statistics cost at the study's size: 175,000 hosts, 7.2 million observations in 293 scans.

    python benchmarks/study_scale.py [--hosts 175000] [--times 2] [--units host endpoint] [--folder FOLDER] [--json]

A population (study_population.sql) is made in the embedded Postgres, in a temporary folder, or in FOLDER, where it is
kept and found again by the next run. Then all statistics are asked over all time, of the last scan and of 30 days, the
report as `census report` asks it, the program from its start to its end, and one more scan is written. Each question
is put twice and the faster answer counts; results that are kept are dropped before, but for what is "once more". At
last what had been asked before that scan is renewed as `census scan` does it, and asked for the first time after it.
`--times 2` repeats all with twice as many hosts and tells the ratio.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, text
from study_write import one_more_scan

from census.report.findings import gather
from census.report.renewal import renew
from census.report.together import SAME_MOMENT, together
from census.store import kept, migrate
from census.store.connect import engine
from census.store.embedded import Embedded
from census.store.statistics import STATISTICS, Result, rows

_POPULATION = Path(__file__).with_name("study_population.sql")
_LAST = 293
_MB = 1e6
_PERIODS: dict[str, dict[str, Any]] = {
    "all time": {},
    "last scan": {"scan": _LAST},
    "30 days": {"since": datetime(2025, 9, 1, tzinfo=UTC), "until": datetime(2025, 10, 1, tzinfo=UTC)},
}
_SIZES = text("""
    select relname, pg_total_relation_size(oid) as bytes from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by bytes desc
""")


def populate(server: Embedded, hosts: int) -> str:
    """The address of a database with so many hosts, made if it is not there."""
    name = f"study_{hosts}"
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as administrator:
        if administrator.execute("select from pg_database where datname = %s", [name]).fetchone() is None:
            administrator.execute(f"drop database if exists {name}_unfinished".encode())
            _make(server.create_database(f"{name}_unfinished"), hosts)
            administrator.execute(f"alter database {name}_unfinished rename to {name}".encode())
    migrate.upgrade(server.url_of(name))
    return server.url_of(name)


def _make(url: str, hosts: int) -> None:
    began = time.perf_counter()
    migrate.upgrade(url)
    with psycopg.connect(url) as connection:
        # As a superuser may: no foreign key is checked, for that takes longer than all else.
        connection.execute("select set_config('study.hosts', %s, true)", [str(hosts)])
        connection.execute("set local session_replication_role = 'replica'; set local work_mem = '256MB'")
        connection.execute(_POPULATION.read_bytes())
        connection.execute("update laid set digest = ''")  # so that the upgrade sees to what came
    migrate.upgrade(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    print(f"made {hosts:,} hosts in {time.perf_counter() - began:.0f} s", file=sys.stderr)


def seconds(question: Callable[[], object], times: int = 2, before: Callable[[], object] = lambda: None) -> float:
    """How long the fastest of some answers takes; `before` is done before each, and not counted."""
    taken = []
    for _ in range(times):
        before()
        began = time.perf_counter()
        question()
        taken.append(time.perf_counter() - began)
    return min(taken)


def measure(server: Embedded, url: str, units: list[str]) -> dict[str, float]:
    """Seconds, by what was asked, and sizes in MB."""
    found: dict[str, float] = {}
    made = engine(url)

    def forget() -> None:
        with made.begin() as connection:
            kept.forget(connection)

    with made.connect() as connection:
        for unit in units:
            for name, options in _questions():
                for period, when in _PERIODS.items():
                    key = f"{name}{' --triples' if options else ''} | {unit} | {period}"
                    found[key] = seconds(
                        lambda name=name, options=options, when=when, unit=unit: rows(
                            connection, name, unit=unit, **options, **when
                        ),
                        before=forget,
                    )
                    print(f"{key}: {found[key]:.2f}", file=sys.stderr)
        found["peak memory of the session, MB"] = _peak(connection)
    with made.connect().execution_options(**SAME_MOMENT) as connection:

        def anew() -> None:
            connection.rollback()  # or it would see what was kept before
            forget()

        everything = _everything()
        found["the report"] = seconds(lambda: gather(connection), before=anew)
        found["the report, once more"] = seconds(lambda: gather(connection), before=connection.rollback)
        found["all statistics, as the report asks"] = seconds(lambda: together(connection, everything), before=anew)
        found["all statistics, once more"] = seconds(
            lambda: together(connection, everything), before=connection.rollback
        )
        sizes = dict(connection.execute(_SIZES).all())
    found["census stats tool-calling --scan latest"] = seconds(lambda: _program(url), 3, before=forget)
    found["census stats tool-calling --scan latest, once more"] = seconds(lambda: _program(url), 3)
    made.dispose()
    found |= {f"table {name}, MB": size / _MB for name, size in sizes.items() if size > _MB}
    found["all tables and indexes, MB"] = sum(sizes.values()) / _MB
    with _copy(server, url) as copied:
        found |= around_a_scan(copied)
    return found


def around_a_scan(url: str) -> dict[str, float]:
    """Seconds of writing one more scan and renewing what was asked before it, and of those who ask first after it."""
    made = engine(url)
    with made.begin() as connection:
        connection.execute(text("delete from kept"))
    _first_to_ask(made)
    with made.begin() as connection:
        connection.execute(text("update kept set asked_at = asked_at - interval '2 days'"))  # so each look is noted
    found = one_more_scan(url, _LAST)
    told: list[int] = []
    found["renewing what was asked before it"] = seconds(lambda: renew(url, lambda done, *_: told.append(done)), 1)
    found["renewing: results"] = max(told, default=0)
    found |= {f"{what}, first after it": took for what, took in _first_to_ask(made).items()}
    made.dispose()
    return found


def _first_to_ask(made: Engine) -> dict[str, float]:
    """Seconds for the report, and then for all statistics as the report asks them; each is asked once."""
    found = {}
    for what, ask in (("the report", gather), ("all statistics", lambda asked: together(asked, _everything()))):
        with made.connect().execution_options(**SAME_MOMENT) as connection:
            found[what] = seconds(lambda ask=ask, connection=connection: ask(connection), 1)
    return found


def _everything() -> list[Callable[[Connection], Result]]:
    return [lambda asked, name=name: rows(asked, name) for name in STATISTICS]


def _questions() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, statistic in STATISTICS.items():
        yield name, {}
        if "triples" in statistic.options:
            yield name, {"triples": True}


def _peak(connection: Connection) -> float:
    """The most memory that this session ever had, what it shares with others included; nought where nobody tells."""
    status = Path(f"/proc/{connection.scalar(text('select pg_backend_pid()'))}/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), 0.0)


def _program(url: str) -> None:
    command = [sys.executable, "-m", "census", "stats", "tool-calling", "--scan", "latest", "--database", url]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  the program itself


@contextmanager
def _copy(server: Embedded, url: str) -> Iterator[str]:
    """A copy of the database to write into, so that the next run finds the same."""
    name = conninfo_to_dict(url)["dbname"]
    copied = f"{name}_copy"
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as administrator:
        administrator.execute(f"drop database if exists {copied}".encode())  # of a run that was killed
    try:
        yield server.create_database(copied, str(name))
    finally:
        server.drop_database(copied)


def table(found: dict[int, dict[str, float]]) -> None:
    """Print a Markdown table: a line for each measure, a column for each size, and the ratio of two sizes."""
    sizes = list(found)
    ratio = ["times"] if len(sizes) > 1 else []
    heads = ["what, in seconds if not said otherwise", *(f"{hosts:,} hosts" for hosts in sizes), *ratio]
    print("| " + " | ".join(heads) + " |")
    print("|---|" + "--:|" * (len(heads) - 1))
    for key in found[sizes[0]]:
        values = [found[hosts][key] for hosts in sizes if key in found[hosts]]
        cells = [f"{value:,.0f}" if key.endswith("MB") else f"{value:,.2f}" for value in values]
        if len(values) > 1 and values[0]:
            cells.append(f"{values[1] / values[0]:.1f}")
        print(f"| {key.replace(' | ', ', ')} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=175_000)
    parser.add_argument("--times", type=int, default=1, help="measure so many times the hosts, too")
    parser.add_argument("--units", nargs="+", default=["host"], choices=("host", "endpoint", "host-day", "observation"))
    parser.add_argument("--folder", type=Path, help="where the database is kept; a temporary folder without it")
    parser.add_argument("--json", action="store_true", help="JSON by number of hosts instead of a table")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, Embedded(given.folder or Path(temporary)) as server:
        found = {}
        for hosts in sorted({given.hosts, given.hosts * given.times}):
            found[hosts] = measure(server, populate(server, hosts), given.units)
    if given.json:
        print(json.dumps(found, indent=2))
    else:
        table(found)


if __name__ == "__main__":
    main()
