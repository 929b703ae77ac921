"""Aphrodite: lists as vLLM does, under its own name, and tells that name also when it is locked.

Versions that guard the same paths as vLLM and no others cannot be told from a locked vLLM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import document, text
from census.kinds.signs import SERVICE_INFO, refused, server, software, version

_VERSION: Final = "/version"
_OWNERS: Final = ("aphrodite", "pygmalionai")


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.every(exchanges, _is_entry):
        return "every model is owned by Aphrodite or its makers"
    named = _looks_locked(exchanges) and software(exchanges).get("name") == "Aphrodite Engine"
    return "it says that it is Aphrodite" if named else None


def _is_entry(entry: Mapping[str, Any]) -> bool:
    return entry.get("owned_by") in _OWNERS and (openai_list.is_granted(entry) or "max_model_len" in entry)


def _looks_locked(exchanges: Exchanges) -> bool:
    """The key guards /v1 and /api, in vLLM's words; SGLang's guards everything."""
    asked = (exchanges.get(openai_list.PATH), exchanges.get("/api/tags"))
    return all(
        refused(exchange) and "uvicorn" in server(exchange) and document(exchange) == {"error": "Unauthorized"}
        for exchange in asked
    )


def _confirm(exchanges: Exchanges) -> Question | None:
    return next_get(exchanges, SERVICE_INFO) if _looks_locked(exchanges) else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, _VERSION, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    told = version(exchanges, _VERSION) or text(software(exchanges).get("version"), 64)
    return openai_list.reading(exchanges, openai_list.rooted, told)


KIND = Kind(
    name="Aphrodite",
    ports=(2242,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, SERVICE_INFO, _VERSION, CANARY_PATH)),
    tells="models, the context they are served with, version; whether it is locked by a key",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
