"""The one gate: whether an address or a name may be contacted under a scope and the opt-outs of the moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from census.facts import Outcome
from census.targets.addresses import BITS, IPV4, IPV6, Address, Network, canonical, exclusion, number
from census.targets.scope import Scope
from census.targets.special import SPECIAL

__all__ = ["Gate", "canonical"]

_Span = tuple[int, int]  # first and last address, as numbers


class Gate:
    """Says of each address and name whether it may be contacted; built once, asked millions of times.

    `opted_out` are addresses, networks and names beside those that the scope excludes; one that cannot be
    read raises ValueError, since an opt-out must not be lost in silence. A change of opt-outs is a new gate.
    """

    def __init__(self, scope: Scope, opted_out: Iterable[str] = ()) -> None:
        entries = [exclusion(entry) for entry in opted_out]
        excluded = [*scope.exclude, *(entry for entry in entries if not isinstance(entry, str))]
        self._hosts = scope.hosts
        self._names = scope.exclude_names | {entry for entry in entries if isinstance(entry, str)}
        self._tables = {version: _table(version, scope.networks, excluded) for version in (IPV4, IPV6)}

    def verdict(self, address: str | Address) -> Outcome | None:
        """None if the address may be contacted, else OPTED_OUT or OUT_OF_SCOPE. Raises ValueError for no address."""
        version, value = number(address)
        starts, verdicts = self._tables[version]
        return verdicts[bisect_right(starts, value) - 1]

    def verdict_name(self, name: str) -> Outcome | None:
        """The same for a name, whose addresses must pass `verdict` too; an opted-out name covers those below it."""
        name = name.lower().removesuffix(".")
        if any(parent in self._names for parent in _with_parents(name)):
            return Outcome.OPTED_OUT
        return None if name in self._hosts else Outcome.OUT_OF_SCOPE


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.partition(".")[2]


def _table(
    version: int, named: Iterable[Network], excluded: Iterable[Network]
) -> tuple[list[int], list[Outcome | None]]:
    """Where each stretch of one verdict starts, and the verdicts: the address space painted in three coats."""
    allowed = _allowed(version, named)
    refused = _merged(_spans(version, excluded))
    starts = sorted({0, *_edges(allowed, version), *_edges(refused, version)})
    verdicts = [
        Outcome.OPTED_OUT if _covers(refused, start) else None if _covers(allowed, start) else Outcome.OUT_OF_SCOPE
        for start in starts
    ]
    return starts, verdicts


def _allowed(version: int, named: Iterable[Network]) -> list[_Span]:
    """What the scope's networks open: special blocks only where a network inside them is named."""
    special = _merged(_spans(version, (block.network for block in SPECIAL)))
    opened: list[_Span] = []
    for span in _spans(version, named):
        opened.extend([span] if _covers(special, span[0], span[1]) else _without(span, special))
    return _merged(opened)


def _spans(version: int, networks: Iterable[Network]) -> Iterator[_Span]:
    return (
        (int(network.network_address), int(network.broadcast_address))
        for network in networks
        if network.version == version
    )


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    """The same addresses as sorted spans, none of which overlap."""
    merged: list[_Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _without(span: _Span, holes: list[_Span]) -> Iterator[_Span]:
    """What is left of a span when the sorted holes are cut out."""
    first, last = span
    for start, end in holes:
        if start > last:
            break
        if end >= first:
            if start > first:
                yield first, start - 1
            first = end + 1
    if first <= last:
        yield first, last


def _covers(spans: list[_Span], first: int, last: int | None = None) -> bool:
    """Whether one of the sorted spans holds `first`, and `last` with it."""
    index = bisect_right(spans, first, key=lambda span: span[0]) - 1
    return index >= 0 and spans[index][1] >= (first if last is None else last)


def _edges(spans: list[_Span], version: int) -> Iterator[int]:
    """Where the answer of `_covers` may change: the first address of each span and the one behind it."""
    for first, last in spans:
        yield first
        if last + 1 < 1 << BITS[version]:
            yield last + 1
