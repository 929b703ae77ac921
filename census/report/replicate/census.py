"""What a replication asks of the census: picked rows of the statistics, each asked for once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from census.store import statistics

Row = Mapping[str, Any]

_DAYS = text("""
    select max(last_seen at time zone 'UTC')::date - min(first_seen at time zone 'UTC')::date + 1
    from stats.stays(:scan, :since, :until, :population)
""")
_WILSON = text("select share, low, high from stats.wilson(:count, :of, 'host')")


@dataclass(frozen=True, slots=True)
class Ours:
    """Our figure: a share if it has an interval or `share` says so, else a number or words."""

    value: float | str | None
    low: float | None = None
    high: float | None = None
    share: bool = False


NOTHING = Ours(None)


class Census:
    """One census as a study asks it: some scans or a window of it, one population."""

    def __init__(
        self,
        connection: Connection,
        *,
        scan: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        population: str = "credible",
    ) -> None:
        self._connection = connection
        self._window: dict[str, Any] = {"scan": scan, "since": since, "until": until, "population": population}
        self._known: dict[tuple[Any, ...], list[Row]] = {}

    def rows(self, name: str, **options: Any) -> list[Row]:
        """All rows of a statistic; options are those of `census.store.statistics.rows`."""
        key = (name, *sorted(options.items()))
        if key not in self._known:
            result = statistics.rows(self._connection, name, **self._window, **options)
            self._known[key] = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        return self._known[key]

    def row(self, name: str, where: Callable[[Row], bool], **options: Any) -> Row | None:
        """The first row that fits, None if none does."""
        return next(filter(where, self.rows(name, **options)), None)

    def share(self, name: str, where: Callable[[Row], bool], **options: Any) -> Ours:
        """The share of the row that fits: 0 of them if none does, nothing if there is nothing to count."""
        found = self.row(name, where, **options)
        if found is not None:
            return Ours(found["share"], found["low"], found["high"], share=True)
        of = next((row["of"] for row in self.rows(name, **options)), 0)
        return self.portion(0, of)

    def count(self, name: str, where: Callable[[Row], bool], **options: Any) -> Ours:
        """The count of the row that fits; 0 if none does."""
        found = self.row(name, where, **options)
        return Ours(found["count"] if found else 0)

    def portion(self, count: int, of: int) -> Ours:
        """So many hosts of so many, with the interval that all statistics give."""
        if not of:
            return NOTHING
        told = self._connection.execute(_WILSON, {"count": count, "of": of}).one()
        return Ours(told.share, told.low, told.high, share=True)

    def days(self) -> Ours:
        """Days from the first to the last observation, both counted."""
        return Ours(self._connection.scalar(_DAYS, self._window))
