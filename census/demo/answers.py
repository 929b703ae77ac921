"""What the other simulated servers answer, and which server answers for which behaviour."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from census.demo import fastapi_answers, ollama_answers, pretenders
from census.demo.answer import Answer, Dialect
from census.demo.behaviour import Behaviour
from census.demo.catalogue import JINJA_TEXT, TEMPLATES, Entry
from census.demo.population import Resident

_JSON: Final = "application/json"
_HTTPLIB_JSON: Final = "application/json; charset=utf-8"
_CREATED: Final = 1791115200
_MLX_CREATED: Final = 1791115201
_CONTEXT_SERVED: Final = 8192


def answer(resident: Resident, method: str, path: str, body: bytes) -> Answer:
    """What a resident that speaks HTTP answers to one request; `path` is without its query."""
    return _ANSWERS.get(resident.behaviour, ollama_answers.answer)(resident, method, path, body)


def _compact(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


# --- llama.cpp's server ---


def _llama_cpp(resident: Resident, method: str, path: str, _body: bytes) -> Answer:
    if path in ("/health", "/v1/health"):
        return _httplib(200, {"status": "ok"})
    if resident.behaviour is Behaviour.LLAMA_CPP_LOCKED and path != "/":
        refusal = {"message": "Invalid API Key", "type": "authentication_error", "code": 401}
        return _httplib(401, {"error": refusal})
    held = resident.models[0].entry if resident.models else None
    if held is not None and method == "GET" and path in ("/v1/models", "/models"):
        return _httplib(200, _llama_cpp_models(held))
    if held is not None and method == "GET" and path == "/props":
        return _httplib(200, _props(held, resident.version))
    return _httplib(404, {"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}})


def _httplib(status: int, document: Any) -> Answer:
    return Answer(Dialect.HTTPLIB, status, _HTTPLIB_JSON, _compact(document))


def _ftype(quantization: str | None) -> str:
    """A quantization in llama.cpp's own words: Q4_K_M is "Q4_K - Medium"."""
    base, _, size = (quantization or "").rpartition("_")
    sizes = {"S": "Small", "M": "Medium", "L": "Large"}
    return f"{base} - {sizes[size]}" if size in sizes else quantization or ""


def _llama_cpp_models(entry: Entry) -> dict[str, Any]:
    shim = {
        "name": entry.name,
        "model": entry.name,
        **dict.fromkeys(("modified_at", "size", "digest"), ""),
        "type": "model",
        "description": "",
        "tags": [""],
        "capabilities": ["completion"],
        "parameters": "",
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "",
            "families": [""],
            "parameter_size": "",
            "quantization_level": "",
        },
    }
    meta = {
        "vocab_type": 2,
        "n_vocab": 151936,
        "n_ctx": _CONTEXT_SERVED,
        "n_ctx_train": entry.context,
        "n_embd": 3584,
        "n_params": entry.parameters,
        "size": entry.size,
        "ftype": _ftype(entry.quantization),
    }
    own = {
        "id": entry.name,
        "aliases": [entry.name],
        "tags": [],
        "object": "model",
        "created": _CREATED,
        "owned_by": "llamacpp",
    }
    return {"models": [shim], "object": "list", "data": [{**own, "meta": meta}]}


def _props(entry: Entry, version: str | None) -> dict[str, Any]:
    tools = entry.template == "jinja"
    return {
        "default_generation_settings": {"params": {"temperature": 0.8}, "n_ctx": _CONTEXT_SERVED},
        "total_slots": 1,
        "model_alias": entry.name,
        "model_ftype": _ftype(entry.quantization),
        "model_path": f"/home/somebody/models/{entry.name}",
        "modalities": {"vision": False, "audio": False},
        "chat_template": JINJA_TEXT if tools else TEMPLATES["embed"],
        "chat_template_caps": {
            "supports_system_role": True,
            "supports_tool_calls": tools,
            "supports_tools": tools,
        },
        "build_info": version,
        "is_sleeping": False,
    }


# --- the others ---


def _mlx_lm(resident: Resident, method: str, path: str, _body: bytes) -> Answer:
    if method == "GET" and path.startswith("/v1/models"):
        entries = [{"id": held.name, "object": "model", "created": _MLX_CREATED} for held in resident.models]
        return Answer(Dialect.PYTHON, 200, _JSON, json.dumps({"object": "list", "data": entries}).encode())
    if method == "GET" and path == "/health":
        return Answer(Dialect.PYTHON, 200, _JSON, json.dumps({"status": "ok"}).encode())
    return Answer(Dialect.PYTHON, 404, _JSON, b"Not Found")


def _nginx(resident: Resident, _method: str, _path: str, _body: bytes) -> Answer:
    """The same for every path: a page, that there is none, or that a password is wanted."""
    status, title = {
        Behaviour.NGINX_PAGE: (200, "Welcome home"),
        Behaviour.NGINX_404: (404, "404 Not Found"),
        Behaviour.NGINX_LOCKED: (401, "401 Authorization Required"),
    }[resident.behaviour]
    wants = ('WWW-Authenticate: Basic realm="Restricted"',) if resident.behaviour is Behaviour.NGINX_LOCKED else ()
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<h1>{title}</h1>\r\n</body>\r\n</html>\r\n"
    return Answer(Dialect.NGINX, status, "text/html", page.encode(), wants)


def _misread(resident: Resident, _method: str, path: str, _body: bytes) -> Answer:
    """An Ollama's list that cannot be read, and nothing else."""
    if path != "/api/tags":
        return Answer(Dialect.GIN, 404, "text/plain", b"404 page not found")
    listed = b'{"models":"x"}' if resident.behaviour is Behaviour.NO_LIST else b'{"models":[{"name":"llama3.2:3b","mo'
    return Answer(Dialect.GIN, 200, _HTTPLIB_JSON, listed)


_ANSWERS: Final[dict[Behaviour, Callable[[Resident, str, str, bytes], Answer]]] = {
    **dict.fromkeys(fastapi_answers.TABLES, fastapi_answers.answer),
    Behaviour.LLAMA_CPP: _llama_cpp,
    Behaviour.LLAMA_CPP_LOCKED: _llama_cpp,
    Behaviour.MLX_LM: _mlx_lm,
    Behaviour.DECOY_MAGOO: pretenders.magoo,
    Behaviour.DECOY_RC_CHN: pretenders.rc_chn,
    Behaviour.NGINX_PAGE: _nginx,
    Behaviour.NGINX_404: _nginx,
    Behaviour.NGINX_LOCKED: _nginx,
    Behaviour.BROKEN_JSON: _misread,
    Behaviour.NO_LIST: _misread,
}
