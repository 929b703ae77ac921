"""Holds docs/hostile-servers.md to the corpus: its tables list every misbehaviour with its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.hostile.corpus import GROUPS

PAGE = Path(__file__).parents[2] / "docs" / "hostile-servers.md"
MARK = "<!-- from here on as tests/hostile/test_page.py prints it -->\n"


def tables() -> Iterator[str]:
    for group, members in GROUPS.items():
        yield f"\n### {group}\n\n| a server that | ends as |\n|---|---|\n"
        yield from (f"| {name} | `{each.outcome.word}` |\n" for name, each in members.items())


def test_the_page_lists_every_misbehaviour_with_its_outcome() -> None:
    told, _, listed = PAGE.read_text("utf-8").partition(MARK)
    assert listed == "".join(tables()), "the end of the page must be: " + "".join(tables())
    assert told
