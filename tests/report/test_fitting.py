"""Tables on narrow terminals: what is done first, and that nothing is lost without a word."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import Connection

from census.report.fitting import fit
from census.report.grid import grid
from census.report.tables import show
from census.store.statistics import STATISTICS, Result, rows
from tests.store.statistics.history import draw

SHARE = ("count", "of", "share", "low", "high")
PAIRS = Result(
    ("a", "b", *SHARE, "jaccard", "jaccard_low", "jaccard_high", "lift", "lift_low", "lift_high"),
    [(f"Family {n}", "Another Family", 40, 80, 0.5, 0.4, 0.6, 0.3, 0.2, 0.4, 1.5, 1.25, 1.75) for n in range(20)],
)


def shown(result: Result, width: int) -> str:
    stream = io.StringIO()
    show(result, Console(file=stream, width=width), "a title")
    return stream.getvalue()


def test_bars_come_with_room_and_stand_behind_their_share() -> None:
    result = Result(("family", *SHARE, "unknown"), [("Qwen", 1, 2, 0.5, 0.1, 0.9, 7)])
    assert [fit(grid(result), width).bar for width in (51, 52, 54, 58, 90)] == [0, 6, 8, 12, 12]
    assert "[10.0, 90.0]  ██████              7" in shown(result, 90)
    assert fit(grid(Result(("stage", "count"), [("targets", 3)])), 200).bar == 0


def test_the_narrower_the_terminal_the_more_is_folded_and_what_is_left_out_is_named() -> None:
    wide, middle, narrow = (shown(PAIRS, width) for width in (93, 80, 50))
    assert "50.0 %  [40.0, 60.0]  0.30 [0.20, 0.40]  1.50 [1.25, 1.75]" in wide
    assert "1.50 [1.25" not in middle
    assert "[1.25, 1.75]" in middle
    assert "Left out" not in middle
    assert "Left out, for the terminal is too narrow: jaccard, lift (--format csv has all)" in " ".join(narrow.split())
    assert "[40.0, 60.0]" in narrow


def test_a_few_rows_with_many_columns_are_cards() -> None:
    lines = shown(Result(PAIRS.columns, PAIRS.rows[:2]), 50).splitlines()
    assert [line.split()[0] for line in lines[1:7]] == ["a", "b", "count", "share", "jaccard", "lift"]
    assert sum("Another Family" in line for line in lines) == 2


def test_a_column_without_a_value_is_not_shown_and_a_digest_is_cut_only_without_room() -> None:
    result = Result(("digest", "names", "became", "count"), [("a" * 64, ["m"], None, 1)] * 20)
    assert "became" not in shown(result, 100)
    assert "a" * 64 in shown(result, 100)
    assert f"{'a' * 12}…" in shown(result, 70)


@pytest.fixture(scope="module")
def widths() -> tuple[int, ...]:
    return (40, 60, 80, 132)


def test_every_statistic_fits_every_terminal_and_shows_its_share(connection: Connection, widths: Any) -> None:
    draw(3, hosts=30).write(connection)
    for name in STATISTICS:
        result = rows(connection, name)
        for width in widths:
            text = shown(result, width)
            assert max(map(len, text.splitlines())) <= width, (name, width)
            assert "…" not in text.replace("a…", ""), (name, width) if name != "digests" else None
            if "share" in result.columns and width >= 60:
                assert "%" in text, (name, width)
