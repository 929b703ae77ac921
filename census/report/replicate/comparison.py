"""The figures of a study beside ours: as rows for programs, as a table on a terminal, as Markdown for a paper."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from census.report.replicate.census import NOTHING, Census, Ours
from census.report.replicate.silent_brothers import FIGURES, TITLE, Figure
from census.report.words import inert, interval, percent, written
from census.store.statistics import Result

_COLUMNS = ("number", "figure", "theirs", "ours", "low", "high", "comparable", "definition", "reason")

Compared = list[tuple[Figure, Ours]]


def compare(census: Census) -> Compared:
    """Each figure of the study with ours, in the study's order."""
    return [(each, each.ask(census) if each.ask is not None else NOTHING) for each in FIGURES]


def rows(compared: Compared) -> Result:
    """For programs: `ours` is a number (a share between 0 and 1), words, or null; `reason` says why not comparable."""
    told = [
        (each.number, each.figure, each.theirs, ours.value, ours.low, ours.high, each.ask is not None, each.definition,
         each.reason or None)
        for each, ours in compared
    ]  # fmt: skip
    return Result(_COLUMNS, told)


def show(compared: Compared, console: Console) -> None:
    """Print the comparison as a table that fits the terminal."""
    console.print(Text(TITLE, style="bold"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("figure", overflow="fold", ratio=3)
    table.add_column("theirs", justify="right", overflow="fold", ratio=2)
    table.add_column("ours", justify="right", overflow="fold", ratio=3)
    table.add_column("of what", style="dim", overflow="fold", ratio=5)
    for cells in _cells(compared):
        table.add_row(*(Text(inert(cell)) for cell in cells))
    console.print(table)


def markdown(compared: Compared) -> str:
    """The comparison as a Markdown table."""
    lines = [f"## {TITLE}", "", "| | figure | theirs | ours | of what |", "|---|---|--:|--:|---|"]
    lines += [f"| {' | '.join(map(_escaped, cells))} |" for cells in _cells(compared)]
    return "\n".join(lines) + "\n"


def _cells(compared: Compared) -> Iterator[tuple[str, ...]]:
    for each, ours in compared:
        meaning = f"{each.definition}; {each.reason}" if each.reason else each.definition
        yield each.number, each.figure, each.theirs, _written(each, ours), meaning


def _written(figure: Figure, ours: Ours) -> str:
    if figure.ask is None:
        return "not comparable"
    if ours.value is None:
        return "nothing was seen"
    if ours.share and isinstance(ours.value, float):
        return f"{percent(ours.value)} {interval(ours.low, ours.high)}".rstrip()
    return written(ours.value)


def _escaped(cell: str) -> str:
    return inert(cell).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
