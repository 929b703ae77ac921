"""Tables on a terminal: what a reader sees, and what a stranger's text cannot do to it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from census.report.tables import show
from census.store.statistics import Result

SHARE = ("count", "of", "share", "low", "high")
HOSTILE = "[red]x[/red] :boom: \x1b[2J\u202eevil"


def shown(result: Result, *, width: int = 100, definition: str = "", encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    show(result, Console(file=stream, width=width), "families", definition)
    return raw.getvalue().decode(encoding)


def test_a_share_is_one_cell_with_its_interval_and_the_denominator_stands_once() -> None:
    text = shown(Result(("family", *SHARE), [("Qwen", 40694, 78260, 0.52, 0.511, 0.529), ("Phi", 5, 78260, 0, 0, 0.1)]))
    assert "40,694  52.0 %  [51.1, 52.9]" in text
    assert text.count("78,260") == 1
    assert "n = 78,260" in text


def test_denominators_that_differ_are_a_column() -> None:
    text = shown(Result(("software", *SHARE), [("a", 1, 2, 0.5, 0.1, 0.9), ("b", 1, 4, 0.25, 0.1, 0.9)]))
    assert "of" in text.splitlines()[1].split()
    assert "n =" not in text


def test_the_unknown_is_said_and_a_share_without_interval_has_none() -> None:
    text = shown(Result(("rank", "country", *SHARE), [(None, None, 3, 4, 0.75, None, None)]))
    assert text.splitlines()[2].split()[:4] == ["unknown", "3", "75.0", "%"]
    assert "[" not in text


def test_a_verdict_without_a_signal_is_all_of_them() -> None:
    text = shown(Result(("verdict", "signal", *SHARE), [("decoy", None, 3, 4, 0.75, 0.3, 0.9)]))
    assert text.splitlines()[2].split()[:4] == ["decoy", "all", "3", "75.0"]
    assert "unknown" not in text


def test_the_bar_is_as_long_as_the_share() -> None:
    rows: list[tuple[object, ...]] = [("all", 4, 4, 1.0, 0.5, 1.0), ("half", 2, 4, 0.5, 0.1, 0.9)]
    text = shown(Result(("models", *SHARE), rows))
    assert [line.count("█") for line in text.splitlines()[2:4]] == [12, 6]
    assert "█" not in shown(Result(("models", *SHARE), rows), width=40)


def test_a_terminal_without_unicode_gets_bars_all_the_same() -> None:
    text = shown(Result(("models", *SHARE), [("all", 4, 4, 1.0, 0.5, 1.0)]), encoding="ascii")
    assert "############" in text


def test_texts_of_strangers_are_shown_and_do_nothing() -> None:
    text = shown(Result(("model", "count"), [(HOSTILE, 1)]), definition=HOSTILE)
    assert text.count("[red]x[/red] :boom: <U+001B>[2J<U+202E>evil") == 2
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_table_fits_its_terminal_and_loses_no_number(width: int) -> None:
    text = shown(Result(("model", *SHARE), [("a" * 512, 1234, 5678, 0.217, 0.2, 0.23)]), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "1,234" in text
    assert "21.7 %" in text
    assert text.count("a") >= 512


def test_nothing_seen_is_said() -> None:
    assert "Nothing was seen." in shown(Result(("rank", "country", *SHARE), []))
