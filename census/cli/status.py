"""`census status` and `census stop`: scans seen, and ended, from anywhere."""

from __future__ import annotations

import json
import time

import click

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
        step = scans.progress(connection, scans.find(connection, wanted))
    if as_json:
        click.echo(json.dumps({
            "scan": step.scan, "state": step.state, "targets": step.targets, "done": step.done,
            "outcomes": step.outcomes, "rate": round(step.rate, 3),
            "eta_seconds": None if step.eta is None else round(step.eta, 1),
        }))  # fmt: skip
        return
    name = f" ({step.name})" if step.name else ""
    click.echo(f"{shown.line(step)}\nscan {step.scan}{name} is {step.state}")
    if step.state is scans.State.INTERRUPTED:
        click.echo(f"next: census resume {step.scan}")


@click.command("stop")
@click.argument("wanted", metavar="SCAN")
@common_options()
@click.pass_obj
def stop(common: Common, /, *, wanted: str) -> None:
    """End a running scan on all its workers, from anywhere: SCAN is a number, a name, or `latest`.

    The workers give open targets two seconds, store what they have and give their chunks back. `census scan`, where it
    runs, ends with exit code 130, as if it had been interrupted there. No worker takes the scan up again until
    `census resume`.
    """
    with database(common) as url, connect(url) as connection:
        number = scans.find(connection, wanted, unfinished=True)
        if not scans.stop(connection, number):
            raise UseError(f"scan {number} is done, so there is nothing to stop")
        end = time.monotonic() + _DRAINING
        while (holders := workers.holders(connection, number)) and time.monotonic() < end:
            time.sleep(_LOOK)
        step = scans.progress(connection, number)
    click.echo(f"scan {number} is stopped; {step.done:,} of {step.targets:,} targets are done")
    if holders:
        click.echo(f"no word yet from {', '.join(holders)}; nothing they may still do can harm the scan", err=True)
    click.echo(f"next: census resume {number}")
