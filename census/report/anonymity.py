"""Small counts kept out of what is published: rows that stand for fewer than so many units, and what gives them away.

A row is small if any of its counts of units is more than nothing and less than the bound. Small rows are taken out,
and one row "fewer than N" stands for them. What adds up could still be told from the rest, so where rows add up the
least of the others go with them, one at least, until all that is hidden is twice the bound; equal ones all at once,
for to take one of them would tell which was first. So each hidden count could be another one too. Nothing here helps
against a comparison of several publications.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from census.store import statistics
from census.store.statistics import Result

# Columns that count units; a small number in any of them is somebody.
_COUNTS = frozenset({
    "at_risk", "censored", "count", "derivatives", "events", "gone", "hosts", "in_both", "in_first", "in_second",
    "largest", "new", "observed", "of", "of_country", "once", "originals", "twice", "united",
})  # fmt: skip
# What rows add up within, where it is not the whole statistic.
_WITHIN: Mapping[str, tuple[str, ...]] = {
    "regions": ("country",),
    "weekly-ranks": ("week",),
    "model-instances": ("dimension",),
    "exposure": ("software", "advisory"),
    "uptime": ("period",),
    "upgrades": ("software", "version"),
}
_TEXT, _TEXTS = 25, 1009  # of Postgres' types
_TOGETHER = 2  # times the bound


@dataclass(frozen=True, slots=True)
class Folded:
    """What may be published of a result, how many rows of it may not, and whether those are all that it had."""

    result: Result
    rows: int
    entirely: bool = False


def publish(connection: Connection, name: str, bound: int, **asked: Any) -> Folded:
    """The rows of a statistic that may be published; `asked` is as for `census.store.statistics.rows`."""
    top = asked.pop("top", None)
    folded = fold(name, statistics.rows(connection, name, **asked), bound)
    if name == "ranks":  # has no counts but those of families
        known = _shown(connection, "families", bound, asked)
        folded = _without(name, folded.result, [row[0] not in known for row in folded.result.rows], bound)
    elif name == "digests":  # tells all names, also those that few have
        known = _shown(connection, "models", bound, asked)
        rows = [(row[0], row[1] and [each for each in row[1] if each in known], *row[2:]) for row in folded.result.rows]
        folded = replace(folded, result=Result(folded.result.columns, rows, folded.result.types))
    result = folded.result
    return replace(folded, result=Result(result.columns, result.rows[:top], result.types))


def _shown(connection: Connection, name: str, bound: int, asked: Mapping[str, Any]) -> set[Any]:
    """What a statistic by rank may name: the values of its second column."""
    return {row[1] for row in fold(name, statistics.rows(connection, name, **asked), bound).result.rows}


def fold(name: str, result: Result, bound: int) -> Folded:
    """The rows of the statistic `name` without those that stand for fewer than `bound` units, and what tells them.

    The one row in their place has a label where a text can stand, and nothing else; a statistic without any text, such
    as survival, has no such row.
    """
    hidden: set[int] = set()
    for places in _groups(name, result):
        hidden |= _hidden(result, places, bound)
    return _without(name, result, [place in hidden for place in range(len(result.rows))], bound)


def _groups(name: str, result: Result) -> Iterable[list[int]]:
    """The places of rows that add up to something."""
    keys = [result.columns.index(each) for each in _WITHIN.get(name, ())]
    found: dict[tuple[Any, ...], list[int]] = {}
    for place, row in enumerate(result.rows):
        found.setdefault(tuple(row[key] for key in keys), []).append(place)
    return found.values()


def _hidden(result: Result, places: Sequence[int], bound: int) -> set[int]:
    """Which rows of a group go: the small ones, and then the least of the others until they are enough."""
    hidden = {place for place in places if _is_small(result, result.rows[place], bound)}
    if not hidden or "count" not in result.columns:
        return hidden
    column = result.columns.index("count")
    counts = {place: result.rows[place][column] or 0 for place in places}
    small = frozenset(hidden)
    for least in sorted({count for place, count in counts.items() if count and place not in small}):
        if hidden > small and sum(counts[place] for place in hidden) >= _TOGETHER * bound:
            break
        hidden |= {place for place, count in counts.items() if count == least}
    return hidden


def _is_small(result: Result, row: Sequence[Any], bound: int) -> bool:
    counts = (value for name, value in zip(result.columns, row, strict=True) if name in _COUNTS)
    return any(value is not None and 0 < value < bound for value in counts)


def _without(name: str, result: Result, hidden: Sequence[bool], bound: int) -> Folded:
    rows = [row for row, gone in zip(result.rows, hidden, strict=True) if not gone]
    label = _label(name, result, bound) if any(hidden) else None
    kept = Result(result.columns, rows if label is None else [*rows, label], result.types)
    return Folded(kept, sum(hidden), entirely=any(hidden) and not rows)


def _label(name: str, result: Result, bound: int) -> tuple[Any, ...] | None:
    """The row that stands for what is hidden, None where no column can say so."""
    said: Mapping[int, Any] = {_TEXT: f"fewer than {bound}", _TEXTS: [f"fewer than {bound}"]}
    able = [each for each in result.columns if result.types.get(each) in said and each not in _WITHIN.get(name, ())]
    if not able:
        return None
    return tuple(said[result.types[each]] if each == able[0] else None for each in result.columns)
