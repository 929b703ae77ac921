"""Puts targets into a seeded order and cuts it into chunks, each target once, in memory that no list can grow.

All targets of one /24 (IPv6: /48; a name is a network of its own) are in one chunk, so that pacing a network is that
chunk's own affair. Seed and set of targets decide the chunks; the order of the list, duplicates, and whether records
went through a file do not.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address
from itertools import chain, groupby, islice, pairwise
from operator import itemgetter
from socket import inet_ntoa
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np

from census.facts import Target
from census.targets.addresses import IPV4, host_name, number
from census.targets.entries import Block, Plain
from census.targets.records import (
    BOTH_SCHEMES,
    SCHEMES,
    Scatter,
    Span,
    distinct,
    name_record,
    network_of_text,
    number_record,
    pages,
    position_of_number,
    positions_of_numbers,
    span_of_number,
    span_of_text,
    v6_network,
    v6_record,
)
from census.targets.shards import Shard
from census.targets.spill import NUMBERS, TEXTS, Spill, give_back

MEMORY = 4 << 20  # bytes
_BYTES = [str(byte) for byte in range(256)]  # to look a number up takes half as long as to write it

Network: TypeAlias = Iterator[Target] | list[Target]  # its targets; a list where they are few or known to be single


class Spool:
    """Takes in targets and gives them out in chunks; a temporary file holds what exceeds `memory` bytes.

    With a shard, targets of other shards are left out: the shards of one list are disjoint and make up all of it,
    whatever the seed. `count` is the number of targets taken in, before duplicates are left out; `shared` says that
    targets of other shards were met; `both_schemes` is how many of those given out were named with http and with https.
    """

    def __init__(self, seed: int, memory: int = MEMORY, shard: Shard | None = None) -> None:
        self.count = 0
        self.shared = False
        self.both_schemes = 0
        self._seed = seed
        self._order = Scatter(f"order {seed}")
        self._shard = shard
        self._sharing = Scatter("shard")
        self._numbers = Spill(NUMBERS, memory)
        self._texts = Spill(TEXTS, memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of memory and disk."""
        self._numbers.close()
        self._texts.close()
        give_back()  # who has read a list watches its scan, perhaps for days

    def add(self, entry: Target | Block | Plain) -> None:
        """Take in a target, a network, or a batch of plain targets.

        A target with a name counts by its name. Raises ValueError for one that has neither a name nor an address
        that can be read, and ListError when the temporary folder is full.
        """
        if isinstance(entry, Plain):
            keys = [key for key in entry.keys if self._ours(key >> 24)] if self._shard else entry.keys
            self.count += len(keys)
            self._numbers.extend(self._order.numbers(keys))
        elif isinstance(entry, Block):
            spans = (
                (page, (port, first, last, 0))
                for page, first, last in pages(entry.first, entry.count)
                for port in entry.ports
            )
            self._add_spans(entry.version, spans)
        else:
            self._add_target(entry)

    def chunks(self, size: int, widest: int | None = None) -> Iterator[list[Target]]:
        """Each distinct target once, in chunks of about `size`.

        A network of up to `widest` targets (default: `size`) stays whole in one chunk; a larger one has chunks of
        `widest` of its own, in a row.
        """
        widest = max(size, widest or size)
        mix = _Mixer(self._seed)
        for network in chain.from_iterable(self._parts()):
            targets = network if isinstance(network, list) else list(islice(network, widest + 1))
            if mix.count and mix.count + len(targets) > size:
                yield mix.chunk()
            if len(targets) > widest:
                rest = iter(targets) if targets is network else chain(targets, network)
                while piece := list(islice(rest, widest)):
                    mix.lay(piece)
                    yield mix.chunk()
            else:
                mix.lay(targets)
        if mix.count:
            yield mix.chunk()

    def _add_target(self, target: Target) -> None:
        scheme = SCHEMES.index(target.tls)
        if target.name is not None:
            name = host_name(target.name)
            if self._ours(name):
                self.count += 1
                self._texts.extend([name_record(self._order.position_of(name), name, target.port, scheme)])
            return
        version, value = number(target.address or "")
        self._add_spans(version, [(value >> 8, (target.port, value & 0xFF, value & 0xFF, scheme))])

    def _add_spans(self, version: int, spans: Iterable[tuple[int, Span]]) -> None:
        if version == IPV4:
            ours = self._counted((page, span) for page, span in spans if self._ours(page))
            self._numbers.extend(number_record(self._order.position(page), span) for page, span in ours)
        else:
            ours = self._counted((page, span) for page, span in spans if self._ours(v6_network(page)))
            positions = ((self._order.position_of(v6_network(page)), page, span) for page, span in ours)
            self._texts.extend(v6_record(position, page, span) for position, page, span in positions)

    def _counted(self, spans: Iterable[tuple[int, Span]]) -> Iterator[tuple[int, Span]]:
        for page, (port, first, last, scheme) in spans:
            self.count += last - first + 1
            yield page, (port, first, last, scheme)

    def _ours(self, network: int | str) -> bool:
        """Whether a network, a /24 as a number or another by its identity, is of this shard."""
        if self._shard is None:
            return True
        index, number_of_shards = self._shard
        share = self._sharing
        position = share.position(network) if isinstance(network, int) else share.position_of(network)
        ours = position % number_of_shards == index - 1
        self.shared |= not ours
        return ours

    def _parts(self) -> Iterator[Iterator[Network]]:
        """The networks of each part of the order: IPv4, then the others."""
        for numbers, texts in zip(self._numbers.parts(), self._texts.parts(), strict=True):
            yield self._networks4(numbers)
            yield (self._other_targets(records) for _, records in groupby(texts, key=network_of_text))

    def _networks4(self, numbers: Iterable[int]) -> Iterator[Network]:
        if isinstance(numbers, list) and (simple := self._simple_networks4(numbers)) is not None:
            return simple
        network = self._order.network
        return (self._targets4(network(position), same) for position, same in groupby(numbers, key=position_of_number))

    def _targets4(self, network: int, records: Iterable[int]) -> Iterator[Target]:
        for port, host, scheme in distinct(map(span_of_number, records)):
            yield _target4(network, host, port, self._asked_by(scheme))

    def _other_targets(self, records: Iterable[str]) -> Iterator[Target]:
        for page, same in groupby(map(span_of_text, records), key=itemgetter(0)):
            for port, host, scheme in distinct(span for _, span in same):
                tls = self._asked_by(scheme)
                if isinstance(page, str):
                    yield Target(None, port, page, tls)
                else:
                    yield Target(str(IPv6Address(page << 8 | host)), port, None, tls)

    def _asked_by(self, scheme: int) -> bool | None:
        self.both_schemes += scheme == BOTH_SCHEMES
        return SCHEMES[scheme]

    def _simple_networks4(self, numbers: list[int]) -> Iterator[Network] | None:
        """The networks of a part that holds nothing but single addresses, each once on a port; None if there is more.

        So are nearly all parts of nearly all lists, and what is done to all records at once decides the speed.
        """
        packed = np.unique(np.array(numbers, np.uint64))
        ends, schemes = packed >> 2, packed & 3
        first, last = ends >> 8 & 0xFF, ends & 0xFF
        if (first != last).any() or (ends[1:] == ends[:-1]).any():
            return None
        positions = positions_of_numbers(packed)
        networks = self._order.networks(positions)
        columns = (networks >> 16, networks >> 8 & 0xFF, networks & 0xFF, last, ends >> 16 & 0xFFFF, schemes)
        targets = [
            Target(f"{_BYTES[one]}.{_BYTES[two]}.{_BYTES[three]}.{_BYTES[four]}", port, None, SCHEMES[scheme])
            for one, two, three, four, port, scheme in zip(*(column.tolist() for column in columns), strict=True)
        ]
        inner = (np.flatnonzero(positions[1:] != positions[:-1]) + 1).tolist()
        return (targets[start:end] for start, end in pairwise([0, *inner, len(targets)]) if start < end)


