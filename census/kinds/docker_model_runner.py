"""Docker Model Runner: OpenAI's list below /engines and, in newer releases, at the usual path and as an Ollama's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Reading
from census.kinds import emulators, openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import SHORT_LIMIT, Listing, listing, mapping, number, text
from census.kinds.signs import version
from census.lineage.names import parse_count

ENGINES: Final = "/engines/v1/models"
_VERSION: Final = "/version"
_LISTS: Final = (openai_list.PATH, ENGINES)


def _recognise(exchanges: Exchanges) -> str | None:
    if any(_is_own(listing(exchanges.get(path), "data")) for path in _LISTS):
        return "every model is owned by docker"
    empty = listing(exchanges.get(ENGINES), "data")
    if empty is not None and not empty.misread and not empty.entries:
        return "an empty list at /engines/v1/models"
    imitated = emulators.imitator(exchanges) == emulators.DOCKER
    return "Docker Model Runner's version at /api/version" if imitated else None


def _is_own(found: Listing | None) -> bool:
    entries = found.entries if found is not None else ()
    return bool(entries) and all(entry.get("owned_by") == "docker" for entry in entries)


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    asked = any(listing(exchanges.get(path), "data") is not None for path in _LISTS)
    return next_get(exchanges, *(() if asked else _LISTS), _VERSION, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    path = next((path for path in _LISTS if listing(exchanges.get(path), "data") is not None), openai_list.PATH)
    return openai_list.reading(exchanges, _model, version(exchanges, _VERSION), path=path)


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    details = mapping(entry.get("dmr"))
    return openai_list.model(
        name,
        architecture=text(details.get("architecture"), SHORT_LIMIT),
        parameters=parse_count(details.get("parameters")),
        quantization=text(details.get("quantization"), SHORT_LIMIT),
        context_length=number(details.get("context_window"), 1),
    )


KIND = Kind(
    name="Docker Model Runner",
    ports=(12434,),
    asks=tuple(("GET", path) for path in (*_LISTS, *emulators.ASKED, _VERSION, CANARY_PATH)),
    tells="models with parameters and quantization; version",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
