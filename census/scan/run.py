"""A scan from its first row to its last, as the process that watches the workers sees it; prints nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTimeError
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from census import __version__
from census.errors import FailedError, StoppedError, UseError
from census.places import Places
from census.scan.crew import Crew
from census.scan.logs import SCAN
from census.scan.plan import Judged, Plan
from census.scan.settings import Settings, loaded_by_size
from census.scan.shift import EXPIRED
from census.store import claims, scans, workers
from census.store.connect import connect
from census.store.door import BusyError, DatabaseLostError, Door
from census.store.scans import Progress, State
from census.targets.scope import Scope

_WORD = 0.7  # seconds for the database to say how an interrupted scan stands
_LOOK = 0.5  # seconds between two looks at the progress


class AlreadyRunningError(UseError):
    """Somebody works on the scan at this moment; the message says who."""


class ScanFailedError(FailedError):
    """The workers ended before the scan was done; what was done is stored, and the scan can be resumed."""


class AuthorizationEndedError(UseError):
    """The authorisation ended while the scan ran; it can be resumed under a new scope."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How workers are run on this machine; `revive` brings a database of this machine up again when it died."""

    database: str
    metrics_port: int | None = None
    verbose: bool = False
    revive: Callable[[], None] | None = None


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
        fitting = replace(_fitting(connection, scan, settings), loaded=scope.loaded or loaded_by_size(plan.to_ask))
        scans.complete(connection, scan, fitting.to_json(), read)
    return scan


def _fitting(connection: psycopg.Connection[Any], scan: int, settings: Settings) -> Settings:
    """No more workers than chunks: the others would have nothing to do."""
    return replace(settings, workers=max(1, min(settings.workers, claims.open_chunks(connection, scan))))


def take_up(database: str, wanted: str, scope: Scope | None, count: int) -> int:
    """Make an unfinished scan ready to go on, under a new scope if given; gives its number. A finished one stays.

    Raises NoSuchScanError, AlreadyRunningError, and ScopeError when the authorisation does not hold today.
    """
    with connect(database) as connection:
        scan = scans.find(connection, wanted, unfinished=True)
        if scans.progress(connection, scan).state is State.DONE:
            return scan
        settings = Settings.from_json(scans.settings(connection, scan))
        loaded = (scope and scope.loaded) or settings.loaded
        settings = replace(settings, scope=scope or settings.scope, workers=count, loaded=loaded)
        settings.scope.check_valid(datetime.now(UTC).date())
        settings = replace(settings, rate=min(settings.rate, settings.scope.rate))
        _wait_until_free(connection, scan)
        scans.begin_again(connection, scan, _fitting(connection, scan, settings).to_json())
    return scan


def is_done(database: str, scan: int) -> bool:
    """Whether a scan has come to its end, so that there is nothing to go on with."""
    with connect(database) as connection:
        return scans.progress(connection, scan).state is State.DONE


def _wait_until_free(connection: psycopg.Connection[Any], scan: int) -> None:
    """Workers that lost their parent put away what they have and go; those that stay are at work."""
    end = time.monotonic() + claims.STALE + 1
    while holders := workers.holders(connection, scan):
        if time.monotonic() > end:
            raise AlreadyRunningError(
                f"scan {scan} is running: {', '.join(holders)} works on it; "
                f"`census status {scan}` shows how far it is, `census worker` helps, `census stop {scan}` ends it"
            )
        time.sleep(_LOOK)


def follow(watch: Watch, scan: int) -> Generator[Progress, None, None]:
    """Run workers until the scan is done, giving the progress now and then, and once more at the end.

    Raises StoppedError, ScanFailedError or AuthorizationEndedError. When the caller stops early, the scan is stopped
    with all its workers, wherever they are.
    """
    SCAN.set(scan)
    door = Door(watch.database, revive=watch.revive)
    try:
        if (before := door.call(scans.progress, scan)).state is State.DONE:
            yield before
            return
        count = Settings.from_json(door.call(scans.settings, scan)).workers
        with Crew(watch.database, scan, count, metrics_port=watch.metrics_port, verbose=watch.verbose) as crew:
            try:
                while crew.tend() and not (step := door.call(_look, scan)).stopped:
                    yield step
                    time.sleep(_LOOK)
            except (KeyboardInterrupt, GeneratorExit):
                told = door.submit(scans.stop, scan)  # first of all, for workers elsewhere hear of it only so
                crew.stop()
                _hear(told)
                raise
        yield _ended(door, scan, crew.codes)
    except KeyboardInterrupt:
        _hear(door.submit(scans.stop, scan))  # again, for it may have come while the workers were being started
        raise
    except DatabaseLostError as error:
        raise ScanFailedError(f"{error}; when it is back, go on with `census resume {scan}`") from None
    finally:
        door.close(0.2)


def afterwards(database: str, scan: int) -> tuple[Progress, tuple[int, int, int]] | None:
    """How a scan stands after it was interrupted, and its summary; None if the database does not tell at once.

    One that had come to its end meanwhile is ended.
    """
    door = Door(database, patience=0)
    try:
        told = door.submit(_take_stock, scan).result(_WORD)
    except (NotInTimeError, FailedError, psycopg.Error, BusyError):
        return None
    finally:
        door.close()
    return told


def _take_stock(connection: psycopg.Connection[Any], scan: int) -> tuple[Progress, tuple[int, int, int]]:
    scans.end(connection, scan)
    return scans.progress(connection, scan), scans.summary(connection, scan)


def _look(connection: psycopg.Connection[Any], scan: int) -> Progress:
    scans.touch(connection, scan)
    return scans.progress(connection, scan)


def _hear(told: Future[bool]) -> None:
    """Wait until the database has taken a word; one that does not answer is not waited for."""
    with contextlib.suppress(NotInTimeError, FailedError, psycopg.Error, BusyError):
        told.result(0.2)


def _ended(door: Door, scan: int, codes: list[int]) -> Progress:
    """The progress at the end of a scan that is done; raises what else it may have come to."""
    with contextlib.suppress(BusyError):
        door.call(scans.end, scan)
    last = door.call(scans.progress, scan)
    if last.state is State.DONE:
        return last
    with contextlib.suppress(BusyError):  # the last sign of life may be our own, just now
        door.call(workers.bury, scan)
        door.call(workers.note_nobody, scan)
    if last.stopped:
        raise StoppedError(f"scan {scan} was stopped; what was done is stored, `census resume {scan}` goes on with it")
    raise _failure(scan, codes)


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
