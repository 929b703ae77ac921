"""The one gate: whether an address or a name may be contacted under a scope and the opt-outs of the moment."""

from __future__ import annotations

import enum
import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from census.facts import Outcome
from census.targets.addresses import BITS, IPV4, IPV6, Address, Network, canonical, exclusion, number
from census.targets.scope import Scope
from census.targets.special import SPECIAL

__all__ = ["Gate", "Reason", "canonical"]

_RECENT = 1024  # addresses whose verdict is kept: while one is asked, it is judged ten times

_Span = tuple[int, int]  # first and last address, as numbers


class Reason(enum.Enum):
    """Why a target may not be contacted: what a person is told, and the outcome that it makes."""

    SCOPE = ("scope_exclude", "excluded in the scope file", Outcome.OPTED_OUT)
    FILE = ("exclude_files", "excluded in its exclude_files", Outcome.OPTED_OUT)
    DATABASE = ("database", "on the database's opt-out list", Outcome.OPTED_OUT)
    SPECIAL = ("special_purpose", "in a special-purpose network that the scope does not name", Outcome.OUT_OF_SCOPE)
    OUTSIDE = ("outside", "in no network of the scope, or a name that is none of its hosts", Outcome.OUT_OF_SCOPE)
    PORT = ("port", "on a port that the scope does not name", Outcome.OUT_OF_SCOPE)

    def __init__(self, word: str, sentence: str, outcome: Outcome) -> None:
        self.word = word
        self.sentence = sentence
        self.outcome = outcome


class Gate:
    """Says of each address and name whether it may be contacted; built once, asked millions of times.

    `opted_out` are addresses, networks and names beside those that the scope excludes; one that cannot be
    read raises ValueError, since an opt-out must not be lost in silence. A change of opt-outs is a new gate.
    """

    def __init__(self, scope: Scope, opted_out: Iterable[str] = ()) -> None:
        entries = [exclusion(entry) for entry in opted_out]
        excluded = {
            Reason.SCOPE: scope.exclude,
            Reason.FILE: scope.exclude_from_files,
            Reason.DATABASE: tuple(entry for entry in entries if not isinstance(entry, str)),
        }
        self._hosts = scope.hosts
        # The other way round than painting: of several sources of one name, the scope file is told.
        self._names = dict.fromkeys((entry for entry in entries if isinstance(entry, str)), Reason.DATABASE)
        self._names |= dict.fromkeys(scope.exclude_names_from_files, Reason.FILE)
        self._names |= dict.fromkeys(scope.exclude_names, Reason.SCOPE)
        self._recent = functools.lru_cache(maxsize=_RECENT)(self._outcome)
        self._tables = {version: _table(version, scope.networks, excluded) for version in (IPV4, IPV6)}

    def reason(self, address: str | Address) -> Reason | None:
        """Why the address may not be contacted, None if it may. Raises ValueError for no address."""
        version, value = number(address)
        starts, reasons = self._tables[version]
        return reasons[bisect_right(starts, value) - 1]

    def reason_name(self, name: str) -> Reason | None:
        """The same for a name, whose addresses must pass `reason` too; an opted-out name covers those below it."""
        name = name.lower().removesuffix(".")
        for parent in _with_parents(name):
            if parent in self._names:
                return self._names[parent]
        return None if name in self._hosts else Reason.OUTSIDE

    def verdict(self, address: str | Address) -> Outcome | None:
        """None if the address may be contacted, else OPTED_OUT or OUT_OF_SCOPE. Raises ValueError for no address."""
        return self._recent(address)

    def _outcome(self, address: str | Address) -> Outcome | None:
        reason = self.reason(address)
        return None if reason is None else reason.outcome

    def verdict_name(self, name: str) -> Outcome | None:
        """The same for a name."""
        reason = self.reason_name(name)
        return None if reason is None else reason.outcome

    def opted_out(self, name: str | None, address: str | None) -> bool:
        """Whether a target with this name and address, each None where it has none, asked to be left alone."""
        named = name is not None and self.verdict_name(name) is Outcome.OPTED_OUT
        return named or (address is not None and self._recent(address) is Outcome.OPTED_OUT)


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.partition(".")[2]


def _table(
    version: int, named: Iterable[Network], excluded: dict[Reason, tuple[Network, ...]]
) -> tuple[list[int], list[Reason | None]]:
    """Where each stretch of one reason starts, and the reasons: the address space painted coat by coat.

    The last coat covers; `excluded` is painted from its end, so that of several sources the first is told.
    """
    named = list(named)
    coats: list[tuple[Reason | None, list[_Span]]] = [
        (Reason.SPECIAL, _merged(_spans(version, named))),  # named, and not allowed all the same
        (None, _allowed(version, named)),
        *((reason, _merged(_spans(version, networks))) for reason, networks in reversed(excluded.items())),
    ]
    starts = sorted({0, *(edge for _, spans in coats for edge in _edges(spans, version))})
    reasons: list[Reason | None] = [Reason.OUTSIDE] * len(starts)
    for reason, spans in coats:
        for first, last in spans:
            stretch = slice(bisect_left(starts, first), bisect_left(starts, last + 1))
            reasons[stretch] = [reason] * (stretch.stop - stretch.start)
    return starts, reasons


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
