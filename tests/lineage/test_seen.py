"""Names as they stand on servers come out as somebody who knows the models would place them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from census.facts import Lineage
from census.lineage import place

SEEN = Path(__file__).with_name("seen.txt")


def _names() -> Iterator[tuple[str, str]]:
    """(verdict, name with its architecture) of every line of the file."""
    verdict = ""
    for line in SEEN.read_text("utf-8").splitlines():
        if line.startswith("["):
            verdict = line.strip("[]")
        elif line and not line.startswith("#"):
            yield verdict, line


def _told(line: Lineage) -> str:
    """A lineage in the words of the file."""
    if line.family is None:
        return "unknown"
    if line.derived is None:
        return f"{line.family} or not"
    return f"{line.family} from {line.base or '?'}" if line.derived else line.family


NAMES = list(_names())


@pytest.mark.parametrize(("verdict", "seen"), NAMES, ids=[name for _, name in NAMES])
def test_a_name_is_placed_as_it_should_be(verdict: str, seen: str) -> None:
    name, _, architecture = seen.partition(" ~ ")
    assert _told(place(name, architecture or None)) == verdict


def test_there_are_some_four_hundred_and_none_stands_twice() -> None:
    assert len(NAMES) >= 400
    assert [name for name, times in Counter(name for _, name in NAMES).items() if times > 1] == []
