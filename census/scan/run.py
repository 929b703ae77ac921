"""A scan from its first row to its last, as the process that watches the workers sees it; prints nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from census import __version__
from census.errors import FailedError, UseError
from census.places import Places
from census.scan.crew import Crew
from census.scan.plan import Judged, Plan
from census.scan.process import EXPIRED
from census.scan.settings import Settings
from census.store import claims, scans
from census.store.connect import connect
from census.store.scans import Progress
from census.targets.scope import Scope

_LOOK = 0.5  # seconds between two looks at the progress


class AlreadyRunningError(UseError):
    """Somebody works on the scan at this moment; the message says who."""


class ScanFailedError(FailedError):
    """The workers ended before the scan was done; what was done is stored, and the scan can be resumed."""


class AuthorizationEndedError(UseError):
    """The authorisation ended while the scan ran; it can be resumed under a new scope."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How workers are run on this machine."""

    database: str
    metrics_port: int | None = None
    verbose: bool = False


def cores() -> int:
    """Processors that this process may use: the default number of workers."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def create(
    database: str,
    plan: Plan,
    settings: Settings,
    chunks: Iterable[Judged],
    *,
    name: str | None,
    lists: Iterable[str],
) -> int:
    """Store a new scan with all its chunks, or nothing; gives its number. The first real scan removes the demo's."""
    scope = plan.scope
    with Places([Path(file) for file in settings.places]) as opened:
        places = opened.describe()
    with connect(database) as connection, connection.transaction():
        new = scans.NewScan(
            name=name, reference=scope.reference, basis=scope.basis, contact=scope.contact,
            valid_from=scope.valid_from, valid_until=scope.valid_until, authorization_hash=scope.text_hash,
            settings=settings.to_json(), places=places, seed=plan.seed, version=__version__,
        )  # fmt: skip
        if scope.reference != scans.DEMO:
            scans.clear_demo(connection)
        scan = scans.create(connection, new)
        claims.add_chunks(connection, scan, chunks)
        read = {"lists": list(lists), "lines_that_are_no_target": plan.problems.count}
        scans.complete(connection, scan, _fitting(connection, scan, settings).to_json(), read)
    return scan


def _fitting(connection: psycopg.Connection[Any], scan: int, settings: Settings) -> Settings:
    """No more workers than chunks: they share the rate evenly, and one that is idle would waste its share."""
    return replace(settings, workers=max(1, min(settings.workers, claims.open_chunks(connection, scan))))


def take_up(database: str, wanted: str, scope: Scope | None, workers: int) -> int:
    """Make an unfinished scan ready to go on, under a new scope if given; gives its number.

    Raises NoSuchScanError, AlreadyRunningError, and ScopeError when the authorisation does not hold today.
    """
    with connect(database) as connection:
        scan = scans.find(connection, wanted, unfinished=True)
        settings = Settings.from_json(scans.settings(connection, scan))
        settings = replace(settings, scope=scope or settings.scope, workers=workers)
        settings.scope.check_valid(datetime.now(UTC).date())
        settings = replace(settings, rate=min(settings.rate, settings.scope.rate))
        _wait_until_free(connection, scan)
        scans.begin_again(connection, scan, _fitting(connection, scan, settings).to_json())
    return scan


def _wait_until_free(connection: psycopg.Connection[Any], scan: int) -> None:
    """Workers that lost their parent put away what they have and go; those that stay are at work."""
    end = time.monotonic() + claims.STALE + 1
    while holders := claims.holders(connection, scan):
        if time.monotonic() > end:
            raise AlreadyRunningError(
                f"scan {scan} is running: {', '.join(holders)} works on it; `census status {scan}` shows how far it is"
            )
        time.sleep(_LOOK)


def follow(watch: Watch, scan: int) -> Iterator[Progress]:
    """Run workers until the scan is done, giving the progress now and then, and once more at the end.

    Raises ScanFailedError or AuthorizationEndedError. When the caller stops early the workers are stopped too.
    """
    with connect(watch.database) as connection:
        workers = Settings.from_json(scans.settings(connection, scan)).workers
        crew = Crew(watch.database, scan, workers, metrics_port=watch.metrics_port, verbose=watch.verbose)
        with crew:
            while crew.running:
                yield scans.progress(connection, scan)
                time.sleep(_LOOK)
        scans.rest(connection, scan)
        ended = scans.end(connection, scan)
        yield scans.progress(connection, scan)
        if not ended:
            raise _failure(scan, crew.codes)


def _failure(scan: int, codes: list[int]) -> Exception:
    if EXPIRED in codes:
        return AuthorizationEndedError(
            f"the authorisation ended while scan {scan} ran; go on with "
            f"`census resume {scan} --scope FILE` under one that holds"
        )
    return ScanFailedError(
        f"the workers of scan {scan} ended early (exit codes {codes}); what was done is stored, "
        f"go on with `census resume {scan}`"
    )
