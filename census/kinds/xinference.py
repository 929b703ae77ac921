"""Xinference: every entry of its list is a model that runs, with its abilities, context and quantization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Outcome, Reading
from census.kinds import openai_list, openapi
from census.kinds.abilities import capabilities, told, tools_among
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import SHORT_LIMIT, document, number, text, words
from census.kinds.signs import refused, version

_AUTH: Final = "/v1/cluster/auth"
_VERSION: Final = "/v1/cluster/version"
_REFUSAL: Final = {"detail": "Could not validate credentials"}  # FastAPI's documentation has the same words
_NO_TOKEN: Final = {"detail": "Not authenticated"}  # FastAPI itself says so
_BILLION: Final = 10**9
_UNTOLD: Final = frozenset({"none"})


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.every(exchanges, lambda entry: entry.get("owned_by") == "xinference"):
        return "every model is owned by xinference"
    if _looks_locked(exchanges) and _tells_of_keys(exchanges):
        return "Xinference's answer at /v1/cluster/auth"
    own = openapi.may_tell(exchanges) and openapi.serves(exchanges, _AUTH)
    return "an empty list, and a path that only it describes" if own else None


def _tells_of_keys(exchanges: Exchanges) -> bool:
    said = exchanges.ok(_AUTH)
    return isinstance(said, dict) and said.keys() == {"auth"} and said["auth"] is True


def _looks_locked(exchanges: Exchanges) -> bool:
    """With a token that it does not accept, or without one: then others guard all their paths, it has no /api/tags."""
    first = exchanges.get(openai_list.PATH)
    said = document(first)
    silent = said == _NO_TOKEN and not refused(exchanges.get("/api/tags"))
    return refused(first) and (silent or said == _REFUSAL)


def _confirm(exchanges: Exchanges) -> Question | None:
    if _looks_locked(exchanges):
        return next_get(exchanges, _AUTH)
    return next_get(exchanges, openapi.PATH) if openapi.may_tell(exchanges) else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, _VERSION, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    reading = openai_list.reading(exchanges, _model, version(exchanges, _VERSION))
    listed = reading.outcome in (Outcome.SERVED, Outcome.EMPTY)
    return msgspec.structs.replace(reading, running=len(reading.models)) if listed else reading


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    abilities = words(entry.get("model_ability"))
    quantization = text(entry.get("quantization"), SHORT_LIMIT)
    return openai_list.model(
        name,
        format=text(entry.get("model_format"), SHORT_LIMIT),
        parameters=_parameters(entry.get("model_size_in_billions")),
        quantization=None if quantization in _UNTOLD else quantization,
        context_length=number(entry.get("context_length"), 1),
        capabilities=_abilities(entry, abilities),
        **told(tools_among(abilities), "model_ability", "model"),
    )


def _abilities(entry: Mapping[str, Any], listed: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """What is listed; models that are no language models may list nothing, and tell their type."""
    kind = (text(entry.get("model_type"), SHORT_LIMIT) or "").lower()
    if kind in ("", "llm"):
        return capabilities(listed)
    return capabilities((kind, *(listed or ())))


def _parameters(billions: Any) -> int | None:
    """A number of billions; with a fraction it is a text: "1_8" is 1.8."""
    try:
        count = float(str(billions).replace("_", ".")[:SHORT_LIMIT]) * _BILLION
        return number(round(count), 1)
    except (ValueError, OverflowError):
        return None


KIND = Kind(
    name="Xinference",
    ports=(9997,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, _AUTH, openapi.PATH, _VERSION, CANARY_PATH)),
    tells="running models with quantization, parameters, context, capabilities, tools; version; whether it is locked",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
