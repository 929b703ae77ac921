"""How much of the answers is kept: each body up to a cap, and all bodies of a process within one budget."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Final, Protocol

BODY_CAP: Final = 2 * 1024 * 1024  # bytes kept of an answer, after decompression
_READ: Final = 64 * 1024

# Bytes that one target may keep of all its answers together, and how many targets may at a time: 128 MiB in all. Most
# visits stay in the first row; only a list of thousands of models, or malice, gets into the last.
TIERS: Final = ((16 * 1024, 1024), (256 * 1024, 192), (4 * 1024 * 1024, 16))


class Budget:
    """The bytes that the answers of all targets of one process may take up, dealt out in seats of growing size.

    A target takes a seat of the first row when its first answer begins, and one of the next row when it has outgrown
    its own, which it then gives back. Rows are taken in one order only, and who sits in the last never waits, so
    targets cannot wait for one another in a circle; who waits too long is ended by its deadline.
    """

    def __init__(self, tiers: Sequence[tuple[int, int]] = TIERS) -> None:
        self.rows = [(size, asyncio.Semaphore(seats)) for size, seats in tiers]

    def share(self) -> Share:
        """The share of one more target, with nothing taken yet."""
        return Share(self)


class Share:
    """What one target holds of the budget, until it is closed."""

    def __init__(self, budget: Budget) -> None:
        self.size = 0  # bytes of the seat that it has
        self._kept = 0
        self._above = budget.rows[::-1]
        self._seat: asyncio.Semaphore | None = None

    @property
    def spent(self) -> bool:
        """Whether nothing more of this target may be kept, however long it waited."""
        return self._kept == self.size and not self._above

    def fits(self, number: int) -> bool:
        """Whether so many bytes more may be kept now, without waiting."""
        return self._kept + number <= self.size

    async def room(self) -> int:
        """How many bytes more may be kept now, after waiting for a seat where one is needed; 0 if it is spent."""
        if self._kept == self.size and self._above:
            size, seats = self._above[-1]
            await seats.acquire()
            self.close()
            self._above.pop()
            self.size, self._seat = size, seats
        return self.size - self._kept

    def keep(self, number: int) -> None:
        """Count bytes that are kept; never more than there was room for."""
        assert self.fits(number)
        self._kept += number

    def close(self) -> None:
        """Give the seat back: what was kept is dropped, or becomes part of a larger seat."""
        if self._seat is not None:
            self._seat.release()
            self._seat = None


class Stream(Protocol):
    """What is read from: aiohttp's StreamReader."""

    total_bytes: int

    def is_eof(self) -> bool:
        """Whether all of it has come."""
        ...

    def read_nowait(self, n: int = -1, /) -> bytes:
        """All that has come and was not read."""
        ...

    async def read(self, n: int = -1, /) -> bytes:
        """Some bytes, at most `n`; none at the end."""
        ...


def whole_body(stream: Stream, encoding: str, share: Share) -> bytes | None:
    """A body that has come and may be kept as it is, without a wait, as nearly all are; else it is to be read."""
    if encoding or not stream.is_eof() or not 0 < stream.total_bytes <= BODY_CAP or not share.fits(stream.total_bytes):
        return None
    body = stream.read_nowait()
    share.keep(len(body))
    return body


async def read_body(stream: Stream, encoding: str, share: Share) -> tuple[bytes, bool]:
    """At most BODY_CAP bytes of a body with its Content-Encoding undone, and whether that is not the whole of it.

    A body that is damaged gives no byte and is not whole: how much of it could be unpacked would depend on how it
    was cut into packets.
    """
    await share.room()  # the first of a target finds no seat yet
    whole = whole_body(stream, encoding, share)
    if whole is not None:
        return whole, False
    unpack = _Unpacker(encoding)
    kept = BytesIO()  # gives what it holds without a copy: parts, their sum and what is cut off it were three times it
    while kept.tell() <= BODY_CAP:
        room = await share.room()
        if room == 0:
            return kept.getvalue(), True
        try:
            part = await unpack.next(stream, min(room, BODY_CAP + 1 - kept.tell(), _READ))
        except zlib.error:
            return b"", True
        if part is None:
            return kept.getvalue(), False
        share.keep(len(part))
        kept.write(part)
    kept.truncate(BODY_CAP)
    return kept.getvalue(), True


class _Unpacker:
    """Undoes a Content-Encoding without ever making more than is asked for; one that is unknown stays as it is."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding.strip().lower()
        self._inflater: zlib._Decompress | None = None

    async def next(self, stream: Stream, most: int) -> bytes | None:
        """The next bytes, at most `most`, perhaps none yet; None at the end. Raises zlib.error."""
        if self._encoding not in ("gzip", "x-gzip", "deflate"):
            return await stream.read(most) or None
        if self._inflater is not None and self._inflater.eof:
            return None  # whatever follows is not read: zlib would keep all of it
        data = (self._inflater.unconsumed_tail if self._inflater else b"") or await stream.read(_READ)
        if not data:
            return None
        if self._inflater is None:
            self._inflater = zlib.decompressobj(self._window(data[0]))
        return self._inflater.decompress(data, most)

    def _window(self, first: int) -> int:
        """The format as zlib numbers it; many servers send "deflate" without the wrapper that it should have."""
        if self._encoding != "deflate":
            return zlib.MAX_WBITS | 16
        return zlib.MAX_WBITS if first & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS
