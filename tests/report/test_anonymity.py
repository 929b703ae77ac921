"""Small counts that may not be published: which rows go, and that nothing can be computed back from the others."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

from sqlalchemy import Connection

from census.report.anonymity import fold, publish
from census.store.statistics import STATISTICS, Result
from tests.report.population import neighbourhood

BOUND = 3


def told(*counts: int) -> Result:
    of = sum(counts)
    return Result(("country", "count", "of"), [(f"C{n}", count, of) for n, count in enumerate(counts)], {"country": 25})


def test_small_rows_become_one_row_that_says_so() -> None:
    folded = fold("funnel", Result(("stage", "at_risk"), [("A", 9), ("B", 2)], {"stage": 25}), BOUND)
    assert folded.rows == 1
    assert folded.result.rows == [("A", 9), ("fewer than 3", None)]


def test_what_adds_up_takes_the_next_larger_along_and_all_that_equal_it() -> None:
    folded = fold("countries", told(9, 8, 1), BOUND)
    assert folded.result.rows == [("C0", 9, 18), ("fewer than 3", None, None)]
    assert fold("countries", told(9, 8, 8, 2, 1), BOUND).result.rows[:-1] == [("C0", 9, 28)]


def test_nothing_small_changes_nothing_and_nothing_at_all_is_not_small() -> None:
    result = told(9, 3, 0)
    assert fold("countries", result, BOUND).result.rows == result.rows
    assert fold("countries", result, BOUND).rows == 0


def test_what_is_hidden_cannot_be_computed_from_what_is_shown() -> None:
    """Every way to divide units among rows: each small count that is hidden beside shown ones could be another, too."""
    explained = defaultdict(list)
    for counts in (way for rows in (2, 3, 4) for way in product(range(7), repeat=rows)):
        shown = fold("countries", told(*counts), BOUND).result.rows
        explained[len(counts), tuple(shown), sum(counts)].append(counts)
    for (number, visible, _of), ways in explained.items():
        names = {row[0] for row in visible if row[1] is not None}
        if any(row[1] for row in visible):
            for row in range(number):
                values = {way[row] for way in ways}
                assert f"C{row}" in names or len(values) > 1 or values.pop() >= BOUND, (visible, ways)


def test_regions_are_hidden_within_their_country() -> None:
    columns = ("country", "region", "count", "of")
    rows = [("US", "A", 9, 40), ("US", "B", 8, 40), ("DE", "C", 2, 40), ("DE", "D", 6, 40), ("DE", "E", 7, 40)]
    folded = fold("regions", Result(columns, rows, {"country": 25, "region": 25}), BOUND)
    assert [row[:2] for row in folded.result.rows] == [("US", "A"), ("US", "B"), ("DE", "E"), (None, "fewer than 3")]


def test_no_statistic_shows_a_count_below_the_bound(connection: Connection) -> None:
    neighbourhood(connection)
    for name in STATISTICS:
        folded = publish(connection, name, BOUND, population="raw").result
        for row in folded.rows:
            shown = dict(zip(folded.columns, row, strict=True))
            for column in ("count", "of", "derivatives", "originals", "events", "once", "new", "hosts"):
                value = shown.get(column)
                assert value is None or value == 0 or value >= BOUND, (name, shown)


def test_ranks_name_no_family_that_families_hide(connection: Connection) -> None:
    neighbourhood(connection)
    assert {row[0] for row in publish(connection, "ranks", 5).result.rows} == {"fewer than 5"}


def test_the_first_rows_are_taken_after_hiding(connection: Connection) -> None:
    neighbourhood(connection)
    whole = publish(connection, "families", BOUND)
    assert publish(connection, "families", BOUND, top=1).result.rows == whole.result.rows[:1]
    assert publish(connection, "families", BOUND, top=1).rows == whole.rows
