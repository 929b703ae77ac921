"""Sorts more records than fit in memory: sorted runs in a temporary file, read back part by part in order.

The sort key starts with a position that a keyed hash spread evenly, so a part of the positions is a part of the
records, and sorting it is left to the list's own sort, which merges runs quickly. Only a part that is far larger than
the others, one huge network, is merged as a stream instead.
"""

from __future__ import annotations

import ctypes
import heapq
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import IO, Generic, TypeVar

import numpy as np

from census.targets.entries import ListError
from census.targets.records import PARTS, first_number, first_text

Record = TypeVar("Record", int, str)

_TRIM: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own
_BLOCK = 1 << 13  # bytes read at once of each run when a part is merged as a stream


@dataclass(frozen=True, slots=True)
class Form(Generic[Record]):
    """How one sort of record lies in memory and in the file.

    `weight` is the bytes of memory that one takes while it is sorted, `first` the least record that a part can
    hold, `ordered` gives records sorted and each once, `whole` tells how many of some bytes are whole records.
    """

    weight: int
    first: Callable[[int], Record]
    ordered: Callable[[list[Record]], list[Record]]
    pack: Callable[[list[Record]], bytes]
    unpack: Callable[[bytes], Iterable[Record]]
    whole: Callable[[bytes], int]


def give_back() -> None:
    """Let the system have the memory that was freed and that the C library would keep, where it can be told to."""
    if _TRIM is not None:
        _TRIM(0)


def _pack_text(records: list[str]) -> bytes:
    return "".join(f"{record}\n" for record in records).encode("ascii")


def _ordered_numbers(records: list[int]) -> list[int]:
    ordered: list[int] = np.unique(np.array(records, np.uint64)).tolist()
    return ordered


NUMBERS: Form[int] = Form(
    weight=64,
    first=first_number,
    ordered=_ordered_numbers,
    pack=lambda records: array("Q", records).tobytes(),
    unpack=lambda data: array("Q", data),
    whole=lambda data: len(data) & ~7,
)
TEXTS: Form[str] = Form(
    weight=256,
    first=first_text,
    ordered=lambda records: [record for record, _ in groupby(sorted(records))],
    pack=_pack_text,
    unpack=lambda data: data.decode("ascii").split("\n")[:-1],
    whole=lambda data: data.rfind(b"\n") + 1,
)


class Spill(Generic[Record]):
    """Records that come in any order and number and leave sorted; about `memory` bytes are held."""

    def __init__(self, form: Form[Record], memory: int) -> None:
        self._form: Form[Record] = form
        self._limit = max(1, memory // form.weight)
        self._room = memory // 8  # bytes of the file that are unpacked at once
        self._held: list[Record] = []
        self._runs: list[array[int]] = []  # where in the file each part of a run begins, and where the last ends
        self._file: IO[bytes] | None = None

    def extend(self, records: Iterable[Record]) -> None:
        """Take in records. Raises ListError when the temporary folder is full."""
        records = iter(records)
        while more := list(islice(records, self._limit - len(self._held))):
            self._held += more
            if len(self._held) >= self._limit:
                self._write_run()

    def parts(self) -> Iterator[Iterable[Record]]:
        """The records of each of the `PARTS` parts, sorted; equal ones may come more than once."""
        if self._file is not None and self._held:
            self._write_run()
        self._held.sort()
        for part in range(PARTS):
            yield self._held_part(part) if self._file is None else self._file_part(self._file, part)

    def close(self) -> None:
        """Let go of memory and disk."""
        self._held.clear()
        if self._file is not None:
            self._file.close()

    def _write_run(self) -> None:
        self._held = self._form.ordered(self._held)
        starts = array("Q", [self._end])
        try:
            self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
            self._file.seek(self._end)
            for part in range(PARTS):
                starts.append(starts[-1] + self._file.write(self._form.pack(self._held_part(part))))
            self._file.flush()
        except OSError as error:
            folder = tempfile.gettempdir()
            raise ListError(
                f"{folder}: no room to sort the list ({error.strerror}); set TMPDIR to a larger one"
            ) from None
        self._runs.append(starts)
        self._held.clear()

    @property
    def _end(self) -> int:
        return self._runs[-1][-1] if self._runs else 0

    def _held_part(self, part: int) -> list[Record]:
        """A part of the held records, which are sorted."""
        first, behind = self._form.first(part), self._form.first(part + 1)
        return self._held[bisect_left(self._held, first) : bisect_left(self._held, behind)]

    def _file_part(self, file: IO[bytes], part: int) -> Iterable[Record]:
        spans = [(run[part], run[part + 1]) for run in self._runs if run[part] < run[part + 1]]
        if sum(end - start for start, end in spans) > self._room:
            return heapq.merge(*(self._stream(file, start, end) for start, end in spans))
        records: list[Record] = []
        for start, end in spans:
            records += self._form.unpack(_read(file, start, end))
        records.sort()
        return records

    def _stream(self, file: IO[bytes], start: int, end: int) -> Iterator[Record]:
        rest = b""
        while start < end:
            data = rest + _read(file, start, min(end, start + _BLOCK))
            start += len(data) - len(rest)
            whole = self._form.whole(data)
            yield from self._form.unpack(data[:whole])
            rest = data[whole:]


def _read(file: IO[bytes], start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)
