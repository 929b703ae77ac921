"""What a form of lists is: a name, a test of the first lines, and a reader from blocks of bytes to entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from census.targets.entries import Entry, Problems


@dataclass(frozen=True, slots=True)
class Source:
    """One list while it is read: `ports` are for entries without one, `partial` accepts a list that is cut off."""

    path: str
    ports: tuple[int, ...]
    problems: Problems
    partial: bool = False

    def note(self, line: int, text: str | bytes, why: str) -> None:
        """Note a line (from 1) that is no target."""
        shown = text if isinstance(text, str) else text.decode("utf-8", "replace")
        self.problems.add(self.path, line, shown, why)


Read: TypeAlias = Callable[[Source, Iterable[bytes]], Iterator[Entry]]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of lists.

    `fits` is asked with the first lines of a list, stripped and none of them empty. `entries` yields what the blocks
    of a list hold and notes the lines that are no target; it raises ListError for a list that cannot be used.
    """

    name: str
    fits: Callable[[list[str]], bool]
    entries: Read


def mostly(lines: list[str], fit: Callable[[str], bool]) -> bool:
    """Whether more than half of the lines fit; a few damaged lines do not change what a list is."""
    return 2 * sum(map(fit, lines)) > len(lines)
