"""Whatever speaks OpenAI's protocol and has no better sign: it takes a readable list at once and gives way later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import answer, model_name, number, text
from census.kinds.specific import SPECIFIC

_TAGS: Final = "/api/tags"
# What other kinds may want to know before they take such a list for theirs.
_DOUBTS: Final = (
    "/health/liveliness",
    "/version",
    "/api/v1/models",
    "/api/v0/models",
    "/v1/cluster/auth",
    "/openapi.json",
    "/info",
    "/v1/internal/model/info",
    "/v1/metadata",
)
_NUMBERS: Final = ("created", "context_length", "max_model_len")


def _recognise(exchanges: Exchanges) -> str | None:
    listed = openai_list.found(exchanges)
    if listed is None or listed.misread or any(kind.recognise(exchanges) for kind in SPECIFIC):
        return None
    framed = answer(exchanges.get(openai_list.PATH)).get("object") == "list"
    told = any(_is_entry(entry, framed=framed) for entry in listed.entries)
    return "a model list at /v1/models" if told or (framed and not listed.entries) else None


def _is_entry(entry: Mapping[str, Any], *, framed: bool) -> bool:
    """More than an id: "models" are also cars and fashion, whose lists have ids, frames and owners too."""
    if model_name(entry.get("id")) is None:
        return False
    if entry.get("object") is not None:
        return bool(entry["object"] == "model")
    numbered = any(number(entry.get(key)) is not None for key in _NUMBERS)
    return numbered or (framed and text(entry.get("owned_by")) is not None)


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    """First what would show a better kind behind such a list, then the canary."""
    if _may_be_ollama(exchanges) and exchanges.get(_TAGS) is None:
        return Question("GET", _TAGS)
    doubts = (kind.confirm(exchanges) for kind in SPECIFIC)
    return next(filter(None, doubts), None) or next_get(exchanges, CANARY_PATH)


def _may_be_ollama(exchanges: Exchanges) -> bool:
    """Ollama's names carry a tag, and those of its library an owner; with no models it lists none here either.

    One odd name among them must not decide, or the same server would be another kind on another port.
    """
    entries = openai_list.entries(exchanges)
    return not entries or any(map(_is_ollamas, entries))


def _is_ollamas(entry: Mapping[str, Any]) -> bool:
    return ":" in (text(entry.get("id")) or "").rpartition("/")[2] or entry.get("owned_by") == "library"


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    return openai_list.model(
        name,
        context_length=number(entry.get("context_length"), 1),
        context_served=number(entry.get("max_model_len"), 1),
    )


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, _model)


KIND = Kind(
    name="OpenAI-compatible",
    ports=(),
    asks=tuple(("GET", path) for path in (openai_list.PATH, _TAGS, *_DOUBTS, CANARY_PATH)),
    tells="models, and their contexts where the list has them",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
