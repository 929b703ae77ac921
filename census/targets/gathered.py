"""Gathers what the lines of a list name: single IPv4 targets packed, since most are, the others one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from socket import AF_INET, inet_pton
from typing import TypeAlias

from census.facts import Target
from census.targets.addresses import canonical
from census.targets.entries import Block, Entry, Plain
from census.targets.form import Source
from census.targets.streams import decoded, whole_lines

LONGEST_RECORD = 8 << 20  # bytes of a JSON record, which may carry pages and certificates


class Gathered:
    """What a batch of lines named so far."""

    def __init__(self) -> None:
        self._keys: list[int] = []
        self.others: list[Target | Block] = []

    def add(self, address: str, port: int) -> None:
        """Take in an address with a port from 1 to 65535. Raises ValueError for what is no address."""
        try:
            self._keys.append(int.from_bytes(inet_pton(AF_INET, address), "big") << 16 | port)
        except (OSError, ValueError):
            self.others.append(Target(canonical(address), port))

    def entries(self) -> Iterator[Entry]:
        """Everything that was taken in."""
        yield from self.others
        yield Plain(self._keys)


ReadRecord: TypeAlias = Callable[[bytes, Gathered], None]
ReadLine: TypeAlias = Callable[[int, str, Gathered], None]


def each_record(source: Source, blocks: Iterable[bytes], read: ReadRecord) -> Iterator[Entry]:
    """The entries of a list of JSON records, one on a line; those for which `read` raises ValueError are noted."""
    for first, block in whole_lines(source, blocks, LONGEST_RECORD):
        gathered = Gathered()
        for number, line in enumerate(block.split(b"\n"), first):
            if not line or line.isspace():
                continue
            try:
                read(line, gathered)
            except (ValueError, RecursionError) as error:
                source.note(
                    number, line[:400], f"the record cannot be used ({error}); write one on a line, as its tool does"
                )
        yield from gathered.entries()


def each_line(source: Source, blocks: Iterable[bytes], read: ReadLine) -> Iterator[Entry]:
    """The entries of a list of lines of text; those for which `read` raises ValueError are noted."""
    for first, lines in decoded(whole_lines(source, blocks)):
        gathered = Gathered()
        for number, line in enumerate(lines, first):
            try:
                read(number, line, gathered)
            except ValueError as error:
                source.note(number, line, str(error))
        yield from gathered.entries()
