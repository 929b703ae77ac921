"""Families beside each other and over time, against a history that is counted in plain Python."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from statistics import pstdev
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tests.store.statistics.history import SCANS, START, Listed, World, served
from tests.store.statistics.reckoning import (
    UNITS,
    Z,
    agree,
    close,
    holdings,
    share,
    told,
    units,
    wilson,
)

BY: dict[str, Callable[[Listed], str | None]] = {
    "family": lambda model: model.family,
    "architecture": lambda model: model.architecture,
}


def members(world: World, options: dict[str, Any], by: str = "family") -> list[frozenset[str]]:
    """The known families of each unit with a model."""
    found = ({BY[by](model) for model in held} - {None} for held in holdings(world, options))
    return [frozenset(name for name in names if name is not None) for names in found]


def around(value: float, variance: float, unit: str) -> tuple[float | None, float | None]:
    if unit not in {"host", "endpoint"}:
        return None, None
    factor = math.exp(Z * math.sqrt(max(0.0, variance)))
    return value / factor, value * factor


def delta(sets: Sequence[frozenset[str]], names: Sequence[str]) -> tuple[float, float]:
    """Lift of some families, and the variance of its logarithm from the influence of each unit on it."""
    n = len(sets)
    both = sum(set(names) <= each for each in sets) / n
    single = {name: sum(name in each for each in sets) / n for name in names}
    lift = both / math.prod(single.values())
    influence = [
        (set(names) <= each) / both - sum((name in each) / p for name, p in single.items()) + len(names) - 1
        for each in sets
    ]
    return lift, sum(value**2 for value in influence) / n**2


@pytest.mark.parametrize("by", BY)
def test_pairs_have_intervals_for_jaccard_lift_and_odds(history: Connection, world: World, by: str) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        sets, unit = members(world, options, by), options["unit"]
        result = {}
        for pair in sorted({pair for each in sets for pair in itertools.combinations(sorted(each), 2)}):
            both = sum(set(pair) <= each for each in sets)
            either = sum(bool(set(pair) & each) for each in sets)
            jaccard, low, high = wilson(both, either, unit)
            lift, variance = delta(sets, pair)
            table = [sum((pair[0] in each, pair[1] in each) == cell for each in sets) + 0.5 for cell in CELLS]
            odds = table[0] * table[3] / (table[1] * table[2])
            ends = around(odds, sum(1 / cell for cell in table), unit)
            result[pair] = (
                *share(both, sum(len(each) > 1 for each in sets), unit), jaccard, lift, low, high,
                *around(lift, variance, unit), math.log(odds),
                *(None if end is None else math.log(end) for end in ends),
            )  # fmt: skip
        return result

    agree(lambda options: {
        (row["a"], row["b"]): tuple(row.values())[2:] for row in told(history, "co-deployment", options, by=by)
    }, reckon)  # fmt: skip


CELLS = ((True, True), (True, False), (False, True), (False, False))


def test_triples_have_intervals_for_jaccard_and_lift(history: Connection, world: World) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        sets, unit = members(world, options), options["unit"]
        result = {}
        for triple in sorted({three for each in sets for three in itertools.combinations(sorted(each), 3)}):
            every = sum(set(triple) <= each for each in sets)
            jaccard, low, high = wilson(every, sum(bool(set(triple) & each) for each in sets), unit)
            lift, variance = delta(sets, triple)
            result[triple] = (
                *share(every, sum(len(each) > 2 for each in sets), unit), jaccard, lift, low, high,
                *around(lift, variance, unit),
            )  # fmt: skip
        return result

    agree(lambda options: {
        tuple(row.values())[:3]: tuple(row.values())[3:]
        for row in told(history, "co-deployment", options, triples=True)
    }, reckon)  # fmt: skip


def test_the_interval_of_lift_holds_what_it_should_as_often_as_it_says() -> None:
    """The formula on many samples of hosts that hold two families by chance: true lift is 1."""
    chance, held = random.Random(5), 0
    for _ in range(400):
        sets = [frozenset(name for name in "ab" if chance.random() < 0.3) for _ in range(300)]
        low, high = around(*delta(sets, "ab"), "host")
        assert low is not None
        assert high is not None
        held += low <= 1 <= high
    assert 0.92 < held / 400 < 0.98


@pytest.mark.parametrize(("by", "a", "b"), [("family", "Llama", "Qwen"), ("architecture", "llama", "qwen2")])
def test_figures_that_are_taken_for_each_other_stand_apart(
    history: Connection, world: World, by: str, a: str, b: str
) -> None:
    def reckon(options: dict[str, Any]) -> Any:
        held = list(zip(members(world, options, by), holdings(world, options), strict=True))
        with_a, with_b = ({n for n, (names, _) in enumerate(held) if each in names} for each in (a, b))
        several = {n for n, (names, _) in enumerate(held) if len(names) > 1}
        many = {n for n, (_, models) in enumerate(held) if len({model.name for model in models}) > 1}
        every, pair = set(range(len(held))), with_a & with_b
        lift = len(pair) * len(every) / (len(with_a) * len(with_b)) if with_a and with_b else None
        figures = (
            (many, every, None), (several, every, None), (pair, several, lift), (with_b & several, several, None),
            (with_b & many, many, None), (pair, with_b, lift), (pair, with_a, lift),
        )  # fmt: skip
        return [(*share(len(count), len(of), options["unit"]), lift) for count, of, lift in figures]

    agree(lambda options: [tuple(row.values())[1:] for row in told(history, "together", options, by=by)], reckon)
    words = [row["figure"] for row in told(history, "together", {}, by=by)]
    assert len(set(words)) == 7
    assert f"{a} and {b}, of those with two {'families' if by == 'family' else 'architectures'} or more" in words


@pytest.mark.parametrize("by", BY)
def test_ranks_are_those_of_families_by_each_unit(history: Connection, world: World, by: str) -> None:
    for options in ({}, {"population": "raw"}, {"scan": 4}, {"scan": 99}):
        ranks: dict[str, dict[str, int]] = {}
        for unit in UNITS:
            counts = Counter(name for each in members(world, {**options, "unit": unit}, by) for name in each)
            for rank, name in enumerate(sorted(counts, key=lambda name: (-counts[name], name)), 1):
                ranks.setdefault(name, {})[unit] = rank
        expected = [
            (name, of["observation"], of["host"], of["endpoint"], of["host-day"], max(of.values()) - min(of.values()),
             pstdev(of.values()))
            for name, of in sorted(ranks.items(), key=lambda each: each[1]["host"])
        ]  # fmt: skip
        found = told(history, "ranks", options, by=by)
        assert close([tuple(row.values()) for row in found], expected)
        assert all(next(iter(row)) == by for row in found)
        name = "families" if by == "family" else "architectures"
        listed = [row[by] for row in told(history, name, options) if row[by] is not None]
        assert [row[by] for row in found] == listed


@pytest.mark.parametrize("name", ["ranks", "weekly-ranks", "together"])
def test_anything_but_family_and_architecture_is_an_error(history: Connection, name: str) -> None:
    with pytest.raises(DBAPIError, match="by must be one of: family, architecture"):
        told(history, name, {}, by="maker")


def tau(x: Sequence[int], y: Sequence[int]) -> float | None:
    """Kendall's tau-b by its definition."""
    pairs = list(itertools.combinations(range(len(x)), 2))
    signs = [((x[i] > x[j]) - (x[i] < x[j]), (y[i] > y[j]) - (y[i] < y[j])) for i, j in pairs]
    untied = math.prod(sum(each[side] != 0 for each in signs) for side in (0, 1))
    return sum(a * b for a, b in signs) / math.sqrt(untied) if untied else None


