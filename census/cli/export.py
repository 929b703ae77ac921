"""`census export`: rows for other programs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.cli.remarks import remark
from census.cli.stats import scan_number
from census.report import exports
from census.store.connect import engine
from census.store.embedded import home


@click.command("export")
@click.argument("what", type=click.Choice(exports.WHATS))
@option("--format", "format_", type=click.Choice(exports.FORMATS), default="jsonl", show_default=True,
        help="One JSON object a line, CSV, or Parquet (with the extra `parquet`).")  # fmt: skip
@option("--scan", "wanted", default="all", show_default=True, metavar="ID|latest|all", help="Which scans.")
@option("--addresses", is_flag=True, help="Write addresses as they are, not as keyed hashes.")
@option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Where to write [default: standard output].")  # fmt: skip
@common_options()
@click.pass_obj
def export(common: Common, /, *, what: str, format_: str, wanted: str, addresses: bool, output: Path | None) -> None:
    """Write rows of WHAT: targets, endpoints, models or observations.

    Addresses leave the database as hashes under a key that stays in CENSUS_HOME, unless --addresses is given: the
    same address has the same hash in all your exports, and nobody else can undo it.
    """
    with database(common) as url, engine(url).connect() as connection:
        key = None if addresses else exports.hash_key(home())
        target = output or sys.stdout.buffer
        scan = scan_number(url, wanted)
        if not common.quiet and what != "targets":
            remark(url, what, scan=scan)
        count = exports.export(connection, what, target, form=format_, scan=scan, key=key)
    if not common.quiet:
        click.echo(f"{count:,} rows of {what}" + (f" in {output}" if output else ""), err=True)
