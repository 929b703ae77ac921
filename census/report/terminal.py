"""The census on a terminal: the figures at its head, its main tables, and last of what nothing was seen."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from census.report.findings import Findings
from census.report.headline import Figure
from census.report.sections import Section
from census.report.tables import show
from census.store.statistics import Result

_ROWS = 10  # of each statistic; `census stats` shows all


def terminal_report(findings: Findings, console: Console) -> None:
    """Print what was found."""
    console.print(_figures(findings.figures))
    console.print()
    for section in findings.sections.values():
        if section.says_something:
            show(_top(section), console, _title(section))
    if silent := [section.title for section in findings.sections.values() if not section.says_something]:
        console.print(Text(f"Nothing was seen for: {'; '.join(silent)}."))


def _figures(figures: tuple[Figure, ...]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for figure in figures:
        detail = f"{figure.detail}; {figure.beside}" if figure.beside else figure.detail
        table.add_row(Text(figure.value, style="bold"), Text(figure.label), Text(detail, style="dim"))
    return table


def _top(section: Section) -> Result:
    """The first rows, of ranks in each week those of the latest."""
    rows = section.result.rows
    if section.name == "weekly-ranks":
        latest = max((row[0] for row in rows), default=None)
        rows = [row for row in rows if row[0] == latest]
    return Result(section.result.columns, rows[:_ROWS], section.result.types)


def _title(section: Section) -> str:
    number = len(section.result.rows)
    first = "the latest" if section.name == "weekly-ranks" else "first"
    cut = f", {first} {_ROWS} of {number:,}" if number > _ROWS else ""
    return f"{section.title} ({section.unit}, {section.population}{cut})"
