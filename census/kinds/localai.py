"""LocalAI: a bare list for OpenAI's clients, one for Ollama's, and one that tells what its models can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Model, Reading
from census.kinds import emulators, openai_list
from census.kinds.abilities import capabilities, told, tools_among
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import document, listing, named, words
from census.kinds.signs import refused, version

_VERSION: Final = "/version"
_DISCOVERY: Final = "/.well-known/localai.json"
_CAPABILITIES: Final = "/v1/models/capabilities"
_KEYS: Final = {"id", "object"}
_KEY_REQUIRED: Final = "An authentication key is required"
_TOLD: Final = re.compile(r"\S* \([0-9a-f]*\)")  # "v3.4.0 (0123abc)", and " ()" if it was built by hand
_REFUSAL: Final = {"error": {"code": 401, "message": _KEY_REQUIRED, "type": "invalid_request_error"}}


def _recognise(exchanges: Exchanges) -> str | None:
    if emulators.imitator(exchanges) == emulators.LOCALAI:
        return "LocalAI's entries at /api/tags"
    if any(_is_refusal(exchanges.get(path)) for path in (openai_list.PATH, emulators.TAGS)):
        return "LocalAI's 401"
    if _looks_locked(exchanges) and version(exchanges, _DISCOVERY) is not None:
        return "LocalAI's words, and what it tells openly"
    if _is_likely(exchanges) and _TOLD.fullmatch(version(exchanges, _VERSION) or ""):
        return "bare entries, and LocalAI's way to write a version"
    return None


def _is_refusal(exchange: Exchange | None) -> bool:
    return refused(exchange) and document(exchange) == _REFUSAL


def _looks_locked(exchanges: Exchanges) -> bool:
    """The words of a 401 that is written another way than by the version that was seen."""
    first = exchanges.get(openai_list.PATH)
    if first is None or not refused(first) or _KEY_REQUIRED not in first.text:
        return False
    return first.headers.get("www-authenticate", "").startswith("Bearer")


def _is_likely(exchanges: Exchanges) -> bool:
    return openai_list.every(exchanges, lambda entry: entry.keys() == _KEYS)


def _confirm(exchanges: Exchanges) -> Question | None:
    if _looks_locked(exchanges):
        return next_get(exchanges, _DISCOVERY)
    return next_get(exchanges, _VERSION) if _is_likely(exchanges) else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    if any(refused(exchanges.get(path)) for path in (openai_list.PATH, emulators.TAGS)):
        return next_get(exchanges, _DISCOVERY, CANARY_PATH)
    return next_get(exchanges, openai_list.PATH, _VERSION, _CAPABILITIES, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    able = _able(exchanges)

    def make(name: str, _entry: Mapping[str, Any]) -> Model:
        said = able.get(name)
        tools = told(tools_among(said), "localai", "model")
        return openai_list.model(name, capabilities=capabilities(said), **tools)

    return openai_list.reading(exchanges, make, version(exchanges, _VERSION) or version(exchanges, _DISCOVERY))


def _able(exchanges: Exchanges) -> dict[str, tuple[str, ...] | None]:
    """What each model can do in LocalAI's words, by name."""
    found = listing(exchanges.get(_CAPABILITIES), "data")
    entries, _ = named(found.entries if found is not None else (), "id")
    return {name: words(entry.get("capabilities")) for name, entry in entries.items()}


KIND = Kind(
    name="LocalAI",
    ports=(8080,),
    asks=tuple(
        ("GET", path) for path in (openai_list.PATH, *emulators.ASKED, _VERSION, _CAPABILITIES, _DISCOVERY, CANARY_PATH)
    ),
    tells="models with capabilities and tools; version; whether it is locked by a key",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