class _Mixer:
    """Lays the networks of a chunk over each other, each spread evenly over the whole chunk."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made = 0
        self._begin()

    def _begin(self) -> None:
        # Only random() is promised to give the same numbers in every version of Python, so nothing else is used.
        self._draw = random.Random(f"{self._seed} {self._made}").random  # noqa: S311  an order, no secret
        # Two lists and no pairs: the garbage collector would go through the pairs again and again.
        self._places: list[float] = []
        self._targets: list[Target] = []
        self.count = 0

    def lay(self, targets: list[Target]) -> None:
        """Take in a network."""
        draw = self._draw
        self.count += len(targets)
        if len(targets) == 1:  # as in most networks of a list of the whole Internet
            self._places.append(draw())
            self._targets += targets
            return
        step = 1 / len(targets)
        place = draw() * step
        self._targets += sorted(targets, key=lambda _: draw())
        for _ in targets:
            self._places.append(place)
            place += step

    def chunk(self) -> list[Target]:
        """What was taken in, mixed; the next chunk begins."""
        mixed = [self._targets[at] for at in np.argsort(self._places, kind="stable").tolist()]
        self._made += 1
        self._begin()
        return mixed


def _target4(network: int, host: int, port: int, tls: bool | None) -> Target:
    return Target(inet_ntoa((network << 8 | host).to_bytes(4, "big")), port, None, tls)
