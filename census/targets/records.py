"""How targets are packed into sortable records: IPv4 into whole numbers of 58 bits, IPv6 and names into text.

A record is a stretch of addresses of one *page* (256 addresses; a name is a page of one) on one port. It starts with
the 24-bit position of its network in the order, so sorted records are in order, network by network.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b, shake_256
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

PART_BITS = 10
PARTS = 1 << PART_BITS  # parts of the order that are sorted one after another
_POSITION_BITS = 24
_HALF_BITS = 12
_HALF = (1 << _HALF_BITS) - 1
_PAGE_SHIFT = 34  # of a number: position 24, port 16, first 8, last 8, scheme 2 bits
_V6_PAGE_IN_NETWORK = 72  # bits of a page that lie below the /48
_V6_NETWORK_END = 19  # of a text: position 6 digits, "6", page 30 digits of which 12 are the /48

# By code, a bit for each that the list says: neither, http, https, both, of which https is asked.
SCHEMES: tuple[bool | None, ...] = (None, False, True, True)
BOTH_SCHEMES = 3


# A record unpacked but for its network: port, first and last byte of its addresses, code of the scheme. A named tuple
# would say so itself, but every target passes through one and making it takes five times as long.
Span: TypeAlias = tuple[int, int, int, int]
Packed: TypeAlias = NDArray[np.uint64]  # many records, positions or networks, for what is done to all at once


class Scatter:
    """A keyed order of networks: /24s are permuted by a Feistel cipher of their 24 bits, all else is hashed.

    The permutation is its own index: a position gives its /24 back, so records need not carry both.
    """

    def __init__(self, key: str) -> None:
        self._key = blake2b(key.encode(), digest_size=32).digest()
        words = array("H", shake_256(self._key).digest(4 * 2 << _HALF_BITS))
        if sys.byteorder == "big":
            words.byteswap()
        tables = [word & _HALF for word in words]
        self._rounds = tuple(tables[start : start + _HALF + 1] for start in range(0, len(tables), _HALF + 1))
        self._tables = np.array(self._rounds, np.uint64)

    def position(self, network: int) -> int:
        """The position of a /24, given as the upper 24 bits of its addresses."""
        one, two, three, four = self._rounds
        left, right = network >> _HALF_BITS, network & _HALF
        left ^= one[right]
        right ^= two[left]
        left ^= three[right]
        right ^= four[left]
        return left << _HALF_BITS | right

    def network(self, position: int) -> int:
        """The /24 at a position."""
        one, two, three, four = self._rounds
        left, right = position >> _HALF_BITS, position & _HALF
        right ^= four[left]
        left ^= three[right]
        right ^= two[left]
        left ^= one[right]
        return left << _HALF_BITS | right

    def position_of(self, identity: str) -> int:
        """The position of any other network, shared now and then by two."""
        return int.from_bytes(blake2b(identity.encode(), key=self._key, digest_size=3).digest(), "big")

    def numbers(self, keys: Sequence[int]) -> list[int]:
        """Records of `address << 16 | port`."""
        packed = np.array(keys, np.uint64)
        host = packed >> 16 & 0xFF
        positions = self._permuted(packed >> np.uint64(24))
        records = positions << _PAGE_SHIFT | (packed & 0xFFFF) << 18 | host << 10 | host << 2
        listed: list[int] = records.tolist()
        return listed

    def _permuted(self, networks: Packed) -> Packed:
        """`position` for many at once."""
        one, two, three, four = self._tables
        left, right = networks >> _HALF_BITS, networks & _HALF
        left = left ^ one[right]
        right = right ^ two[left]
        left = left ^ three[right]
        right = right ^ four[left]
        joined: Packed = left << _HALF_BITS | right
        return joined

    def networks(self, positions: Packed) -> Packed:
        """`network` for many at once."""
        one, two, three, four = self._tables
        left, right = positions >> _HALF_BITS, positions & _HALF
        right = right ^ four[left]
        left = left ^ three[right]
        right = right ^ two[left]
        left = left ^ one[right]
        joined: Packed = left << _HALF_BITS | right
        return joined


def number_record(position: int, span: Span) -> int:
    """The record of a stretch of a /24."""
    port, first, last, scheme = span
    return position << _PAGE_SHIFT | port << 18 | first << 10 | last << 2 | scheme


def span_of_number(record: int) -> Span:
    """The stretch that a number holds."""
    return record >> 18 & 0xFFFF, record >> 10 & 0xFF, record >> 2 & 0xFF, record & 3


def position_of_number(record: int) -> int:
    """The position that a number holds."""
    return record >> _PAGE_SHIFT


def positions_of_numbers(records: Packed) -> Packed:
    """The positions that many numbers hold."""
    positions: Packed = records >> np.uint64(_PAGE_SHIFT)
    return positions


def v6_network(page: int) -> str:
    """What identifies the /48 of a page (the upper 120 bits of its addresses)."""
    return f"{page >> _V6_PAGE_IN_NETWORK:012x}"


def v6_record(position: int, page: int, span: Span) -> str:
    """The record of a stretch of 256 IPv6 addresses."""
    port, first, last, scheme = span
    return f"{position:06x}6{page:030x}{port:04x}{first:02x}{last:02x}{scheme}"


def name_record(position: int, name: str, port: int, scheme: int) -> str:
    """The record of a name on a port."""
    return f"{position:06x}n{name} {port:04x}{scheme}"


def network_of_text(record: str) -> str:
    """The beginning of a text record that all of its network share."""
    return record[:_V6_NETWORK_END] if record[6] == "6" else record[:-6]


def span_of_text(record: str) -> tuple[int | str, Span]:
    """Page and stretch that a text holds; the page of a name is the name."""
    if record[6] == "6":
        port, first, last = (int(record[at:end], 16) for at, end in ((37, 41), (41, 43), (43, 45)))
        return int(record[7:37], 16), (port, first, last, int(record[45]))
    return record[7:-6], (int(record[-5:-1], 16), 0, 0, int(record[-1]))


def distinct(spans: Iterable[Span]) -> Iterator[tuple[int, int, int]]:
    """Port, last byte and code of the scheme of every target of a page, once; the spans are sorted by port.

    The code has all schemes that a list gives for the target.
    """
    for port, same in groupby(spans, key=itemgetter(0)):
        schemes: dict[int, int] = {}
        for _, first, last, scheme in same:
            for host in range(first, last + 1):
                schemes[host] = schemes.get(host, 0) | scheme
        for host, scheme in schemes.items():
            yield port, host, scheme


def pages(first: int, count: int) -> Iterator[tuple[int, int, int]]:
    """The pages of `count` addresses from `first` on: page, and first and last byte in it."""
    last = first + count - 1
    for page in range(first >> 8, (last >> 8) + 1):
        yield page, max(first - (page << 8), 0), min(last - (page << 8), 0xFF)


def first_number(part: int) -> int:
    """The least number whose position lies in a part."""
    return part << _PAGE_SHIFT + _POSITION_BITS - PART_BITS


def first_text(part: int) -> str:
    """The least text whose position lies in a part, or beyond all for the part behind the last."""
    return f"{part << _POSITION_BITS - PART_BITS:06x}" if part < PARTS else "g"