def weekly(world: World, options: dict[str, Any], by: str) -> list[tuple[Any, ...]]:
    """The rows of weekly-ranks, counted by hand."""
    weeks: dict[date, list[set[str | None]]] = {}
    for looks in units(world, options, carriers=True).values():
        held: dict[date, set[str | None]] = {}
        for look in looks:
            if look.models:
                week = look.at.date() - timedelta(days=look.at.weekday())
                held.setdefault(week, set()).update(map(BY[by], look.models))
        for week, names in held.items():
            weeks.setdefault(week, []).append(names)
    rows: list[tuple[Any, ...]] = []
    before: list[str] | None = None
    first: Counter[Any] = Counter()
    for week in sorted(weeks):
        counts = Counter(name for names in weeks[week] for name in names if name is not None)
        order = sorted(counts, key=lambda name: (-counts[name], name))
        first = first or counts
        both = sorted({*order[:20], *sorted(first, key=lambda name: (-first[name], name))[:20]})
        same = tau([counts[name] for name in both], [first[name] for name in both])
        shown = [*order[:20], *(name for name in before or () if name not in order[:20])]
        for name in shown:
            entered = "entered" if before is not None and name not in before else None
            rows.append((
                week.isoformat(), order.index(name) + 1 if name in order else None, name,
                *share(counts[name], len(weeks[week]), options["unit"]), same,
                "left" if name not in order[:20] else entered,
            ))  # fmt: skip
        before = order[:20]
    return sorted(rows, key=lambda row: (row[0], row[1] or 10**6, row[2]))


@pytest.mark.parametrize("by", BY)
def test_ranks_are_followed_from_week_to_week(history: Connection, world: World, by: str) -> None:
    agree(
        lambda options: [tuple(row.values()) for row in told(history, "weekly-ranks", options, by=by)],
        lambda options: weekly(world, options, by),
    )


def test_families_enter_and_leave_the_first_twenty(blank: Connection) -> None:
    """Twenty-two families of which the last in the alphabet is the most frequent in the second week."""
    names = [f"F{number:02}" for number in range(22)]
    world = World(scans=[START, SCANS[3]], hosts=[(None, None, None, None)] * 3)
    world.endpoints = [(host, 11434, 0, False) for host in range(3)]
    listed = [Listed(f"{name}:latest", family=name) for name in names]
    world.looks = [served(host, tuple(listed[: 22 - 2 * host]), 1, at=START) for host in range(3)]
    later = (tuple(listed[1:]), (listed[21], listed[20]), (listed[21],))
    world.looks += [served(host, models, 2, at=SCANS[3]) for host, models in enumerate(later)]
    world.write(blank)
    found = told(blank, "weekly-ranks", {})
    assert close([tuple(row.values()) for row in found], weekly(world, {"unit": "host"}, "family"))
    changes = {row["family"]: (row["rank"], row["change"]) for row in found if row["week"] != found[0]["week"]}
    assert changes["F21"] == (1, "entered")
    assert changes["F00"] == (None, "left")
    assert changes["F19"] == (21, "left")
    assert changes["F01"] == (3, None)
