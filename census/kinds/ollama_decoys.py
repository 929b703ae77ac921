"""The tells of tools that are known to pose as Ollama, one rule each; one that relays to a real server has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchange, Exchanges
from census.facts import Signal
from census.kinds.ollama_models import Entries, loaded
from census.kinds.reading import document, mapping
from census.kinds.signs import claimed, server

_TAGS: Final = "/api/tags"
_BAD_REQUEST: Final = 400
_NEW_YEAR: Final = "2024-01-01T00:00:00Z"
_MAGOO_NAMES: Final = frozenset({"llama2:latest", "mistral:latest"})
_MAGOO_DIGESTS: Final = ("sha256:a2af6cc3eb7f", "sha256:b2af6cc3")
_SIGHTEM_DIGEST: Final = "46e0c10c039e"
_RC_CHN_DIGESTS: Final = ("cc1091b0", "ea35dfe1", "38056bbc", "739e1b22")
# Keys of its own configuration, which it puts into the entries of the list as they are.
_PEDXYUYUKO_KEYS: Final = frozenset({"model_format", "model_family", "file_type", "layers"})
_SEVERAL: Final = 2


Mark = Callable[[Mapping[str, Any]], bool]  # what is looked for in a single entry


def known_by_marks(some: frozenset[Mark]) -> frozenset[Signal]:
    """The signal of each tool that a single entry gives away; `some` are the marks that any entry has, of `MARKS`."""
    return frozenset(signal for signal, mark in _MARKED if mark in some)


def known(exchanges: Exchanges, entries: Entries) -> set[Signal]:
    """The signal of each tool whose tells are in the list as a whole, and in other answers."""
    return {signal for signal, rule in _TOOLS if rule(exchanges, entries)}


def _begins(value: Any, *heads: str) -> bool:
    return isinstance(value, str) and value.startswith(heads)


def _magoo(exchanges: Exchanges, entries: Entries) -> bool:
    """Its two models, written at a new year, from the plain server of Python's library."""
    if entries.keys() != _MAGOO_NAMES or any(entry.get("modified_at") != _NEW_YEAR for entry in entries.values()):
        return False
    return "basehttp" in server(exchanges.get(_TAGS))


def _has_digest_of_magoo(entry: Mapping[str, Any]) -> bool:
    return _begins(entry.get("digest"), *_MAGOO_DIGESTS)


def _sightem(exchanges: Exchanges, entries: Entries) -> bool:
    """A release of June 2024 with one certain model of its next, written in April 2025."""
    return claimed(exchanges) == "0.1.43" and any(
        _begins(entry.get("digest"), _SIGHTEM_DIGEST) and _begins(entry.get("modified_at"), "2025-04-12")
        for entry in entries.values()
    )


def _rc_chn(exchanges: Exchanges, entries: Entries) -> bool:
    """Four real digests under one release, and besides one thing that a real server with them would not do."""
    if len(entries) != len(_RC_CHN_DIGESTS) or claimed(exchanges) != "0.6.2":
        return False
    digests = [str(entry.get("digest")) for entry in entries.values()]
    if not all(any(_begins(digest, head) for digest in digests) for head in _RC_CHN_DIGESTS):
        return False
    tags = exchanges.get(_TAGS)
    opened = tags is not None and tags.headers.get("access-control-allow-origin") == "*"
    return opened or entries.keys() <= loaded(exchanges).keys() or any(_denied(exchanges, name) for name in entries)


def _denied(exchanges: Exchanges, name: str) -> bool:
    """Show calls the name of a model invalid that the list has just given."""
    shown = exchanges.shown(name)
    denied = shown is not None and shown.status == _BAD_REQUEST
    return denied and mapping(document(shown)).get("error") == "invalid model name"


def _has_keys_of_pedxyuyuko(entry: Mapping[str, Any]) -> bool:
    return len(_PEDXYUYUKO_KEYS & entry.keys()) >= _SEVERAL


def _qqlzfmn(exchanges: Exchanges, entries: Entries) -> bool:
    """An empty list from Go's own library instead of gin: other types of content, and a newline more."""
    if entries:
        return False
    tags, canary = exchanges.get(_TAGS), exchanges.get(CANARY_PATH)
    if tags is None or canary is None or canary.body != b"404 page not found\n":
        return False
    return _type(tags) == "application/json" and _type(canary) == "text/plain; charset=utf-8"


def _type(exchange: Exchange) -> str:
    return exchange.headers.get("content-type", "").lower()


_MARKED: Final[tuple[tuple[Signal, Mark], ...]] = (
    (Signal.TOOL_MAGOO, _has_digest_of_magoo),
    (Signal.TOOL_PEDXYUYUKO, _has_keys_of_pedxyuyuko),
)
MARKS: Final = tuple(mark for _, mark in _MARKED)
_TOOLS: Final[tuple[tuple[Signal, Callable[[Exchanges, Entries], bool]], ...]] = (
    (Signal.TOOL_MAGOO, _magoo),
    (Signal.TOOL_SIGHTEM, _sightem),
    (Signal.TOOL_RC_CHN, _rc_chn),
    (Signal.TOOL_QQLZFMN, _qqlzfmn),
)
