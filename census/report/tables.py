"""The rows of a statistic on a terminal, as a table that fits it, and as text for other programs."""

from __future__ import annotations

from typing import BinaryIO, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from census.report.fitting import GAP, Fit, fit
from census.report.formats import type_of, write_rows, write_text
from census.report.grid import Grid, grid
from census.report.words import UNKNOWN, inert
from census.store.statistics import Result

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
        fitted = fit(cells, console.width)
        console.print(_cards(fitted.grid) if fitted.cards else _table(fitted, console))
        if fitted.left_out:
            names = ", ".join(fitted.left_out)
            console.print(
                Text(f"Left out, for the terminal is too narrow: {names} (--format csv has all)", style="dim")
            )
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


def _table(fitted: Fit, console: Console) -> Table:
    """Every cell is a Text, which rich takes literally, whatever markup a stranger put into it."""
    cells = fitted.grid
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, GAP, 0, 0))
    for column in cells.columns:
        table.add_column(
            Text(column.name),
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric,
            overflow="fold",
        )
        if fitted.bar and column.name == "share":
            table.add_column(no_wrap=True, width=fitted.bar)
    for row, share in zip(cells.rows, cells.shares, strict=True):
        texts = [Text(cell, style="dim" if cell == UNKNOWN else "") for cell in row]
        if fitted.bar:
            behind = [column.name for column in cells.columns].index("share") + 1
            texts.insert(behind, _bar(share or 0, fitted.bar, console))
        table.add_row(*texts)
    return table


def _cards(cells: Grid) -> Table:
    """The rows one below the other, each cell on a line of its own behind the name of its column."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, GAP, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for number, row in enumerate(cells.rows):
        if number:
            table.add_row()
        for column, cell in zip(cells.columns, row, strict=True):
            if cell:
                table.add_row(Text(column.name), Text(cell, style="dim" if cell == UNKNOWN else ""))
    return table


def _bar(share: float, width: int, console: Console) -> Text:
    """A bar as long as the share, in eighths of a character where the terminal has them."""
    if not console.encoding.lower().startswith("utf"):
        return Text("#" * round(share * width), style="cyan")
    whole, part = divmod(round(share * width * len(_EIGHTHS)), len(_EIGHTHS))
    return Text("█" * whole + _EIGHTHS[part] * (part > 0), style="cyan")
