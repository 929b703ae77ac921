"""What the simulated servers that are made with FastAPI answer: a table of routes each, one 404 and one 405 for all."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Callable
from typing import Any, Final

from census.demo.answer import Answer, Dialect
from census.demo.behaviour import Behaviour
from census.demo.catalogue import Entry
from census.demo.population import Resident

_JSON: Final = "application/json"
_CREATED: Final = 1791115200
_LITELLM_CREATED: Final = 1677610602  # what LiteLLM says of every model

Reply = Callable[[Resident], Answer]


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """The routes of one server, all of them GET; paths that begin as `guarded` are answered with `refusal`."""

    dialect: Dialect
    routes: dict[str, Reply]
    guarded: tuple[str, ...] = ()
    refusal: Answer | None = None


def answer(resident: Resident, method: str, path: str, _body: bytes) -> Answer:
    """What a resident with a table of routes answers to one request."""
    table = TABLES[resident.behaviour]
    if table.refusal is not None and path.startswith(table.guarded):
        return table.refusal
    route = table.routes.get(path)
    if route is None:
        return _detail(table.dialect, 404, "Not Found")
    if method != "GET":
        return _detail(table.dialect, 405, "Method Not Allowed", "allow: GET")
    return route(resident).told_in(table.dialect)


def _detail(dialect: Dialect, status: int, text: str, *extra: str) -> Answer:
    return Answer(dialect, status, _JSON, _compact({"detail": text}), extra)


def _compact(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _ok(document: Any, *extra: str) -> Answer:
    return Answer(Dialect.UVICORN, 200, _JSON, _compact(document), extra)


def _list(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": entries}


def _vllm_models(resident: Resident) -> Answer:
    return _ok(_list([_vllm_model(held.entry) for held in resident.models]))


def _vllm_model(entry: Entry) -> dict[str, Any]:
    right = {
        "id": f"modelperm-{entry.digest[:32]}",
        "object": "model_permission",
        "created": _CREATED,
        "allow_create_engine": False,
        "allow_sampling": True,
        "allow_logprobs": True,
        "allow_search_indices": False,
        "allow_view": True,
        "allow_fine_tuning": False,
        "organization": "*",
        "group": None,
        "is_blocking": False,
    }
    return {
        "id": entry.name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "vllm",
        "root": entry.name,
        "parent": None,
        "max_model_len": entry.context,
        "permission": [right],
    }


def _version(resident: Resident) -> Answer:
    return _ok({"version": resident.version})


def _nothing(_resident: Resident) -> Answer:
    return Answer(Dialect.UVICORN, 200, None, b"")


def _litellm_models(resident: Resident) -> Answer:
    entries = [
        {"id": held.name, "object": "model", "created": _LITELLM_CREATED, "owned_by": "openai"}
        for held in resident.models
    ]
    return _ok({"data": entries, "object": "list"})


def _litellm_info(resident: Resident) -> Answer:
    return _ok({"data": [_litellm_model(held.entry) for held in resident.models]})


def _litellm_model(entry: Entry) -> dict[str, Any]:
    """With the address of a backend in it, which no scan may keep."""
    tools = None if entry.template == "?" else entry.go_tools
    return {
        "model_name": entry.name,
        "litellm_params": {"api_base": "http://10.1.2.3:8000/v1", "model": f"openai/{entry.name}"},
        "model_info": {
            "id": entry.digest,
            "mode": "chat",
            "max_input_tokens": entry.context,
            "supports_function_calling": tools,
        },
    }


def _alive(_resident: Resident) -> Answer:
    return _ok("I'm alive!")


def _ready(resident: Resident) -> Answer:
    return _ok({"status": "healthy", "db": "Not connected", "litellm_version": resident.version})


def _openai_models(resident: Resident) -> Answer:
    return _ok(_list([{"id": held.name, "object": "model", "owned_by": "system"} for held in resident.models]))


def _llama_cpp_python_models(resident: Resident) -> Answer:
    entries = [{"id": held.name, "object": "model", "owned_by": "me", "permissions": []} for held in resident.models]
    return _ok(_list(entries), "openai-processing-ms: 0", f"x-request-id: {uuid.uuid4().hex}")


def _openapi(resident: Resident) -> Answer:
    info = {"title": "🦙 llama.cpp Python API", "version": resident.version}
    return _ok({"openapi": "3.1.0", "info": info, "paths": {}})


_VLLM_OPEN: Final[dict[str, Reply]] = {"/version": _version, "/health": _nothing, "/ping": _nothing}
_LITELLM_OPEN: Final[dict[str, Reply]] = {"/health/liveliness": _alive, "/health/readiness": _ready}
_LITELLM_401: Final = {
    "error": {
        "message": "Authentication Error, No api key passed in.",
        "type": "auth_error",
        "param": "None",
        "code": "401",
    }
}

TABLES: Final[dict[Behaviour, Table]] = {
    Behaviour.VLLM: Table(Dialect.UVICORN, {"/v1/models": _vllm_models, **_VLLM_OPEN}),
    Behaviour.VLLM_LOCKED: Table(
        Dialect.UVICORN,
        _VLLM_OPEN,
        ("/v1",),
        Answer(Dialect.UVICORN_GUARD, 401, _JSON, _compact({"error": "Unauthorized"})),
    ),
    Behaviour.LITELLM: Table(
        Dialect.LITELLM,
        {"/v1/models": _litellm_models, "/models": _litellm_models, "/model/info": _litellm_info, **_LITELLM_OPEN},
    ),
    Behaviour.LITELLM_LOCKED: Table(
        Dialect.LITELLM,
        _LITELLM_OPEN,
        ("/v1/models", "/models", "/model/info"),
        Answer(Dialect.LITELLM, 401, _JSON, _compact(_LITELLM_401)),
    ),
    Behaviour.LLAMA_CPP_PYTHON: Table(
        Dialect.UVICORN, {"/v1/models": _llama_cpp_python_models, "/openapi.json": _openapi}
    ),
    Behaviour.OPENAI: Table(Dialect.UVICORN, {"/v1/models": _openai_models}),
}
