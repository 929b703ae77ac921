"""One statistic of a report, as it is shown: its rows with their unit, population, n, definition and SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from census.store.statistics import Result

# In which column the units stand that a statistic without `of` is about: of its first row, or the most of any.
_NUMBERS = {"funnel": "count", "growth": "count", "survival": "at_risk"}
_FROM_ALL = ("funnel", "survival")  # their first row has all, the others what is left


@dataclass(frozen=True, slots=True)
class Section:
    """One statistic of a report.

    `statistic` is what `census stats` takes; `of` says in words what shares are of; `source` is the SQL that the
    database computes `sql` with; `whole` is `n` where no column of the result has it.
    """

    name: str
    title: str
    statistic: str
    of: str
    unit: str
    population: str
    sql: str
    definition: str
    source: str
    caution: str | None
    result: Result
    whole: tuple[int, int] | None = None

    @property
    def says_something(self) -> bool:
        """Whether anything was counted: a row with a count, or without a column of counts any row."""
        if self.name == "concentration":
            return any(row["categories"] for row in records(self.result))
        return any(row.get("count", 1) for row in records(self.result))

    @property
    def n(self) -> tuple[int, int] | None:
        """The least and the most units that shares in a row are of (mostly the same); None where nothing was seen."""
        if self.whole is not None:
            return self.whole
        columns = [column for column in self.result.columns if column == "of" or column.endswith("_of")]
        columns = columns or [_NUMBERS[self.name]]
        values = [row[column] for row in records(self.result) for column in columns if row[column] is not None]
        if self.name in _FROM_ALL:
            values = values[:1]
        return (min(values), max(values)) if values else None


def records(result: Result) -> list[dict[str, Any]]:
    """The rows of a result by the names of their columns."""
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]
