"""What the statistics of time must say of the scans of a history: how often, how long, how many more, in which order.

As in `truth.py`, each function gives the rows of the statistic of its name, without shares. Where only hosts and
endpoints can be counted, the other units are answered for hosts.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median, pstdev
from typing import Final

from census.demo.estimators import chao1, chapman, kaplan_meier
from census.demo.sights import Selection, Sight
from census.demo.truth import Row, families
from census.facts import Outcome, Verdict

_DAY: Final = 86400  # seconds
_BANDS: Final = (("1", 1, 1), ("2-10", 2, 10), ("11-100", 11, 100), (">100", 101, math.inf))
_UPTIMES: Final = (("100%", 1.0), ("90-99%", 0.9), ("80-89%", 0.8), ("50-79%", 0.5), ("<50%", 0.0))
_TWICE: Final = 2
_NOT_CAUGHT: Final[Row] = dict.fromkeys(("once", "twice", "scans", "in_first", "in_second", "in_both"))


def persistence(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units by how often they were seen with a model, and whose the observations are."""
    served = [sight for sight in believed(source, credible=credible) if sight.resident.outcome is Outcome.SERVED]
    times = Counter(sight.under(carrier_of(unit)) for sight in served)
    weights = {sight.under(unit): sight.under(carrier_of(unit)) for sight in served}
    rows: list[Row] = [
        {
            "seen": band,
            "count": sum(least <= times[carrier] <= most for carrier in weights.values()),
            "of": len(weights),
            "observations": sum(count for count in times.values() if least <= count <= most),
        }
        for band, least, most in _BANDS
    ]
    return [{**row, "observation_share": row["observations"] / len(served) if served else None} for row in rows]


