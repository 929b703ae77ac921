"""What the statistics that go week by week must say of the scans of a history; weeks begin on Monday, UTC."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable
from datetime import date, datetime, timedelta
from itertools import combinations
from statistics import fmean, median
from typing import Final

from census.demo.population import Resident
from census.demo.sights import Selection
from census.demo.truth import Row, members_of
from census.demo.truth_over_time import believed, carrier_of
from census.facts import Outcome

_TOP: Final = 20


def weekly_ranks(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """The first twenty families of each week, who came and went, and Kendall's tau-b with the first week."""
    served = [sight for sight in believed(source, credible=credible) if sight.resident.outcome is Outcome.SERVED]
    crowds: defaultdict[date, defaultdict[Hashable, list[Resident]]] = defaultdict(lambda: defaultdict(list))
    for sight in served:
        crowds[_monday(sight.at)][sight.under(carrier_of(unit))].append(sight.resident)
    counts = {
        week: Counter(family for crowd in units.values() for family in members_of(crowd))
        for week, units in sorted(crowds.items())
    }
    before: Counter[str] | None = None
    rows: list[Row] = []
    for week, now in counts.items():
        tau = _tau(next(iter(counts.values())), now)
        common = {"week": week.isoformat(), "of": len(crowds[week]), "tau": tau}
        rows += [{**common, **row} for row in _week(before, now)]
        before = now
    return rows


def _week(before: Counter[str] | None, now: Counter[str]) -> list[Row]:
    order, old = _order(now), [] if before is None else _order(before)
    rows: list[Row] = [
        {
            "rank": rank,
            "family": family,
            "count": now[family],
            "change": "entered" if before is not None and family not in old[:_TOP] else None,
        }
        for rank, family in enumerate(order[:_TOP], 1)
    ]
    for family in old[:_TOP]:
        if family not in order[:_TOP]:
            rank = order.index(family) + 1 if family in order else None
            rows.append({"rank": rank, "family": family, "count": now[family], "change": "left"})
    return rows


def _order(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda family: (-counts[family], family))


def _tau(first: Counter[str], now: Counter[str]) -> float | None:
    """Kendall's tau-b of two weeks' counts, over the families that are among the first twenty of either."""
    compared = {*_order(first)[:_TOP], *_order(now)[:_TOP]}
    agreed, told_first, told_now = 0, 0, 0
    for a, b in combinations(sorted(compared), 2):
        one, other = _sign(first[a] - first[b]), _sign(now[a] - now[b])
        agreed, told_first, told_now = agreed + one * other, told_first + abs(one), told_now + abs(other)
    return agreed / math.sqrt(told_first * told_now) if told_first * told_now else None


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def growth(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units week by week: how many, how many of them new, how many gone since the last, how many models they list."""
    lists: defaultdict[date, defaultdict[Hashable, int]] = defaultdict(lambda: defaultdict(int))
    for sight in believed(source, credible=credible):
        units = lists[_monday(sight.at)]
        carrier = sight.under(carrier_of(unit))
        units[carrier] = max(units[carrier], len(sight.resident.models))
    first: dict[Hashable, date] = {}
    last: dict[Hashable, date] = {}
    for week, units in sorted(lists.items()):
        first |= {carrier: week for carrier in units if carrier not in first}
        last |= dict.fromkeys(units, week)
    rows: list[Row] = []
    for week in sorted(lists):
        sizes = [size for size in lists[week].values() if size]
        rows.append({
            "week": str(week), "count": len(lists[week]), "new": sum(each == week for each in first.values()),
            "gone": sum(str(each) == rows[-1]["week"] for each in last.values()) if rows else 0,
            "models_mean": fmean(sizes) if sizes else None, "models_median": float(median(sizes)) if sizes else None,
        })  # fmt: skip
    return rows


def _monday(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())
