"""The rows of a statistic on a terminal, as a table that fits it, and as text for other programs."""

from __future__ import annotations

from typing import BinaryIO, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from census.report.formats import type_of, write_rows, write_text
from census.report.grid import Grid, grid
from census.report.words import UNKNOWN, inert
from census.store.statistics import Result

_BAR = 12  # characters for the whole
_WIDE = 90  # a narrower terminal gets no bars
_EIGHTHS = " ▏▎▍▌▋▊▉"


def show(result: Result, console: Console, title: str, definition: str = "") -> None:
    """Print a result as a table under its title, with its definition below.

    A share is one cell with its interval; `of` stands once below the table if it is the same for all rows.
    """
    cells = grid(result)
    console.print(Text(inert(title), style="bold"))
    if is_empty(result):
        console.print(Text("Nothing was seen.", style="dim"))
    else:
        console.print(_table(cells, console))
    if cells.of:
        console.print(Text(f"n = {cells.of:,}", style="dim"))
    if definition:
        console.print(Text(inert(definition), style="dim"))
    console.print()


def is_empty(result: Result) -> bool:
    """Whether a result says nothing: no row, or shares of no unit at all."""
    if "of" not in result.columns:
        return not result.rows
    return not any(row[result.columns.index("of")] for row in result.rows)


def write(result: Result, form: str, stream: TextIO) -> None:
    """Write a result as `json`, `jsonl` or `csv`; an unknown form is a ReportError."""
    write_text(result.columns, result.rows, form, stream)


def write_bytes(result: Result, form: str, stream: BinaryIO) -> None:
    """The same for a file, also as `parquet`, with the types that the database gave its columns."""
    columns = {
        name: result.types.get(name) or type_of(row[place] for row in result.rows)
        for place, name in enumerate(result.columns)
    }
    write_rows(columns, result.rows, form, stream)


def _table(cells: Grid, console: Console) -> Table:
    """Every cell is a Text, which rich takes literally, whatever markup a stranger put into it."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in cells.columns:
        table.add_column(
            Text(column.name),
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric,
            overflow="fold",
        )
    bars = console.width >= _WIDE and any(column.name == "share" for column in cells.columns)
    if bars:
        table.add_column(no_wrap=True, width=_BAR)
    for row, share in zip(cells.rows, cells.shares, strict=True):
        texts = [Text(cell, style="dim" if cell == UNKNOWN else "") for cell in row]
        table.add_row(*texts, *([_bar(share or 0, console)] if bars else []))
    return table


def _bar(share: float, console: Console) -> Text:
    """A bar as long as the share, in eighths of a character where the terminal has them."""
    if not console.encoding.lower().startswith("utf"):
        return Text("#" * round(share * _BAR), style="cyan")
    eighths = round(share * _BAR * len(_EIGHTHS))
    whole, part = divmod(eighths, len(_EIGHTHS))
    return Text("█" * whole + _EIGHTHS[part] * (part > 0), style="cyan")
