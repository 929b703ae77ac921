"""How a table fits a terminal: with bars, intervals below their figures, folded names, or as a card for each row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rich.cells import cell_len

from census.report.grid import Column, Grid

GAP = 2  # characters between two columns
_BARS = (12, 8, 6)  # characters for the whole, the first that there is room for
_FOLDED = 12  # characters that a name keeps at least
_DIGEST = 12  # digits, as Ollama's own lists have them
_CARDS = 8  # rows that are still read as cards; more of them are a table with fewer columns


@dataclass(frozen=True, slots=True)
class Fit:
    """A table as it is to be drawn: `bar` characters for bars (0 none), `left_out` the columns without room."""

    grid: Grid
    bar: int = 0
    cards: bool = False
    left_out: tuple[str, ...] = ()


def fit(grid: Grid, width: int) -> Fit:
    """The first way to show all of a table in so many characters; columns without a single value are never shown."""
    full = _without_empty(grid)
    if _needs(full) <= width:
        return Fit(full, _bar(full, width))
    full = _with_short_digests(full)
    if _needs(full) <= width:
        return Fit(full)
    stacked = _stacked(full)
    if _needs(stacked, folded=True) <= width:
        return Fit(stacked if _needs(full, folded=True) > width else full)
    if len(full.rows) <= _CARDS:
        return Fit(full, cards=True)
    return _with_fewer(stacked, width)


def _needs(grid: Grid, *, folded: bool = False) -> int:
    """How many characters a table needs; `folded`: with its texts as narrow as they can be read."""
    widths = []
    for place, column in enumerate(grid.columns):
        width = max(map(cell_len, _lines([column.name, *(row[place] for row in grid.rows)])), default=0)
        widths.append(min(width, _FOLDED) if folded and not column.numeric else width)
    return sum(widths) + GAP * (len(widths) - 1)


def _lines(cells: Iterable[str]) -> list[str]:
    return [line for cell in cells for line in cell.split("\n")]


def _bar(grid: Grid, width: int) -> int:
    if "share" not in {column.name for column in grid.columns}:
        return 0
    room = width - _needs(grid) - GAP
    return next((bar for bar in _BARS if bar <= room), 0)


def _without_empty(grid: Grid) -> Grid:
    filled = [place for place in range(len(grid.columns)) if any(row[place] for row in grid.rows)]
    return _picked(grid, filled)


def _picked(grid: Grid, places: list[int]) -> Grid:
    rows = [[row[place] for place in places] for row in grid.rows]
    return replace(grid, columns=tuple(grid.columns[place] for place in places), rows=rows)


def _stacked(grid: Grid) -> Grid:
    """Narrower: intervals below their figures, and names of columns on several lines."""
    columns = tuple(replace(column, name=column.name.replace("_", "_\n")) for column in grid.columns)
    rows = [[_narrow(cell, column) for cell, column in zip(row, grid.columns, strict=True)] for row in grid.rows]
    return replace(grid, columns=columns, rows=rows)


def _with_short_digests(grid: Grid) -> Grid:
    rows = [
        [f"{cell[:_DIGEST]}…" if column.name == "digest" and len(cell) > _DIGEST else cell
         for cell, column in zip(row, grid.columns, strict=True)]
        for row in grid.rows
    ]  # fmt: skip
    return replace(grid, rows=rows)


def _narrow(cell: str, column: Column) -> str:
    figure, bracket, rest = cell.partition("[")
    return f"{figure.rstrip()}\n{bracket}{rest}" if bracket and column.numeric else cell


def _with_fewer(grid: Grid, width: int) -> Fit:
    """Columns are left out from the right until the others have room; the first and the share stay longest."""
    places = list(range(len(grid.columns)))
    left_out: list[str] = []
    while len(places) > 1 and _needs(_picked(grid, places), folded=True) > width:
        last = max((place for place in places[1:] if grid.columns[place].name != "share"), default=places[-1])
        places.remove(last)
        left_out.insert(0, grid.columns[last].name.replace("\n", ""))
    return Fit(_picked(grid, places), left_out=tuple(left_out))
