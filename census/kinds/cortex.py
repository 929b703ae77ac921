"""Cortex: a list with a result of its own, of what it holds, of what others serve for it and of what it could load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import answer, document, number, text
from census.kinds.signs import refused, server

_GGUF: Final = ("llama-cpp", "cortex.llamacpp")


def _recognise(exchanges: Exchanges) -> str | None:
    listed = openai_list.found(exchanges)
    first = exchanges.get(openai_list.PATH)
    if listed is not None:
        own = answer(first).get("result") == "OK" and all(map(_is_entry, listed.entries))
        return "a list with a result" if own and not listed.misread else None
    locked = refused(first) and server(first).startswith("drogon") and document(first) == {"message": "Invalid API Key"}
    return "Cortex's 401" if locked else None


def _is_entry(entry: Mapping[str, Any]) -> bool:
    return text(entry.get("engine")) is not None and entry.get("model") == entry.get("id")


def _is_held(entry: Mapping[str, Any]) -> bool:
    """Not what it could download but does not have."""
    return entry.get("status") != "downloadable"


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    return openai_list.model(
        name,
        size=number(entry.get("size"), 1),
        format="gguf" if entry.get("engine") in _GGUF else None,
        context_served=number(entry.get("ctx_len"), 1),
        remote="inference_params" in entry,  # which only models of another provider have
    )


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, _model, keep=_is_held)


KIND = Kind(
    name="Cortex",
    ports=(39281,),
    asks=(("GET", openai_list.PATH), ("GET", CANARY_PATH)),
    tells="models with size, format, the context they are served with, those of other providers; whether it is locked",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
