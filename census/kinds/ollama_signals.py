"""What an Ollama never does: the signs that something only pretends to be one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from census.facts import CANARY_PATH, Exchange, Exchanges, Signal
from census.kinds.ollama_epochs import LIST_TELLS, SHOW_TELLS, Release
from census.kinds.ollama_models import Entries, is_remote
from census.kinds.reading import mapping, text
from census.kinds.signs import by_python, catch_all, server

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NOT_FOUND: Final = 404
_MODEL_TOLD: Final[Release] = (0, 2, 0)  # `model` beside `name` came with 0.1.21; some releases of slack
_SURE: Final = 2  # local models that must all lack a field: one alone may have a broken file


def signals(
    exchanges: Exchanges, entries: Entries, shows: list[dict[str, Any]], release: Release | None
) -> frozenset[Signal]:
    """All signs that fire; `release` is what the version claims, None if it claims none that can be held to."""
    found = {sign for sign, rule in _OF_ANSWERS if rule(exchanges)}
    if any("digest" in entry and not _is_digest(entry["digest"]) for entry in entries.values()):
        found.add(Signal.DIGEST)
    if release is not None:
        found.update(_of_version(entries, shows, release))
    return catch_all(exchanges) | found


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _of_version(entries: Entries, shows: list[dict[str, Any]], release: Release) -> Iterator[Signal]:
    in_list = any("capabilities" in entry for entry in entries.values())
    in_show = any("capabilities" in show for show in shows)
    if (in_list and release < LIST_TELLS) or (in_show and release < SHOW_TELLS):
        yield Signal.FIELD_TOO_NEW
    if _lacks_field(entries, shows, release):
        yield Signal.FIELD_MISSING


def _lacks_field(entries: Entries, shows: list[dict[str, Any]], release: Release) -> bool:
    """Only what no real server of that release leaves out, even with a broken model file among its own."""
    if entries and release >= _MODEL_TOLD and not any("model" in entry for entry in entries.values()):
        return True
    if release > SHOW_TELLS and any(_lacks_capabilities(show) for show in shows):
        return True
    if any("capabilities" in entry for entry in entries.values()):
        return False
    local = [entry for name, entry in entries.items() if not is_remote(name, entry)]
    # Not 0.30.0 itself, whose release candidates may have been made before the field.
    return release > LIST_TELLS and len(local) >= _SURE and all(map(_is_gguf, local))


def _is_gguf(entry: Mapping[str, Any]) -> bool:
    return mapping(entry.get("details")).get("format") == "gguf"


def _lacks_capabilities(show: Mapping[str, Any]) -> bool:
    """Of a GGUF that the server could read it always says at least completion or embedding."""
    read = text(mapping(show.get("model_info")).get("general.architecture")) is not None
    return read and _is_gguf(show) and "capabilities" not in show


def _has_python_server(exchanges: Exchanges) -> bool:
    return any(by_python(exchange) for exchange in exchanges)


def _has_other_404(exchanges: Exchanges) -> bool:
    """A 404 in other words than Ollama's, unless a proxy says that it stands in front and may have written it."""
    canary = exchanges.get(CANARY_PATH)
    if canary is None or canary.status != _NOT_FOUND or _is_proxied(canary):
        return False
    # Without the newline that Go's own 404 has: a router in Go with rules for /api only answers that one.
    return canary.body.strip() != b"404 page not found"


def _is_proxied(exchange: Exchange) -> bool:
    return "via" in exchange.headers or (bool(server(exchange)) and not by_python(exchange))


_OF_ANSWERS: Final[tuple[tuple[Signal, Callable[[Exchanges], bool]], ...]] = (
    (Signal.SERVER_HEADER, _has_python_server),
    (Signal.NOT_FOUND_SHAPE, _has_other_404),
)
