"""The census on a terminal: the figures at its head, then its main tables."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection

from census.report.findings import Figure, Section, gather
from census.report.tables import show
from census.store.statistics import Result

_ROWS = 10  # of each statistic; `census stats` shows all


def terminal_report(connection: Connection, console: Console, scan: int | None = None) -> None:
    """Print the census of one scan, or of all."""
    findings = gather(connection, scan)
    console.print(_figures(findings.figures))
    console.print()
    for section in findings.sections.values():
        show(_top(section.result), console, _title(section))


def _figures(figures: tuple[Figure, ...]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for figure in figures:
        table.add_row(Text(figure.value, style="bold"), Text(figure.label), Text(figure.detail, style="dim"))
    return table


def _top(result: Result) -> Result:
    return Result(result.columns, result.rows[:_ROWS], result.types)


def _title(section: Section) -> str:
    number = len(section.result.rows)
    cut = f", first {_ROWS} of {number:,}" if number > _ROWS else ""
    return f"{section.title} ({section.unit}, {section.population}{cut})"
