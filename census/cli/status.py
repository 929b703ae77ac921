"""`census status` and `census stop`: scans seen, and ended, from anywhere."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import click
from psycopg import Connection

from census.cli import progress as shown
from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.errors import UseError
from census.store import scans, workers
from census.store.connect import connect

_DRAINING = 8.0  # seconds after which workers that still hold something are named
_LOOK = 0.2


@click.command("status")
@click.argument("wanted", metavar="[SCAN]", default="latest")
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@common_options()
@click.pass_obj
def status(common: Common, /, *, wanted: str, as_json: bool) -> None:
    """Show how far a scan is: SCAN is a number, a name, or `latest`."""
    with database(common) as url, connect(url) as connection:
        number = scans.find(connection, wanted)
        step = scans.progress(connection, number)
        if step.state is scans.State.RUNNING and workers.forsaken(connection, number):
            step = replace(step, state=scans.State.INTERRUPTED, eta=None)
    if as_json:
        click.echo(json.dumps({
            "scan": step.scan, "state": step.state, "targets": step.targets, "done": step.done,
            "outcomes": step.outcomes, "rate": round(step.rate, 3),
            "eta_seconds": None if step.eta is None else round(step.eta, 1),
        }))  # fmt: skip
        return
    name = f" ({step.name})" if step.name else ""
    click.echo(f"{shown.line(step)}\nscan {step.scan}{name} is {step.state}")
    if step.expired is not None:
        click.echo(
            f"its authorisation ended on {step.expired}; next, under another: census resume {step.scan} --scope FILE"
        )
    elif step.state is scans.State.INTERRUPTED:
        click.echo(f"next: census resume {step.scan}")


@click.command("stop")
@click.argument("wanted", metavar="SCAN")
@common_options()
@click.pass_obj
def stop(common: Common, /, *, wanted: str) -> None:
    """End a running scan on all its workers, from anywhere: SCAN is a number, a name, or `latest`.

    The workers give targets that are answering two seconds, store what they have and give their chunks back. `census
    scan`, where it runs, ends with exit code 130, as if it had been interrupted there. No worker takes the scan up
    again until `census resume`.
    """
    with database(common) as url, connect(url) as connection:
        number = scans.find(connection, wanted, unfinished=True)
        if not scans.stop(connection, number):
            raise UseError(f"scan {number} is done, so there is nothing to stop")
        holders = _drain(connection, number)
        scans.end(connection, number)  # it may have come to its end while it was being stopped
        step = scans.progress(connection, number)
    if step.done == step.targets:
        click.echo(f"scan {number} had come to its end: all {step.targets:,} targets are done, so nothing was stopped")
        return
    click.echo(f"scan {number} is stopped; {step.done:,} of {step.targets:,} targets are done")
    if holders:
        click.echo(f"no word yet from {', '.join(holders)}; nothing they may still do can harm the scan", err=True)
    click.echo(f"next: census resume {number}")


def _drain(connection: Connection[Any], number: int) -> list[str]:
    """Wait for the workers to put away what they have; gives those that have given no word in time."""
    end = time.monotonic() + _DRAINING
    while (holders := workers.holders(connection, number)) and time.monotonic() < end:
        time.sleep(_LOOK)
    return holders
