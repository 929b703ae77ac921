"""What a target list is made of: blocks, packed plain lines, and the lines that are no target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from census.errors import UseError
from census.facts import Target

KEPT_PROBLEMS = 20
_SHOWN = 80  # characters of a line that is shown


class ListError(UseError):
    """A list that cannot be used at all; the message names file, fault and remedy."""


@dataclass(frozen=True, slots=True)
class Block:
    """A network in compact form: `count` addresses from the number `first` on, each on every one of `ports`."""

    first: int
    count: int
    version: int
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plain:
    """Many single IPv4 targets in compact form, since most lists are nothing else: `address << 16 | port` each."""

    keys: list[int]


Entry: TypeAlias = Target | Block | Plain


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that is no target: `text` is its beginning without control characters, `why` has the remedy."""

    file: str
    line: int
    text: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}: {self.why}"


@dataclass(slots=True)
class Problems:
    """All lines that were no target: counted, and the first 20 kept as samples."""

    count: int = 0
    samples: list[Problem] = field(default_factory=list)

    def add(self, file: str, line: int, text: str, why: str) -> None:
        """Note one line."""
        self.count += 1
        if len(self.samples) < KEPT_PROBLEMS:
            self.samples.append(Problem(file, line, clean(text), clean(why, 3 * _SHOWN)))


def clean(text: str, length: int = _SHOWN) -> str:
    """The beginning of a text, safe to print: what is no printable character becomes a question mark."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:length])
    return f"{shown}…" if len(text) > length else shown


def each_port(ports: Iterable[int], port: int | None) -> tuple[int, ...]:
    """The ports of an entry: its own, else all that were asked for."""
    return tuple(ports) if port is None else (port,)
