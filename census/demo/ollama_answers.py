"""What the simulated Ollamas answer: field by field what the release they have would send, and the decoys' slips."""

from __future__ import annotations

import json
import zlib
from typing import Any, Final

from census.demo.answer import Answer, Dialect
from census.demo.behaviour import Behaviour
from census.demo.catalogue import JINJA_TEXT, TEMPLATES
from census.demo.holdings import LIST_TELLS, SHOW_TELLS, THINKING, Held, Release, release_of, rules_of
from census.demo.population import Resident

_JSON: Final = "application/json; charset=utf-8"
_GIN_404: Final = "404 page not found"
_EXPIRES: Final = "2026-10-04T12:05:00.123456789Z"
_CREATED: Final = 1791115200
_EMBEDDING_LENGTH: Final = 4096

# The first release that has each path; the method it takes.
_ROUTES: Final[dict[str, tuple[str, Release]]] = {
    "/": ("GET", (0,)),
    "/api/tags": ("GET", (0,)),
    "/api/version": ("GET", (0, 1, 14)),
    "/api/ps": ("GET", (0, 1, 38)),
    "/api/show": ("POST", (0, 0, 18)),
    "/v1/models": ("GET", (0, 2, 0)),
}
_MODEL_INFO: Final[Release] = (0, 1, 45)
_TELLS_METHOD: Final[Release] = (0, 7, 0)  # before, a wrong method was a path not found
_PS_CONTEXT: Final[Release] = (0, 10, 0)


def answer(resident: Resident, method: str, path: str, body: bytes) -> Answer:
    """What a resident that claims to be an Ollama answers to one request."""
    route = _ROUTES.get(path)
    dialect = Dialect.UVICORN if resident.behaviour is Behaviour.SUSPECT_PYTHON else Dialect.GIN
    release = release_of(resident.version)
    if route is None or release < route[1]:
        return _no_path(resident)
    if method != route[0]:
        refusal = _text(405, "405 method not allowed") if release >= _TELLS_METHOD else _text(404, _GIN_404)
        return refusal.told_in(dialect)
    return _routed(resident, path, body).told_in(dialect)


def _no_path(resident: Resident) -> Answer:
    if resident.behaviour is Behaviour.DECOY_CANARY:
        return _text(200, "Ollama is running", "text/plain; charset=utf-8")
    if resident.behaviour is Behaviour.SUSPECT_PYTHON:
        return Answer(Dialect.UVICORN, 404, "application/json", b'{"detail":"Not Found"}')
    return _text(404, _GIN_404)


def _routed(resident: Resident, path: str, body: bytes) -> Answer:
    match path:
        case "/":
            return _text(200, "Ollama is running", "text/plain; charset=utf-8")
        case "/api/version":
            return _json({"version": resident.version})
        case "/api/tags":
            return _json({"models": [_listed(resident, held) for held in resident.models]})
        case "/api/ps":
            loaded = resident.models[: resident.running or 0]
            return _json({"models": [_loaded(resident, held) for held in loaded]})
        case "/v1/models":
            return _openai(resident)
    return _show(resident, body)


def _text(status: int, text: str, kind: str = "text/plain") -> Answer:
    return Answer(Dialect.GIN, status, kind, text.encode())


def _json(document: Any, status: int = 200) -> Answer:
    return Answer(Dialect.GIN, status, _JSON, go_json(document))


def go_json(document: Any) -> bytes:
    """A document as Go writes it: compact, in UTF-8, with what HTML might mistake for its own escaped."""
    written = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&":
        written = written.replace(letter, f"\\u{ord(letter):04x}")
    return written.encode()


def _details(held: Held, rules: Release, *, listed: bool) -> dict[str, Any]:
    entry = held.entry
    family = entry.architecture or ""
    details: dict[str, Any] = {
        "parent_model": "",
        "format": "" if entry.remote else "gguf",
        "family": family,
        "families": [family] if family else None,
        "parameter_size": "" if entry.remote else entry.parameters_text,
        "quantization_level": entry.quantization or "",
    }
    if listed and rules >= LIST_TELLS and not entry.remote:
        details |= {"context_length": entry.context, "embedding_length": _EMBEDDING_LENGTH}
    return details


