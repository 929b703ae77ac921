"""An Ollama in memory, healthy but for what a test replaces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from census.exchanges import CANARY_PATH, Exchange, Question
from census.kinds.ollama_epochs import release_of
from tests.kinds.course import Course, drive

HEX = "0123456789abcdef" * 4
GIN = {"content-type": "application/json; charset=utf-8"}
Rule = Callable[[Question], Exchange | None]


def tag(name: str, digest: Any = None, **more: Any) -> dict[str, Any]:
    details = {"format": "gguf", "family": "qwen2", "parameter_size": "7.6B", "quantization_level": "Q4_K_M"}
    digest = digest if digest is not None else (name.encode().hex() + HEX)[:64]
    return {"name": name, "model": name, "size": 7, "digest": digest, "details": details, **more}


def reply(question: Question, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(question, status, GIN if headers is None else headers, raw)


def server(models: Iterable[Any], claimed: Any = "0.6.8", **answers: Any) -> Callable[[Question], Exchange]:
    """An Ollama; `answers` replaces what it says: a body, or a whole exchange's rule.

    They are named tags, version, ps, canary, show, method (a GET of show) and made_up (show of what it does not list).
    """
    models = list(models)
    listed = {entry.get("name") for entry in models if isinstance(entry, dict)}
    names = {"/api/tags": "tags", "/api/version": "version", "/api/ps": "ps", CANARY_PATH: "canary"}
    release = release_of(claimed if isinstance(claimed, str) else None) or (0, 0, 0)
    said: dict[str, Any] = {
        "tags": {"models": models},
        "version": {"version": claimed},
        "ps": {"models": []},
        "show": {"template": "{{ .Tools }}", "capabilities": ["completion"]},
        "method": _wrong_method if release >= (0, 7, 0) else _not_found,
        "made_up": lambda question: reply(question, {"error": f"model '{question.model}:latest' not found"}, 404),
        **answers,
    }

    def answer(question: Question) -> Exchange:
        name = names.get(question.label, "none")
        if question.label == "/api/show":
            name = "method" if question.method == "GET" else "show" if question.model in listed else "made_up"
        given = said.get(name, _not_found)
        return given(question) if callable(given) else reply(question, given)

    return answer


def _not_found(question: Question) -> Exchange:
    return reply(question, b"404 page not found", 404, {"content-type": "text/plain"})


def _wrong_method(question: Question) -> Exchange:
    return reply(question, b"405 method not allowed", 405, {"content-type": "text/plain"})


def says(body: Any) -> Rule:
    return lambda question: reply(question, body)


def look(models: Iterable[Any], claimed: Any = "0.6.8", **answers: Any) -> Course:
    details: bool = answers.pop("details", True)
    loaded: bool = answers.pop("loaded", True)
    return drive(server(models, claimed, **answers), 11434, details=details, loaded=loaded)


def shows(course: Any) -> list[str]:
    return [label.removeprefix("POST /api/show ") for label in course.asked if label.startswith("POST")]
