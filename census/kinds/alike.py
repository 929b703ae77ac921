"""Entries of Ollama's lists that many servers have: parsed once, and what is made of each kept for the next server.

The one door behind which speed costs clarity. Popular models stand in the lists of thousands of hosts, and their
entries differ in nothing but the instant at which they were written. So a list is cut into the bytes of its entries,
and an entry is known again by its bytes without that instant. What is unknown, or in any way unusual, is parsed as
ever; so this changes how long it takes to read an answer and never what is read.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from census.exchanges import parse_json

T = TypeVar("T")

_BEGIN: Final = b'{"models":['
_END: Final = b"]}"
_LIST: Final = 64 * 1024  # bytes of a list that is cut into entries
_ENTRIES: Final = 256  # of one list; longer ones are rare, and parsing them whole is less work
_LONGEST: Final = 4 * 1024  # bytes of an entry that is kept
# Bytes of all that are kept; parsed and read they take up to thirty times the room, usual ones ten times.
_KEPT: Final = 2 * 1024 * 1024
_MET: Final = 5_000  # entries of which it is remembered that they were met
_WRITTEN: Final = re.compile(rb'"modified_at":"([0-9TZ:.+-]{1,40})"')
_MARK: Final = secrets.token_hex(16)  # stands where the instant stood; no server can know it

_cut: Final = msgspec.json.Decoder(dict[str, list[msgspec.Raw]]).decode


class _Alike:
    """What entries have in common that differ in nothing but their instant, and what was made of it."""

    __slots__ = ("facts", "known")

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.known: dict[Callable[..., Any], Any] = {}


class Entry(dict[str, Any]):
    """An entry of a list as it was sent, which knows the others that are alike."""

    __slots__ = ("alike",)

    alike: _Alike


def _entry(alike: _Alike, written: str) -> Entry:
    """The entry that was written at this instant; as a function, for a constructor of its own takes twice as long."""
    entry = Entry(alike.facts)
    entry["modified_at"] = written
    entry.alike = alike
    return entry


class _Memory:
    """Entries by their bytes before and after the instant, bounded in bytes; when it is full it begins anew.

    Of what was met but once only the hash is remembered: most of the models that there are stand in one list.
    """

    def __init__(self) -> None:
        self._room = _KEPT
        self._known: dict[tuple[bytes, bytes], _Alike | None] = {}
        self._met: set[int] = set()

    def entry(self, raw: bytes) -> Any:
        """The parsed entry. Raises what `parse_json` raises."""
        found = _WRITTEN.search(raw) if len(raw) <= _LONGEST else None
        if found is None:
            return parse_json(raw)
        start, end = found.span(1)
        key = (raw[:start], raw[end:])
        if key in self._known:
            alike = self._known[key]
        else:
            alike = _common(key)
            if self._met_before(key):
                self._keep(key, alike)
        return parse_json(raw) if alike is None else _entry(alike, found[1].decode())

    def _met_before(self, key: tuple[bytes, bytes]) -> bool:
        short = hash(key)  # salted, so nobody can make two the same; and if they were, no more than room is lost
        if short in self._met:
            return True
        if len(self._met) >= _MET:
            self._met.clear()
        self._met.add(short)
        return False

    def _keep(self, key: tuple[bytes, bytes], alike: _Alike | None) -> None:
        size = len(key[0]) + len(key[1])
        if size > self._room:
            self._known.clear()
            self._room = _KEPT
        self._room -= size
        self._known[key] = alike


def _common(key: tuple[bytes, bytes]) -> _Alike | None:
    """What is between the bytes before and after an instant; None if that is not the entry's own `modified_at`.

    A string of other letters in its place leaves all else in the document as it is. So if the mark comes out as the
    value of that key, then it is the only thing that an instant there decides.
    """
    parsed = parse_json(_MARK.encode().join(key))
    if not isinstance(parsed, dict) or parsed.pop("modified_at", None) != _MARK:
        return None
    return _Alike(parsed)


_memory: Final = _Memory()


def parse(body: bytes) -> dict[str, Any] | None:
    """What `parse_json` gives for a body that is a list of models and nothing else, as Ollama writes it.

    None for any other body, also for one that is no JSON: `parse_json` is to be asked then.
    """
    if len(body) > _LIST or not body.startswith(_BEGIN):
        return None
    try:
        raws = [bytes(raw) for raw in _cut(body).get("models", ())]
        if len(raws) > _ENTRIES or _BEGIN + b",".join(raws) + _END != body:
            return None
        return {"models": [_memory.entry(raw) for raw in raws]}
    except (ValueError, RecursionError):
        return None


def of(entry: Mapping[str, Any], reader: Callable[[Mapping[str, Any]], T]) -> T:
    """What `reader` makes of an entry, kept for all that are alike: a function of a module, and blind to instants."""
    if not isinstance(entry, Entry):
        return reader(entry)
    known = entry.alike.known
    if reader not in known:
        known[reader] = reader(entry.alike.facts)
    made: T = known[reader]
    return made


def of_each(entries: Iterable[Mapping[str, Any]], reader: Callable[[Mapping[str, Any]], T]) -> list[T]:
    """What `reader` makes of each of several entries: as `of`, in one go."""
    return [
        entry.alike.known[reader] if type(entry) is Entry and reader in entry.alike.known else of(entry, reader)
        for entry in entries
    ]


def marks(
    entries: Iterable[Mapping[str, Any]], reader: Callable[[Mapping[str, Any]], frozenset[T]]
) -> tuple[frozenset[T], frozenset[T]]:
    """The marks that `reader` gives to any of the entries, and those that it gives to every one of them."""
    given = set(of_each(entries, reader))  # nearly always one set, which all have
    if len(given) == 1:
        (common,) = given
        return common, common
    return frozenset().union(*given), frozenset.intersection(*given) if given else frozenset()
