"""`census stats`: the questions that a census answers, and the answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem
from rich.text import Text
from sqlalchemy import Connection

from census.cli.console import paged
from census.cli.database import database
from census.cli.options import Common, common_options, option
from census.cli.remarks import remark
from census.report import anonymity, exports, tables
from census.store import scans, statistics
from census.store.connect import connect, engine

NO_SCAN = "No scan is stored yet: `census scan --help` says how to make one, and `census demo` shows the whole job."
_READABLE = 96  # characters of a line of text
_CLUSTER_DRAWS, _NULL_DRAWS = 1000, 100


def moment(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """A day or a moment in ISO 8601; without a zone it is UTC."""
    if value is None:
        return None
    try:
        given = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no date; write 2026-11-21 or 2026-11-21T14:30+01:00") from None
    return given if given.tzinfo is not None else given.replace(tzinfo=UTC)


def complete(_ctx: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The statistics that begin so, for a shell, each with the first sentence of its definition."""
    return [
        CompletionItem(name, help=each.definition.partition(".")[0])
        for name, each in statistics.STATISTICS.items()
        if name.startswith(begun)
    ]


def window(since: datetime | None, until: datetime | None) -> None:
    """Raise UsageError if nothing can be between the two."""
    if since is not None and until is not None and since >= until:
        raise click.UsageError(f"--since {since} is not before --until {until}: nothing can be in between")


def scan_number(url: str, wanted: str) -> int | None:
    """The number of the scan that `--scan` names; None for all. Raises NoSuchScanError."""
    if wanted == "all":
        return None
    with connect(url) as connection:
        return scans.find(connection, wanted)


@click.command("stats")
@click.argument("name", required=False, shell_complete=complete)
@option("--scan", "wanted", default="all", show_default=True, metavar="ID|latest|all", help="Which scans count.")
@option("--since", callback=moment, metavar="TIME", help="Only observations from this day or moment on (UTC).")
@option("--until", callback=moment, metavar="TIME", help="Only observations before this day or moment (UTC).")
@option("--unit", type=click.Choice(("endpoint", "host", "host-day", "observation")), default="host",
        show_default=True, help="What is counted; a host is one IP address.")  # fmt: skip
@option("--population", type=click.Choice(("raw", "credible")), default="credible", show_default=True,
        help="With decoys (raw), or without endpoints whose verdict is decoy.")  # fmt: skip
@option("--by", type=click.Choice(("family", "architecture")), default="family", show_default=True,
        help="By who made a model, or by the architecture that servers report.")  # fmt: skip
@option("--versions", is_flag=True, help="software: one row for each version.")
@option("--triples", is_flag=True, help="co-deployment: three families instead of two.")
@option(
    "--cluster",
    type=click.Choice(("asn",)),
    help="Draw the 95 % intervals over networks, for hosts of one network are often alike (bootstrap).",
)
@option(
    "--null-model",
    is_flag=True,
    help="co-deployment: what chance would give, if hosts keep their numbers of families and families their hosts.",
)
@option("--draws", type=click.IntRange(20), metavar="N", help="Draws of --cluster [1000] and --null-model [100].")
@option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    metavar="N",
    help="What --cluster and --null-model draw from: the same seed gives the same figures.",
)
@option("--top", type=click.IntRange(1), metavar="N", help="Only the first so many rows.")
@option("--min-count", type=click.IntRange(2), metavar="N",
        help="For publishing: hide rows of fewer than N units, and what would tell them.")  # fmt: skip
@option("--format", "format_", type=click.Choice(("table", "json", "csv", "jsonl", "parquet")), default="table",
        show_default=True, help="How to write the rows; Parquet needs the extra `parquet`.")  # fmt: skip
@option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Where to write, whole or not at all [default: standard output].")  # fmt: skip
@common_options()
@click.pass_obj
def stats(common: Common, /, *, name: str | None, wanted: str, since: datetime | None, until: datetime | None,
          unit: str, population: str, by: str, versions: bool, triples: bool, cluster: str | None,
          null_model: bool, draws: int | None, seed: int, top: int | None, min_count: int | None,
          format_: str, output: Path | None) -> None:  # fmt: skip
    """Answer one of the questions of a census; without NAME, list them with their definitions.

    The same rows are to be had in SQL: `select * from stats.families`, or with arguments
    `select * from stats.families(scan => 3, unit => 'endpoint')`.
    """
    if name is None:
        _check_list()
        _check_output(format_, output)
        if format_ == "table":
            _show_list()
        else:
            _write(_listed(), format_, output)
        return
    # Before a database is opened: a typing error is told at once.
    definition = statistics.definition(name, by, triples=triples)
    _check_options(name, by=by != "family", versions=versions, triples=triples)
    window(since, until)
    _check_output(format_, output)
    drawing = _drawing(name, unit, triples=triples, cluster=cluster, null_model=null_model, draws=draws, seed=seed)
    if min_count is not None and drawing is not None:
        raise click.UsageError("--min-count goes with neither --cluster nor --null-model: they work on all rows")
    with database(common) as url, opened(url) as connection:
        scan = scan_number(url, wanted)
        asked: dict[str, Any] = {
            "scan": scan, "since": since, "until": until, "unit": unit, "population": population, "by": by,
        }  # fmt: skip
        folded = _rows(connection, name, min_count, **asked, versions=versions, triples=triples, top=top)
        result = folded.result
        if drawing is not None:
            result = drawing(connection, result, **asked)
        empty = tables.is_empty(result) and not folded.rows
        span = statistics.span(connection) if empty else None
        if not common.quiet and name != "funnel":  # which is kept whole
            remark(url, name, scan=scan, since=since, until=until, unit=unit)
    if format_ == "table":
        title = f"{name}{_counted(name, unit, population)}"
        with paged() as terminal:
            tables.show(result, terminal, title=title, definition=definition)
    else:
        _write(result, format_, output)
    if not common.quiet:
        _remark(name, span, empty=empty)
        _remark_hidden(folded, min_count)