def _modified(resident: Resident) -> str:
    """When its models were written: no two machines agree to the nanosecond, but those that are copies do."""
    machine = "" if resident.behaviour is Behaviour.SUSPECT_CLONE else resident.endpoint
    return f"2026-10-04T12:00:00.{zlib.crc32(machine.encode()) % 10**9:09}Z"


def _listed(resident: Resident, held: Held) -> dict[str, Any]:
    """One entry of the list."""
    entry = held.entry
    rules = rules_of(resident.behaviour, resident.version)
    told: dict[str, Any] = {"name": held.name, "model": held.name}
    if entry.remote:
        told |= {"remote_model": held.name.removesuffix("-cloud"), "remote_host": "https://ollama.com:443"}
    told |= {
        "modified_at": _modified(resident),
        "size": entry.size,
        "digest": held.digest,
        "details": _details(held, rules, listed=True),
    }
    if rules >= LIST_TELLS:
        told["capabilities"] = list(entry.capabilities(jinja=False, thinking=True))
    return told


def _loaded(resident: Resident, held: Held) -> dict[str, Any]:
    """One entry of the list of loaded models."""
    told = {
        "name": held.name,
        "model": held.name,
        "size": held.entry.size,
        "digest": held.digest,
        "details": _details(held, release_of(resident.version), listed=False),
        "expires_at": _EXPIRES,
        "size_vram": held.entry.size,
    }
    if release_of(resident.version) >= _PS_CONTEXT:
        told["context_length"] = min(held.entry.context, 4096)
    return told


def _openai(resident: Resident) -> Answer:
    """The list in OpenAI's protocol, which ends with a newline and is null when empty."""
    data = [
        {"id": held.name, "object": "model", "created": _CREATED, "owned_by": _owner(held.name)}
        for held in resident.models
    ]
    body = go_json({"object": "list", "data": data or None}) + b"\n"
    return Answer(Dialect.GIN, 200, "application/json", body)


def _owner(name: str) -> str:
    """The namespace of a name: who published it."""
    parts = name.split("/")
    return parts[-2] if len(parts) > 1 else "library"


def _show(resident: Resident, body: bytes) -> Answer:
    if not body:
        return _json({"error": "missing request body"}, 400)
    try:
        asked = json.loads(body)
    except ValueError as error:
        return _json({"error": str(error)}, 400)
    name = (asked.get("model") or asked.get("name")) if isinstance(asked, dict) else None
    if not isinstance(name, str) or not name:
        return _json({"error": "model is required"}, 400)
    full = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    found = next((held for held in resident.models if held.name == full), None)
    if found is None:
        return _json({"error": f"model '{full}' not found"}, 404)
    return _signed_out() if found.entry.remote else _shown(resident, found)


def _signed_out() -> Answer:
    """What asking about a cloud model leads to: the server asks its maker's, in its owner's name. Nobody should."""
    return _json({"error": "unauthorized", "signin_url": "https://ollama.com/connect?name=demo"}, 401)


def _shown(resident: Resident, held: Held) -> Answer:
    entry = held.entry
    rules = rules_of(resident.behaviour, resident.version)
    sees_jinja = rules >= LIST_TELLS and entry.template == "jinja"
    template = JINJA_TEXT if sees_jinja else TEMPLATES[entry.template]
    told: dict[str, Any] = {
        "modelfile": f'# Modelfile generated by "ollama show"\nFROM {held.name}\nTEMPLATE """{template}"""\n',
        "template": template,
        "details": _details(held, rules, listed=False),
    }
    if rules >= _MODEL_INFO:
        told["model_info"] = {
            "general.architecture": entry.architecture,
            "general.parameter_count": entry.parameters,
            f"{entry.architecture}.context_length": entry.context,
            f"{entry.architecture}.embedding_length": _EMBEDDING_LENGTH,
            "tokenizer.ggml.tokens": None,
        }
    if rules >= SHOW_TELLS:
        told["capabilities"] = list(entry.capabilities(jinja=sees_jinja, thinking=rules >= THINKING))[::-1]
    told["modified_at"] = _modified(resident)
    return Answer(Dialect.GIN, 200, _JSON, go_json(told), chunked=True)
