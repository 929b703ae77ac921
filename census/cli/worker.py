"""`census worker`: worker processes for whatever scans are open in the database."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from census.cli.database import Opened, lasting_database
from census.cli.options import Common, common_options, option
from census.errors import FailedError
from census.machine import processors
from census.report.renewal import renew
from census.scan.crew import Crew
from census.store import idle
from census.store.door import Door

_LOOK = 0.5  # seconds between two looks at the processes


class _TerminatedError(BaseException):
    """SIGTERM, which is how a service is told that its work is over."""


@click.command("worker")
@option("--workers", type=click.IntRange(1, 256), metavar="N", help="Worker processes [default: the number of cores].")
@option("--drain", is_flag=True, help="End when no scan is open any more, instead of waiting for the next.")
@option("--geoip", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
        help="A place database (MMDB) of this machine; repeatable [default: the scan's, if they are here, else those "
             "in the usual folders].")  # fmt: skip
@option(
    "--metrics-port",
    type=click.IntRange(1, 65_535),
    metavar="N",
    help="Worker n, from 0, serves Prometheus metrics on N+n.",
)
@common_options()
@click.pass_obj
def worker(common: Common, /, *, workers: int | None, drain: bool, geoip: tuple[Path, ...],
           metrics_port: int | None) -> int:  # fmt: skip
    """Help with the scans that are open in the database, from this or another machine, and wait for more.

    A scan is open from the moment its lists are read until it is done, whether `census scan` still runs or was
    killed; one that was interrupted or stopped is left alone until `census resume`, and so is one whose authorisation
    has ended. All workers of a scan together keep its rate. Start as many as you like, on as many machines; whoever
    finishes the last targets ends the scan.

    The exit code is 0 when it was terminated (SIGTERM) or, with --drain, no scan is left, 1 when a worker failed or
    the database was away for five minutes, 130 when it was interrupted (Ctrl-C).
    """
    places = [str(file.absolute()) for file in geoip] or None
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with lasting_database(common) as opened:
            crew = Crew(opened.url, None, workers or processors(), metrics_port=metrics_port, verbose=common.verbose,
                        places=places, drain=drain)  # fmt: skip
            with crew:
                if not common.quiet:
                    click.echo("working on the scans that are open; Ctrl-C ends it and loses nothing", err=True)
                _watch(crew, opened)
    except _TerminatedError:
        return 0
    if any(crew.codes):
        raise FailedError(f"workers ended early (exit codes {crew.codes}); what they said stands above")
    return 0


def _watch(crew: Crew, opened: Opened) -> None:
    """Until the workers have ended: keep them there, and an embedded server too, and renew results after each scan."""
    door = Door(opened.url, revive=opened.revive)
    scanning, scan = False, door.submit(idle.running)
    try:
        while crew.tend():
            if scan.done():
                scanning = _after_a_scan(opened.url, was=scanning, now=scan.result() is not None)
                scan = door.submit(idle.running)
            time.sleep(_LOOK)
        _after_a_scan(opened.url, was=scanning, now=False)
    finally:
        door.close(0.2)


def _after_a_scan(url: str, *, was: bool, now: bool) -> bool:
    """Ask once more what somebody asked before the scan that is over, if one is; whether one is running."""
    if was and not now:
        renew(url, lambda _done, _of, _left: None)
    return now


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _TerminatedError
