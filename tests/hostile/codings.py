"""Misbehaviours of compression."""

from __future__ import annotations

import gzip
import zlib
from typing import Final

from census.facts import Outcome
from tests.hostile.misbehaviour import (
    JSON,
    LIST,
    NAMED,
    OK,
    Misbehaviour,
    endless,
    listed,
    ollama,
)
from tests.support.wire import answer

_WRAPPED: Final = zlib.MAX_WBITS
_AS_GZIP: Final = zlib.MAX_WBITS | 16


def bomb(wbits: int, megabytes: int) -> bytes:
    """That many MiB of zeros, compressed a thousandfold, made from one compressed MiB that is repeated."""
    packer = zlib.compressobj(9, wbits=wbits)
    first = packer.compress(b'{"models":[') + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"\0" * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * megabytes


def packed(body: bytes, coding: str) -> Misbehaviour:
    """A list that is compressed so; nothing of it can be read."""
    return Misbehaviour(listed(body, f"Content-Encoding: {coding}"), Outcome.MISREAD)


def damaged() -> bytes:
    whole = bytearray(gzip.compress(LIST))
    whole[-6] ^= 1
    return bytes(whole)


GZIP_HEAD = OK + JSON + b"Content-Encoding: gzip\r\n\r\n"
NOTHING = b"\x00\x00\x00\xff\xff" * 10_000  # blocks of deflate that hold no byte

CODINGS: Final[dict[str, Misbehaviour]] = {
    "sends 10 GiB as 10 MiB of gzip": packed(bomb(_AS_GZIP, 10_240), "gzip"),
    "sends 1 GiB as deflate": packed(bomb(_WRAPPED, 1024), "deflate"),
    "sends 1 GiB as deflate without its wrapper": packed(bomb(-zlib.MAX_WBITS, 1024), "deflate"),
    "sends gzip within gzip": packed(gzip.compress(gzip.compress(LIST)), "gzip, gzip"),
    "sends gzip within gzip and names one": packed(gzip.compress(gzip.compress(LIST)), "gzip"),
    "sends br, which nobody asked for": packed(b"\x0b\x02\x80{}\x03", "br"),
    "sends zstd, which nobody asked for": packed(b"\x28\xb5\x2f\xfd\x04\x00\x11\x00\x00{}", "zstd"),
    "calls a plain list compressed": packed(LIST, "gzip"),
    "cuts its gzip off": packed(gzip.compress(LIST)[:-30], "gzip"),
    "sends gzip with a wrong checksum": packed(damaged(), "gzip"),
    "sends gzip without end that holds nothing": Misbehaviour(
        endless(GZIP_HEAD + bomb(_AS_GZIP, 0), NOTHING), Outcome.TOO_SLOW
    ),
    "sends gzip and then bytes without end": Misbehaviour(
        endless(GZIP_HEAD + gzip.compress(b"{}"), b"x" * 60_000), Outcome.OTHER
    ),
    "names a coding that there is not, for a plain list": Misbehaviour(
        listed(LIST, "Content-Encoding: none-such"), Outcome.SERVED, NAMED
    ),
    "sends a list as deflate without its wrapper": Misbehaviour(
        ollama(answer(200, zlib.compress(LIST)[2:-4], "application/json", "Content-Encoding: deflate")),
        Outcome.SERVED,
        NAMED,
    ),
}
