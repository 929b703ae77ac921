"""Reads target lists one after another as a stream, whatever their form; memory does not grow with them.

A form is a function from batches of numbered lines to entries, like `plain.entries`: it notes the lines that are no
target, yields the others, and knows nothing of files and packing, which are `streams`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from census.targets.entries import Block, ListError, Plain, Problem, Problems
from census.targets.plain import Entry, entries
from census.targets.streams import numbered_lines

__all__ = ["Block", "Entry", "ListError", "Plain", "Problem", "Problems", "read"]


def read(paths: Iterable[str], ports: Iterable[int], problems: Problems) -> Iterator[Entry]:
    """Every entry of all lists; `-` is standard input, and an entry without a port goes to each of `ports`.

    Lines that are no target are noted in `problems`. Raises ListError for a list that cannot be read to its end,
    and for a network of more than 2**24 addresses.
    """
    ports = tuple(ports)
    for path in map(str, paths):
        yield from entries(path, numbered_lines(path, problems), ports, problems)
