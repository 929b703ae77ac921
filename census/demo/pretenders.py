"""What the simulated tools answer that pose as an Ollama: as those do that are known, with their slips."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final

from census.demo import ollama_answers
from census.demo.answer import Answer, Dialect
from census.demo.population import Resident

_JSON: Final = "application/json"
_NEW_YEAR: Final = "2024-01-01T00:00:00Z"
_CORS: Final = "Access-Control-Allow-Origin: *"


def magoo(resident: Resident, method: str, path: str, _body: bytes) -> Answer:
    """A list without `model`, no version, the same details for any name, and content with any other POST."""
    details = {"format": "gguf", "family": "llama", "parameter_size": "7B", "quantization_level": "Q4_0"}
    if method == "POST":
        shown = {"modelfile": "FROM llama2", "parameters": "", "template": "{{ .Prompt }}", "details": details}
        return _python(200, shown if path == "/api/show" else {"status": "ok"})
    if path != "/api/tags":
        return _python(404, {"error": "not found"})
    listed = [
        {
            "name": held.name,
            "modified_at": _NEW_YEAR,
            "size": held.entry.size,
            "digest": held.digest,
            "details": details,
        }
        for held in resident.models
    ]
    return _python(200, {"models": listed})


def _python(status: int, document: Any) -> Answer:
    return Answer(Dialect.PYTHON, status, _JSON, json.dumps(document).encode())


def rc_chn(resident: Resident, method: str, path: str, body: bytes) -> Answer:
    """An Ollama made with gin as the real one is, but open to every web page and without details of anything."""
    if (method, path) == ("POST", "/api/show"):
        refusal = ollama_answers.go_json({"error": "invalid model name"})
        return Answer(Dialect.GIN, 400, f"{_JSON}; charset=utf-8", refusal, (_CORS,))
    told = ollama_answers.answer(resident, method, path, body)
    return dataclasses.replace(told, extra=(_CORS,))
