"""`census export`: rows for other programs, their dictionary, and the folder for an archive."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.cli.remarks import remark
from census.cli.stats import scan_number
from census.report import dataset, dictionary, exports, tables
from census.store.connect import engine
from census.store.embedded import home

_BOUND = 5


@click.command("export")
@click.argument("what", type=click.Choice(exports.WHATS), required=False)
@option("--dataset", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
        help="Write all of it as a new folder for an archive, with statistics, dictionary and checksums.")  # fmt: skip
@option("--dictionary", "book", is_flag=True, help="Write what each column means, as CSV or as --format.")
@option("--min-count", type=click.IntRange(1), metavar="N",
        help=f"--dataset: hide what fewer than N hosts have [default: {_BOUND}; 1 hides nothing].")  # fmt: skip
@option("--format", "format_", type=click.Choice(exports.FORMATS),
        help="One JSON object a line, CSV, or Parquet (with the extra `parquet`) [default: jsonl].")  # fmt: skip
@option("--scan", "wanted", default="all", show_default=True, metavar="ID|latest|all", help="Which scans.")
@option("--addresses", is_flag=True, help="Write addresses as they are, not as keyed hashes.")
@option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Where to write [default: standard output].")  # fmt: skip
@common_options()
@click.pass_obj
def export(common: Common, /, *, what: str | None, folder: Path | None, book: bool, min_count: int | None,
           format_: str | None, wanted: str, addresses: bool, output: Path | None) -> None:  # fmt: skip
    """Write rows of WHAT: targets, endpoints, models, observations, sightings or inventories.

    Addresses leave the database as hashes under a key that stays in CENSUS_HOME, unless --addresses is given: the
    same address has the same hash in all your exports, and nobody else can undo it.
    """
    if [what is not None, folder is not None, book].count(True) != 1:
        raise click.UsageError(f"say one thing to write: {', '.join(exports.WHATS)}, --dataset FOLDER or --dictionary")
    if min_count is not None and folder is None:
        raise click.UsageError("--min-count is for --dataset; rows of an export count nobody")
    if folder is not None:
        if format_ not in {None, "parquet"} or wanted != "all" or output is not None:
            raise click.UsageError("--dataset writes all scans as Parquet into its folder: leave out --format, --scan"
                                   " and --output")  # fmt: skip
        _write_dataset(common, folder, addresses=addresses, bound=min_count or _BOUND)
    elif book:
        _write_dictionary(common, format_, output, addresses=addresses)
    else:
        assert what is not None
        _write_rows(common, what, format_ or "jsonl", wanted, output, addresses=addresses)


def _write_rows(common: Common, what: str, form: str, wanted: str, output: Path | None, *, addresses: bool) -> None:
    with database(common) as url, engine(url).connect() as connection:
        key = None if addresses else exports.hash_key(home())
        scan = scan_number(url, wanted)
        if not common.quiet and what != "targets":
            remark(url, what, scan=scan)
        count = exports.export(connection, what, output or sys.stdout.buffer, form=form, scan=scan, key=key)
    if not common.quiet:
        click.echo(f"{count:,} rows of {what}" + (f" in {output}" if output else ""), err=True)


def _write_dictionary(common: Common, form: str | None, output: Path | None, *, addresses: bool) -> None:
    with database(common) as url, engine(url).connect() as connection:
        found = dictionary.dictionary(connection, addresses=addresses)
    with exports.opened(output or sys.stdout.buffer) as stream:
        tables.write_bytes(found, form or "csv", stream)


def _write_dataset(common: Common, folder: Path, *, addresses: bool, bound: int) -> None:
    one_moment = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database(common) as url, engine(url).connect().execution_options(**one_moment) as connection:
        key = None if addresses else exports.hash_key(home())
        if not common.quiet:
            remark(url)
        made = dataset.write(connection, folder, key=key, bound=bound)
    if not common.quiet:
        rows = ", ".join(f"{count:,} {what}" for what, count in made.rows.items())
        click.echo(f"{folder}: {rows}; its README.md says how to count again", err=True)
