"""A result as a reader sees it, on a terminal as on a page: one cell for a share, and the denominator said once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from census.report.words import UNKNOWN, interval, percent, written
from census.store.statistics import Result

# What null says in a column where it is not "the servers do not tell": nothing, or no single signal but all together.
_NONE: Mapping[str, str] = {
    "signal": "all",
    **dict.fromkeys((
        "rank", "lift", "bits", "unknown", "loaded", "tau", "change", "became", "days", "mean",
        "variance", "once", "twice", "first_scan", "second_scan", "in_first", "in_second", "in_both",
        "z",
    ), ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column and whether its cells are numbers."""

    name: str
    numeric: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells ready to be shown, row by row; `shares` are the same rows' shares, None where there is none.

    `of` is the denominator that all rows have in common; where they differ it is a column.
    """

    columns: tuple[Column, ...]
    rows: list[list[str]]
    shares: list[float | None]
    of: int | None


def grid(result: Result, most: int | None = None) -> Grid:
    """The first `most` rows of a result as cells; None is `unknown`, without rank empty, of no one signal `all`."""
    records = [dict(zip(result.columns, row, strict=True)) for row in result.rows[:most]]
    of = _in_common([row.get("of") for row in records])
    ends = {name: _ends(name, result.columns) for name in result.columns}
    hidden = {end for pair in ends.values() for end in pair} | ({"of"} if of is not None else set())
    names = [name for name in result.columns if name not in hidden]
    return Grid(
        tuple(Column(name, _is_numeric(name, [row[name] for row in records])) for name in names),
        [[_cell(name, row, ends[name]) for name in names] for row in records],
        [row.get("share") for row in records],
        of,
    )


def _ends(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns with the interval of a column, which are shown in its cell; none where it has no interval."""
    ends = ("low", "high") if name == "share" else (f"{name}_low", f"{name}_high")
    return ends if all(end in columns for end in ends) else ()


def _in_common(values: Sequence[int | None]) -> int | None:
    return values[0] if len(set(values)) == 1 else None


def _is_numeric(name: str, values: Sequence[Any]) -> bool:
    kinds = {type(value) for value in values} - {type(None)}
    return name == "share" or (bool(kinds) and kinds <= {int, float})


def _cell(name: str, row: dict[str, Any], ends: tuple[str, ...]) -> str:
    value = row[name]
    if value is None:
        return _NONE.get(name, UNKNOWN)
    low, high = (row[end] for end in ends) if ends else (None, None)
    if name.endswith("share"):
        return f"{percent(value)}  {interval(low, high):>12}".rstrip()
    if low is not None and high is not None:
        return f"{written(value)} [{written(low)}, {written(high)}]"
    return str(value) if name == "asn" else written(value)