def ranks(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:  # noqa: ARG001  all four are shown
    """The rank of each family by what is counted."""
    weightings = ("observation", "host", "endpoint", "host-day")
    by = {
        each: {row["family"]: row["rank"] for row in families(source, each, credible=credible)} for each in weightings
    }
    rows = []
    for family in by["host"].keys() - {None}:
        told = [by[weighting][family] for weighting in weightings]
        rows.append({
            "family": family, **{f"by_{each.replace('-', '_')}": by[each][family] for each in weightings},
            "volatility": max(told) - min(told), "deviation": pstdev(told),
        })  # fmt: skip
    return rows


@dataclass(frozen=True, slots=True)
class Presence:
    """When a unit was there: sights as recognised, and attempts in vain, in order."""

    seen: list[datetime]
    missed: list[datetime]

    @property
    def gone(self) -> datetime | None:
        """The first attempt in vain after the last sight."""
        return next((at for at in self.missed if at > self.seen[-1]), None)


def presences(source: Selection, unit: str, *, credible: bool) -> dict[Hashable, Presence]:
    """The presence of each host, or endpoint, that was seen."""
    seen: defaultdict[Hashable, list[datetime]] = defaultdict(list)
    missed: defaultdict[Hashable, list[datetime]] = defaultdict(list)
    for sight in believed(source, credible=credible):
        seen[sight.under(carrier_of(unit))].append(sight.at)
    for failure in source.failures:
        if not (credible and failure.resident.verdict is Verdict.DECOY):
            missed[failure.under(carrier_of(unit))].append(failure.at)
    return {carrier: Presence(sorted(times), sorted(missed[carrier])) for carrier, times in seen.items()}


def uptime(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """Units by the share of attempts that found them: between first and last sight, and of all on record."""
    found = presences(source, unit, credible=credible).values()
    between = [(len(each.seen), sum(each.seen[0] <= at <= each.seen[-1] for at in each.missed)) for each in found]
    everywhere = [(len(each.seen), len(each.missed)) for each in found]
    return [*_uptimes("seen", between), *_uptimes("asked", everywhere)]


def _uptimes(period: str, attempts: list[tuple[int, int]]) -> list[Row]:
    told = [seen / (seen + missed) for seen, missed in attempts if seen + missed > 1]
    bands = Counter(next(name for name, least in _UPTIMES if share >= least) for share in told)
    bands["once"] = len(attempts) - len(told)
    average = fmean(told) if told else None
    return [
        {"period": period, "uptime": band, "count": bands[band], "of": len(attempts), "mean": average}
        for band in (*(name for name, _ in _UPTIMES), "once")
    ]


def survival(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """The share still there by days since first seen, after Kaplan and Meier, with Greenwood's interval."""
    events: Counter[int] = Counter()
    censored: Counter[int] = Counter()
    for each in presences(source, unit, credible=credible).values():
        lived = (each.gone or each.seen[-1]) - each.seen[0]
        (censored if each.gone is None else events)[int(lived.total_seconds() // _DAY)] += 1
    return kaplan_meier(events, censored)


def upgrades(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """What became of each version of software, by endpoint; a host counts under each fate of its endpoints."""
    spans: defaultdict[str, dict[tuple[str, str], list[Sight]]] = defaultdict(dict)
    for sight in believed(source, credible=credible):
        if sight.resident.software is not None and sight.resident.version is not None:
            ran = (sight.resident.software, sight.resident.version)
            spans[sight.resident.endpoint].setdefault(ran, []).append(sight)
    gone = {key: each.gone for key, each in presences(source, "endpoint", credible=credible).items()}
    fates: defaultdict[tuple[str, str, str, str | None], dict[Hashable, list[float]]] = defaultdict(dict)
    for endpoint, versions in spans.items():
        for ran, fate, became, days, sight in _fates(versions, gone[endpoint]):
            fates[*ran, fate, became].setdefault(sight.under(carrier_of(unit)), []).append(days)
    of: defaultdict[tuple[str, str], set[Hashable]] = defaultdict(set)
    for (software, version, _, _), carriers in fates.items():
        of[software, version].update(carriers)
    return [
        {
            "software": software, "version": version, "fate": fate, "became": became, "count": len(carriers),
            "of": len(of[software, version]),
            "days": _middle(carriers.values()) if fate in ("changed", "gone") else None,
        }
        for (software, version, fate, became), carriers in fates.items()
    ]  # fmt: skip


def _middle(groups: Iterable[list[float]]) -> float:
    return median(days for group in groups for days in group)


Fate = tuple[tuple[str, str], str, str | None, float, Sight]


def _fates(versions: dict[tuple[str, str], list[Sight]], gone: datetime | None) -> list[Fate]:
    """What became of each version of one endpoint, in how many days, with one sight of it."""
    spans = sorted(
        (min(each.at for each in seen), max(each.at for each in seen), ran) for ran, seen in versions.items()
    )
    told: list[Fate] = []
    for place, (_, last, ran) in enumerate(spans, 1):
        after = spans[place] if place < len(spans) else None
        fate, became, days = "there", None, 0.0
        if after is None and gone is not None:
            fate, days = "gone", (gone - last).total_seconds() / _DAY
        elif after is not None and after[0] <= last:
            fate = "mixed"
        elif after is not None:
            fate, days = "changed", (after[0] - last).total_seconds() / _DAY
            became = after[2][1] if after[2][0] == ran[0] else " ".join(after[2])
        told.append((ran, fate, became, days, versions[ran][0]))
    return told


def unseen(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:
    """How many there are with those not seen: Chao's lower bounds, and Chapman's from the two latest scans."""
    sights = believed(source, credible=credible)
    scans: defaultdict[Hashable, set[int]] = defaultdict(set)
    for sight in sights:
        scans[sight.under(carrier_of(unit))].add(sight.scan)
    once, twice = (sum(len(each) == times for each in scans.values()) for times in (1, _TWICE))
    passes = sorted({sight.scan for sight in source.sights})
    lone = {**_NOT_CAUGHT, "once": once, "twice": twice}
    rows: list[Row] = [{**lone, "estimator": "chao1", **chao1(len(scans), once, twice)}]
    few = chao1(len(scans), once, twice, len(passes)) if passes else rows[0]
    rows.append({**lone, **few, "estimator": "chao2", "scans": len(passes)})
    latest = passes[-_TWICE:]
    if len(latest) == _TWICE:
        first, second = ({carrier for carrier, seen in scans.items() if scan in seen} for scan in latest)
        caught = {"in_first": len(first), "in_second": len(second), "in_both": len(first & second)}
        estimate = chapman(len(first), len(second), len(first & second))
        rows.append({**_NOT_CAUGHT, "estimator": "chapman", **estimate, **caught})
    return rows


def carrier_of(unit: str) -> str:
    """What is counted where only hosts and endpoints can be."""
    return "endpoint" if unit == "endpoint" else "host"


def believed(source: Selection, *, credible: bool) -> list[Sight]:
    """The observations of the population that is asked for."""
    return [each for each in source.sights if not (credible and each.resident.verdict is Verdict.DECOY)]
