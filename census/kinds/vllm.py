"""vLLM: its list says so; the launch flags that decide about tool calling are not shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from census.facts import CANARY_PATH, Exchanges, Model, Question, Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import document, model_name, number, records, text
from census.kinds.signs import refused, server, version
from census.lineage.names import parameters_of, quantization_of

_VERSION = "/version"


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.every(exchanges, _is_entry):
        return "every model is owned by vllm"
    if _looks_locked(exchanges) and _tells_only_version(exchanges):
        return "vLLM's 401, and its version"
    return None


def _is_entry(entry: Mapping[str, Any]) -> bool:
    rights = records(entry.get("permission"), 1)
    granted = bool(rights) and (text(rights[0].get("id")) or "").startswith("modelperm-")
    return entry.get("owned_by") == "vllm" and (granted or "max_model_len" in entry)


def _looks_locked(exchanges: Exchanges) -> bool:
    """The key guards /v1 only: a server that refuses other paths too is another one with the same words."""
    first = exchanges.get(openai_list.PATH)
    return (
        refused(first)
        and "uvicorn" in server(first)
        and document(first) == {"error": "Unauthorized"}
        and not refused(exchanges.get("/api/tags"))
    )


def _tells_only_version(exchanges: Exchanges) -> bool:
    told = exchanges.ok(_VERSION)
    return isinstance(told, dict) and set(told) == {"version"} and isinstance(told["version"], str)


def _confirm(exchanges: Exchanges) -> Question | None:
    return next_get(exchanges, _VERSION) if _looks_locked(exchanges) else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, _VERSION, CANARY_PATH)


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    # An alias tells nothing; `root` is the folder or the repository that the model was loaded from.
    root = model_name(entry.get("root")) or name
    return openai_list.model(
        name,
        parameters=parameters_of(name) or parameters_of(root),
        quantization=quantization_of(name) or quantization_of(root),
        context_served=number(entry.get("max_model_len"), 1),
    )


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, _model, version(exchanges, _VERSION))


KIND = Kind(
    name="vLLM",
    ports=(8000,),
    asks=(("GET", openai_list.PATH), ("GET", _VERSION), ("GET", CANARY_PATH)),
    tells="models, the context they are served with, version; whether it is locked by a key",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
