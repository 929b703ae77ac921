from __future__ import annotations

import asyncio
import gzip
import random
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from census.probe.bodies import BODY_CAP, TIERS, Budget, Share, read_body

MIB = 1024 * 1024
TEXT = b'{"models":[' + b'{"name":"llama3.2:3b"},' * 2000 + b'{"name":"qwen2.5:7b"}]}'


class Pieces:
    """A stream that gives its pieces as they are cut, and yields to others in between."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self.given = self.total_bytes = 0

    def is_eof(self) -> bool:
        return False

    def read_nowait(self, n: int = -1, /) -> bytes:
        raise AssertionError(f"{n} bytes are read at once of what has not all come")

    async def read(self, n: int = -1, /) -> bytes:
        await asyncio.sleep(0)
        data = self._rest or next(self._pieces, b"")
        data, self._rest = data[:n], data[n:]
        self.given += len(data)
        return data


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def read(pieces: Iterator[bytes], encoding: str = "", share: Share | None = None) -> tuple[bytes, bool]:
    return asyncio.run(read_body(Pieces(pieces), encoding, share or Budget().share()))


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED = {
    "": TEXT, "identity": TEXT, "gzip": gzip.compress(TEXT), "x-gzip": gzip.compress(TEXT),
    " GZip ": gzip.compress(TEXT), "deflate": zlib.compress(TEXT), "DEFLATE": raw_deflate(TEXT),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
@pytest.mark.parametrize("encoding", PACKED)
def test_every_coding_is_undone_however_it_is_cut(encoding: str, size: int) -> None:
    assert read(cut(PACKED[encoding], size), encoding) == (TEXT, False)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip,deflate", "made-up"])
def test_a_coding_that_was_not_asked_for_stays_as_it_is(encoding: str) -> None:
    assert read(iter([b"\x1b\x00", b"abc"]), encoding) == (b"\x1b\x00abc", False)


@pytest.mark.parametrize("size", [1, 100, 10**6])
def test_a_damaged_body_gives_nothing_however_it_is_cut(size: int) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1  # in the checksum at its end: all of the text has been unpacked by then
    assert read(cut(bytes(packed), size), "gzip") == (b"", True)


def test_a_coding_without_its_end_gives_what_there_is() -> None:
    assert read(cut(gzip.compress(TEXT)[:-8], 100), "gzip") == (TEXT, False)


def test_what_follows_the_end_of_a_coding_is_not_read() -> None:
    def very_long() -> Iterator[bytes]:
        yield gzip.compress(b"{}")
        yield from [b"x" * 65536] * 1000

    stream = Pieces(very_long())
    assert asyncio.run(read_body(stream, "gzip", Budget().share())) == (b"{}", False)
    assert stream.given < 200_000


def bomb(layers: int) -> bytes:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(b"\0" * 2**24) for _ in range(layers)) + packer.flush()


def test_a_bomb_is_never_unpacked_further_than_the_cap() -> None:
    packed = bomb(64)  # 1 GiB in 1 MiB
    tracemalloc.start()
    try:
        body, cut_off = read(iter([packed]), "gzip")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(body), cut_off) == (BODY_CAP, True)
    assert peak < 8 * BODY_CAP


def test_an_answer_that_never_ends_takes_little_more_than_what_is_kept_of_it() -> None:
    part = b"x" * 65_536

    async def run() -> tuple[int, bool, int]:
        body, cut_off = await read_body(Pieces(iter(lambda: part, b"")), "", Budget().share())
        return len(body), cut_off, tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        length, cut_off, peak = asyncio.run(run())
    finally:
        tracemalloc.stop()
    assert (length, cut_off) == (BODY_CAP, True)
    assert peak < 1.5 * BODY_CAP


def test_the_seats_of_all_rows_together_are_the_budget() -> None:
    assert sum(size * seats for size, seats in TIERS) == 128 * MIB
    assert [size for size, _ in TIERS] == sorted(size for size, _ in TIERS)
    assert TIERS[-1][0] >= BODY_CAP


def test_a_target_may_keep_only_so_much_of_all_its_answers() -> None:
    async def run() -> list[tuple[int, bool]]:
        share = Budget(((10, 1), (25, 1))).share()
        bodies = [await read_body(Pieces(iter([b"x" * 10])), "", share) for _ in range(4)]
        assert share.spent
        return [(len(body), cut_off) for body, cut_off in bodies]

    assert asyncio.run(run()) == [(10, False), (10, False), (5, True), (0, True)]


def test_greedy_targets_all_come_to_an_end_within_the_budget() -> None:
    tiers = ((10, 8), (40, 3), (100, 2))
    held: dict[int, Share] = {}
    most = 0

    async def visit(number: int, budget: Budget, dice: random.Random) -> int:
        nonlocal most
        share = held[number] = budget.share()
        pieces = Pieces(iter([b"x" * dice.randint(1, 9) for _ in range(dice.randint(1, 20))]))
        body, _ = await read_body(pieces, "", share)
        most = max(most, sum(each.size for each in held.values()))
        share.close()
        del held[number]
        return len(body)

    async def run() -> list[int]:
        budget, dice = Budget(tiers), random.Random(4)
        async with asyncio.timeout(30):
            return await asyncio.gather(*(visit(number, budget, dice) for number in range(400)))

    assert max(asyncio.run(run())) == 100
    assert 100 < most <= sum(size * seats for size, seats in tiers)


def test_a_target_that_is_ended_while_it_waits_or_holds_gives_its_seat_back() -> None:
    async def run() -> None:
        budget = Budget(((10, 1),))
        holder, waiter = budget.share(), budget.share()
        assert await holder.room() == 10
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await waiter.room()
        waiter.close()
        holder.close()
        holder.close()
        assert await budget.share().room() == 10
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await budget.share().room()

    asyncio.run(run())
