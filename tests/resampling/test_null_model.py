"""The null model draws every table with the same margins with equal probability, and finds what is not chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from census.resampling.null_model import _Table, expected

Sets = list[tuple[tuple[str, ...], int]]
SMALL: Sets = [(("a", "b"), 1), (("a", "c"), 1), (("b",), 1), (("a", "c", "d"), 1)]


def every_table(sets: Sets) -> list[tuple[tuple[str, ...], ...]]:
    """All ways to deal out the members so that each unit keeps its number and each member its number of units."""
    rows = [members for members, count in sets for _ in range(count)]
    margin = Counter(name for members in rows for name in members)
    ways = product(*(combinations(sorted(margin), len(members)) for members in rows))
    return [way for way in ways if Counter(name for members in way for name in members) == margin]


def mean_over(tables: Sequence[tuple[tuple[str, ...], ...]], pair: tuple[str, str]) -> float:
    return sum(set(pair) <= set(members) for table in tables for members in table) / len(tables)


def test_the_mean_of_the_draws_is_the_mean_over_all_tables_with_these_margins() -> None:
    tables = every_table(SMALL)
    chance = expected(SMALL, draws=4000, seed=7)
    assert set(chance) == {("a", "b"), ("a", "c"), ("a", "d"), ("c", "d")}
    for pair, given_by_chance in chance.items():
        assert given_by_chance.mean == pytest.approx(mean_over(tables, pair), abs=0.04)


def test_every_table_with_these_margins_is_drawn_equally_often() -> None:
    rng = np.random.default_rng(3)
    table = _Table(SMALL, ["a", "b", "c", "d"])
    seen: Counter[tuple[tuple[int, ...], ...]] = Counter()
    for _ in range(12_000):
        table.trade(rng)
        seen[tuple(tuple(sorted(table._member[table._unit == unit])) for unit in range(4))] += 1
    each = 12_000 / len(every_table(SMALL))
    assert len(seen) == len(every_table(SMALL))
    assert all(0.75 * each < times < 1.25 * each for times in seen.values())


@given(st.lists(st.sets(st.sampled_from("abcdef")).map(sorted), max_size=30), st.integers(0, 99))
def test_trades_keep_both_margins_and_never_double_a_member(rows: list[list[str]], seed: int) -> None:
    table = _Table([(tuple(row), 1) for row in rows], list("abcdef"))
    rng = np.random.default_rng(seed)
    before = Counter(table._unit.tolist()), Counter(table._member.tolist())
    for _ in range(3):
        table.trade(rng)
    assert (Counter(table._unit.tolist()), Counter(table._member.tolist())) == before
    assert len(set(zip(table._unit.tolist(), table._member.tolist(), strict=True))) == len(table._unit)


@given(st.lists(st.sets(st.sampled_from("abcdef")).map(sorted), max_size=30))
def test_pairs_are_counted_as_counting_by_hand_gives(rows: list[list[str]]) -> None:
    table = _Table([(tuple(row), 1) for row in rows], list("abcdef"))
    by_hand = Counter(pair for row in rows for pair in combinations(row, 2))
    flat = table.pairs()
    for (x, a), (y, b) in combinations(enumerate("abcdef"), 2):
        assert flat[x * 6 + y] == by_hand[a, b]


def test_a_pair_that_was_put_together_stands_out_and_one_left_to_chance_does_not() -> None:
    rng = np.random.default_rng(11)
    sets: Sets = []
    for _ in range(400):
        row = {name for name, share in (("p", 0.6), ("q", 0.5), ("r", 0.4)) if rng.random() < share}
        sets.append((tuple(sorted(row | ({"x", "y"} if rng.random() < 0.2 else set()))), 1))
    chance = expected(sets, draws=200, seed=1)
    together, apart = chance["x", "y"], chance["p", "q"]
    counted = sum(count for members, count in sets if {"x", "y"} <= set(members))
    assert counted > together.high
    assert together.z is not None
    assert together.z > 5
    assert together.p == pytest.approx(2 / 201)
    assert apart.p > 0.001


def test_without_choice_chance_gives_just_what_was_counted() -> None:
    chance = expected([(("a", "b"), 5)], draws=10, seed=1)["a", "b"]
    assert (chance.mean, chance.low, chance.high, chance.z, chance.p) == (5, 5, 5, None, 1.0)


@pytest.mark.parametrize("sets", [[], [((), 7)], [(("a",), 3)]])
def test_where_nothing_stands_together_there_is_nothing_to_say(sets: Sets) -> None:
    assert expected(sets, draws=3, seed=1) == {}


def test_a_seed_gives_the_same_answer_again_and_another_seed_another() -> None:
    sets: Sets = [(("a", "b"), 30), (("b", "c"), 30), (("a", "c", "d"), 20), (("d",), 15)]
    assert expected(sets, draws=20, seed=5) == expected(sets, draws=20, seed=5)
    assert expected(sets, draws=20, seed=5) != expected(sets, draws=20, seed=6)
