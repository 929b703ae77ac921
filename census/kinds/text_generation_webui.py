"""text-generation-webui: a list that others could have written, and one path that only it has.

That path tells the loaded model's name, its adapters and its loader; of these only the loader is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Reading
from census.kinds import openai_list, openapi
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import answer, document, model_name, text
from census.kinds.signs import refused, server

_INFO: Final = "/v1/internal/model/info"
_KEYS: Final = {"id", "object", "created", "owned_by"}
_FORMATS: Final = {
    "llama.cpp": "gguf",
    "llamacpp_HF": "gguf",
    "ctransformers": "gguf",
    "ExLlamav2": "exl2",
    "ExLlamav2_HF": "exl2",
    "ExLlamav3": "exl3",
    "ExLlamav3_HF": "exl3",
}


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.every(exchanges, _is_entry):
        told = answer(exchanges.get(_INFO))
        return "its information about the loaded model" if {"model_name", "lora_names"} <= told.keys() else None
    silent = _looks_locked(exchanges) or openapi.may_tell(exchanges)
    return "a path that only it describes" if silent and openapi.serves(exchanges, _INFO) else None


def _is_entry(entry: Mapping[str, Any]) -> bool:
    return entry.keys() == _KEYS and entry["owned_by"] == "user" and entry["created"] == 0


def _looks_locked(exchanges: Exchanges) -> bool:
    first = exchanges.get(openai_list.PATH)
    return refused(first) and "uvicorn" in server(first) and document(first) == {"detail": "Unauthorized"}


def _confirm(exchanges: Exchanges) -> Question | None:
    if openai_list.every(exchanges, _is_entry):
        return next_get(exchanges, _INFO)
    silent = _looks_locked(exchanges) or openapi.may_tell(exchanges)
    return next_get(exchanges, openapi.PATH) if silent else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    told = answer(exchanges.get(_INFO))
    loaded = model_name(told.get("model_name"))
    loader = text(told.get("loader"), 64) or ""

    def make(name: str, _entry: Mapping[str, Any]) -> Model:
        return openai_list.model(name, format=_FORMATS.get(loader) if name == loaded else None)

    return openai_list.reading(exchanges, make)


KIND = Kind(
    name="text-generation-webui",
    ports=(5000,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, _INFO, openapi.PATH, CANARY_PATH)),
    tells="the loaded model and its format; whether it is locked by a key",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
