"""How units come, stay, change and go, against a history that is counted in plain Python."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from datetime import date, datetime, timedelta
from statistics import mean, median
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, text

from census.facts import Outcome
from tests.store.statistics.history import Look, World
from tests.store.statistics.reckoning import Z, agree, share, shared, told, units

CONTACTED = set(Outcome) - {Outcome.OPTED_OUT, Outcome.OUT_OF_SCOPE, Outcome.UNRESOLVED}


class Life(NamedTuple):
    """One host or endpoint: its recognised looks, and the times of attempts at it that failed."""

    looks: list[Look]
    missed: list[datetime]

    @property
    def first(self) -> datetime:
        return min(look.at for look in self.looks)

    @property
    def last(self) -> datetime:
        return max(look.at for look in self.looks)

    @property
    def gone(self) -> datetime | None:
        return min((at for at in self.missed if at > self.last), default=None)


def lives(world: World, options: Mapping[str, Any]) -> dict[Hashable, Life]:
    found = {key: Life(looks, []) for key, looks in units(world, options, carriers=True).items()}
    for look in world.asked(**options):
        key = look.endpoint if options["unit"] == "endpoint" else world.host(look)
        if not look.outcome.recognised and look.outcome in CONTACTED and key in found:
            found[key].missed.append(look.at)
    return found


def test_persistence_counts_units_and_observations_with_a_model(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        served = {
            key: sum(look.outcome is Outcome.SERVED for look in looks)
            for key, looks in units(world, options, carriers=True).items()
        }
        weights = dict.fromkeys(served, 1)
        if options["unit"] == "observation":
            weights = served
        elif options["unit"] == "host-day":
            weights = {
                key: len({look.at.date() for look in looks if look.models})
                for key, looks in units(world, options, carriers=True).items()
            }
        bands = {"1": (1, 1), "2-10": (2, 10), "11-100": (11, 100), ">100": (101, 10**9)}
        total = sum(served.values())
        of = sum(weights[key] for key, number in served.items() if number)
        result = {}
        for name, (least, most) in bands.items():
            keys = [key for key, number in served.items() if least <= number <= most]
            seen = sum(served[key] for key in keys)
            columns = share(sum(weights[key] for key in keys), of, options["unit"])
            result[name] = (*columns, seen, seen / total if total else None)
        return result

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "persistence", options)
        columns = shared(found, "seen")
        return {row["seen"]: (*columns[row["seen"]], row["observations"], row["observation_share"]) for row in found}

    agree(ask, reckon)


def test_the_bands_of_persistence_end_at_10_and_100(history: Connection) -> None:
    history.execute(text("delete from observation"))
    history.execute(text("delete from sighting"))
    history.execute(text("update endpoint set verdict = 0"))
    for number, times in enumerate((1, 2, 10, 11, 100, 101, 5000), 1):
        query = """insert into sighting (endpoint_id, inventory_id, first_seen, last_seen, observations, days)
            select :it, min(id), now(), now(), :times, '{}' from inventory where size > 0"""
        history.execute(text(query), {"it": number, "times": times})
    found = told(history, "persistence", {"unit": "endpoint"})
    assert [(row["count"], row["observations"]) for row in found] == [(1, 1), (2, 12), (2, 111), (2, 5101)]


def test_uptime_is_told_of_two_periods(history: Connection, world: World) -> None:
    def banded(there: int, attempts: int) -> str:
        if attempts == 1:
            return "once"
        limits = (("100%", 1.0), ("90-99%", 0.9), ("80-89%", 0.8), ("50-79%", 0.5), ("<50%", 0.0))
        return next(name for name, least in limits if there / attempts >= least)

    def reckon(options: dict[str, Any]) -> Any:
        found = lives(world, options).values()
        attempts = {
            "seen": [(len(life.looks), sum(life.first <= at <= life.last for at in life.missed)) for life in found],
            "asked": [(len(life.looks), len(life.missed)) for life in found],
        }
        result = {}
        for period, counts in attempts.items():
            bands = Counter(banded(there, there + missed) for there, missed in counts)
            shares = [there / (there + missed) for there, missed in counts if there + missed > 1]
            for name in ("100%", "90-99%", "80-89%", "50-79%", "<50%", "once"):
                columns = share(bands[name], len(counts), options["unit"])
                result[period, name] = (*columns, mean(shares) if shares else None)
        return result

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "uptime", options)
        columns = shared(found, "period", "uptime")
        return {(row["period"], row["uptime"]): (*columns[row["period"], row["uptime"]], row["mean"]) for row in found}

    agree(ask, reckon)


def test_survival_is_that_of_kaplan_and_meier_with_greenwood_s_interval(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        spans = [
            ((life.gone or life.last) - life.first, life.gone is not None) for life in lives(world, options).values()
        ]
        days = [(span // timedelta(days=1), gone) for span, gone in spans]
        result, survival, variance = [], 1.0, 0.0
        for day in sorted({each for each, _ in days}):
            at_risk = sum(each >= day for each, _ in days)
            events = sum(gone for each, gone in days if each == day)
            survival *= 1 - events / at_risk
            variance += events / (at_risk * (at_risk - events)) if events < at_risk else 0
            low = high = None
            if 0 < survival < 1:
                error = Z * math.sqrt(variance) / -math.log(survival)
                low, high = survival ** math.exp(error), survival ** math.exp(-error)
            censored = sum(not gone for each, gone in days if each == day)
            result.append((day, at_risk, events, censored, survival, low, high))
        return result

    agree(lambda options: [tuple(row.values()) for row in told(history, "survival", options)], reckon)


def monday(look: Look) -> date:
    return look.at.date() - timedelta(days=look.at.weekday())


def test_growth_counts_week_by_week(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        found = units(world, options, carriers=True).values()
        weeks = sorted({monday(look) for looks in found for look in looks})
        rows = []
        for before, week in zip((None, *weeks), weeks, strict=False):
            here = [looks for looks in found if any(monday(look) == week for look in looks)]
            sizes = [max(len(look.models or ()) for look in looks if monday(look) == week) for looks in here]
            sizes = [size for size in sizes if size]
            new = sum(min(map(monday, looks)) == week for looks in here)
            gone = sum(max(map(monday, looks)) == before for looks in found)
            rows.append((
                week.isoformat(), len(here), new, gone, mean(sizes) if sizes else None, median(sizes) if sizes else None
            ))  # fmt: skip
        return rows

    def ask(options: dict[str, Any]) -> Any:
        return [tuple(row.values()) for row in told(history, "growth", options)]

    agree(ask, reckon)


def spans(looks: list[Look]) -> list[tuple[datetime, datetime, tuple[str, str]]]:
    times: dict[tuple[str, str], list[datetime]] = {}
    for look in looks:
        if look.software is not None and look.software[1] is not None:
            times.setdefault((look.software[0], look.software[1]), []).append(look.at)
    return sorted((min(at), max(at), run) for run, at in times.items())


def fates(life: Life) -> Iterator[tuple[Any, ...]]:
    found = spans(life.looks)
    for (_, last, run), (first, _, (name, version)) in itertools.pairwise(found):
        became = version if name == run[0] else f"{name} {version}"
        yield (*run, *(("changed", became, first - last) if first > last else ("mixed", None, None)))
    for _, last, run in found[-1:]:
        yield (*run, *(("gone", None, life.gone - last) if life.gone else ("there", None, None)))


def test_each_version_has_a_fate(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        by_unit: dict[tuple[Any, ...], set[Hashable]] = {}
        ran: dict[tuple[str, str], set[Hashable]] = {}
        waits: dict[tuple[Any, ...], list[float]] = {}
        for endpoint, life in lives(world, {**options, "unit": "endpoint"}).items():
            unit = endpoint if options["unit"] == "endpoint" else world.endpoints[endpoint][0]  # type: ignore[call-overload]  # endpoints are numbers here
            for *key, wait in fates(life):
                by_unit.setdefault(tuple(key), set()).add(unit)
                ran.setdefault((key[0], key[1]), set()).add(unit)
                waits.setdefault(tuple(key), []).extend([] if wait is None else [wait / timedelta(days=1)])
        return {
            key: (
                *share(len(found), len(ran[key[0], key[1]]), options["unit"]),
                median(waits[key]) if waits[key] else None,
            )
            for key, found in by_unit.items()
        }

    def ask(options: dict[str, Any]) -> Any:
        found = told(history, "upgrades", options)
        keys = ("software", "version", "fate", "became")
        columns = shared(found, *keys)
        return {key: (*columns[key], row["days"]) for row in found for key in [tuple(row[each] for each in keys)]}

    agree(ask, reckon)


@pytest.mark.parametrize("name", ["growth", "weekly-ranks", "uptime", "survival", "upgrades", "unseen"])
def test_what_counts_hosts_says_so_for_units_of_many(history: Connection, name: str) -> None:
    hosts = told(history, name, {})
    assert hosts
    # Intervals of shares are null for units that are not independent, whatever is counted in their place.
    bare = (
        hosts
        if name in {"survival", "unseen"}
        else [row | dict.fromkeys(row.keys() & {"low", "high"}) for row in hosts]
    )
    for unit in ("host-day", "observation"):
        assert told(history, name, {"unit": unit}) == bare
    assert told(history, name, {"unit": "endpoint"}) != hosts