def _write(result: statistics.Result, format_: str, output: Path | None) -> None:
    with exports.opened(output or sys.stdout.buffer) as stream:
        tables.write_bytes(result, format_, stream)


def _remark_hidden(folded: anonymity.Folded, min_count: int | None) -> None:
    if folded.rows:
        rows = f"all {folded.rows:,} rows" if folded.entirely else f"{folded.rows:,} rows"
        click.echo(f"{rows} are hidden: fewer than {min_count}, or what would tell them", err=True)


def _check_list() -> None:
    """Refuse what says which rows are wanted, where no statistic is named: who forgot the name wants no list."""
    context = click.get_current_context()
    for parameter in context.command.params:
        given = context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
        if given and parameter.expose_value and parameter.name not in ("name", "format_", "output"):
            raise click.UsageError(f"{parameter.opts[0]} needs the NAME of a statistic; `census stats` lists them")


def _check_options(name: str, **given: bool) -> None:
    """Options that a statistic does not take are refused, with those that take them."""
    for word, is_given in given.items():
        if is_given and word not in statistics.STATISTICS[name].options:
            takers = ", ".join(each.name for each in statistics.STATISTICS.values() if word in each.options)
            raise click.UsageError(f"{name} takes no --{word}; {takers} does")


def _check_output(format_: str, output: Path | None) -> None:
    """What cannot be written so is refused before a database is opened."""
    if format_ == "table" and output is not None:
        raise click.UsageError("--output wants rows for programs: add --format csv, jsonl, json or parquet")
    if format_ == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is nothing for a terminal: add --output FILE")


def _rows(connection: Connection, name: str, min_count: int | None, **asked: Any) -> anonymity.Folded:
    if min_count is None:
        return anonymity.Folded(statistics.rows(connection, name, **asked), 0)
    return anonymity.publish(connection, name, min_count, **asked)


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """A connection for statistics; nothing of it is left when the block ends."""
    made = engine(url)
    try:
        with made.connect() as connection:
            yield connection
    finally:
        made.dispose()


def _drawing(name: str, unit: str, *, triples: bool, cluster: str | None, null_model: bool, draws: int | None,
             seed: int) -> Callable[..., statistics.Result] | None:  # fmt: skip
    """What is to be drawn at random, if anything; raises UseError where it cannot be, before a database is opened."""
    if cluster is not None and null_model:
        raise click.UsageError("--cluster and --null-model answer different questions; ask one after the other")
    if cluster is not None:
        from census.resampling import clusters  # noqa: PLC0415  loads numpy, which nothing else here needs

        clusters.check(name, unit)
        return partial(clusters.clustered, name=name, draws=draws or _CLUSTER_DRAWS, seed=seed)
    if null_model:
        from census.resampling import chance  # noqa: PLC0415  likewise

        chance.check(name, unit, triples=triples)
        return partial(chance.with_chance, draws=draws or _NULL_DRAWS, seed=seed)
    _check_not_drawn()
    return None


def _check_not_drawn() -> None:
    """Refuse what says how to draw, where nothing is; a variable may be set for the times when something is."""
    source = click.get_current_context().get_parameter_source
    for word in ("draws", "seed"):
        if source(word) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"--{word} changes nothing, for nothing is drawn: add --cluster asn (intervals drawn over networks) or,"
                f" for co-deployment, --null-model, or leave --{word} out"
            )


def _counted(name: str, unit: str, population: str) -> str:
    """What the rows count, for a title: some statistics know hosts and endpoints alone, and one counts targets."""
    if name == "funnel":
        return ""
    if statistics.STATISTICS[name].carriers and unit != "endpoint":
        unit = "host"
    return f" by {unit}, {population}"


def _remark(name: str, span: tuple[datetime, datetime] | None, *, empty: bool) -> None:
    """What has to be told beside the figures: a caution, and for nothing seen when something was."""
    caution = statistics.STATISTICS[name].caution
    if caution is not None:
        click.echo(f"Mind that {caution}.", err=True)
    if span is not None:
        first, last = (f"{at:%Y-%m-%d %H:%M}" for at in span)
        click.echo(
            f"Nothing was seen in what was asked for; the database has scans from {first} to {last} UTC.", err=True
        )
    elif empty:
        click.echo(NO_SCAN, err=True)


def _listed() -> statistics.Result:
    rows = [
        (heading, each.name, list(each.options), each.definition)
        for heading, group in statistics.GROUPS.items()
        for each in group
    ]
    return statistics.Result(("group", "name", "options", "definition"), rows)


def _show_list() -> None:
    with paged() as terminal:
        width = min(terminal.width, _READABLE)
        for heading, group in statistics.GROUPS.items():
            terminal.print(Text(heading, style="bold underline"))
            for statistic in group:
                options = "".join(f" [--{option}]" for option in statistic.options)
                terminal.print(Text.assemble("  ", (statistic.name, "bold"), options))
                definition = click.wrap_text(statistic.definition, width, "      ", "      ")
                terminal.print(Text(definition), soft_wrap=True)
            terminal.print()
