"""`census diff`: what one scan saw differently from another."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from census.cli.console import Terminal
from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.cli.remarks import remark
from census.cli.stats import scan_number
from census.report import exports, tables
from census.store import differences
from census.store.connect import engine
from census.store.embedded import home
from census.store.statistics import Result


@click.command("diff")
@click.argument("before")
@click.argument("after")
@option("--format", "format_", type=click.Choice(("table", "json", "csv", "jsonl")), default="table", show_default=True,
        help="How to write the rows.")  # fmt: skip
@option("--addresses", is_flag=True, help="Show addresses as they are, not as keyed hashes.")
@option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Where to write rows for programs, whole or not at all [default: standard output].")  # fmt: skip
@common_options()
@click.pass_obj
def diff(common: Common, /, *, before: str, after: str, format_: str, addresses: bool, output: Path | None) -> None:
    """Show which endpoints are new, gone or changed in scan AFTER against scan BEFORE.

    A scan is a number, a name or `latest`. An endpoint is gone if it was asked again and is no inference server any
    more, and changed if its software, its version, its models (by name and digest) or whether it asks for a key are
    others. Verdicts belong to endpoints, not to scans: shown is the present one.
    """
    if format_ == "table" and output is not None:
        raise click.UsageError("--output wants rows for programs: add --format csv, jsonl or json")
    with database(common) as url, engine(url).connect() as connection:
        key = None if addresses else exports.hash_key(home())
        first, second = scan_number(url, before), scan_number(url, after)
        if first is None or second is None or first == second:
            raise click.UsageError("two different scans are compared: name the earlier one, then the later one")
        if not common.quiet:
            remark(url, "observations", scan=min(first, second))
        found = differences.between(connection, first, second)
    result = found.result if key is None else _hashed(found.result, key)
    if format_ == "table":
        tables.show(_short(result), Terminal(), title=f"Scan {second} against scan {first}")
    else:
        with exports.opened(output or sys.stdout.buffer) as stream:
            tables.write_bytes(result, format_, stream)
    if not common.quiet:
        click.echo(_summary(found.counts, second), err=True)


def _summary(counts: dict[str, int], after: int) -> str:
    told = [
        f"{counts.get(word, 0):,} {said}"
        for word, said in ((differences.NEW, "new"), (differences.GONE, "gone"), (differences.CHANGED, "changed"),
                           (differences.SAME, "the same"))
    ]  # fmt: skip
    missing = counts.get(differences.NOT_ASKED, 0)
    return ", ".join(told) + (f"; {missing:,} were not asked in scan {after}" if missing else "")


def _hashed(result: Result, key: bytes) -> Result:
    place = result.columns.index("address")
    columns = tuple("address_hash" if name == "address" else name for name in result.columns)
    rows = [(*row[:place], exports.hashed(row[place], key), *row[place + 1 :]) for row in result.rows]
    return Result(columns, rows)


def _short(result: Result) -> Result:
    """The rows for a terminal: before and after in one cell, and as much of a hash as tells hosts apart."""
    rows = []
    for row in result.rows:
        said = dict(zip(result.columns, row, strict=True))
        host = said.get("address") or f"{said['address_hash'][:12]}…"
        cells = (_both(said, "outcome"), _both(said, "software"), _both(said, "version"))
        rows.append((said["change"], f"{host} {said['port']}", said["country"], *cells, _models(said), said["decoy"]))
    return Result(("change", "endpoint", "country", "outcome", "software", "version", "models", "decoy"), rows)


def _both(said: dict[str, object], word: str) -> str:
    before, after = said[f"{word}_before"], said[f"{word}_after"]
    if before == after:
        return str(before or "")
    return " → ".join(str(each) for each in (before, after) if each is not None)


def _models(said: dict[str, object]) -> str:
    signs = (("+", "models_added"), ("-", "models_removed"), ("~", "models_updated"))
    named = ((sign, said[column]) for sign, column in signs)
    return " ".join(f"{sign}{name}" for sign, names in named if isinstance(names, list) for name in names)
