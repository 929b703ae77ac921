"""An Ollama in memory, healthy but for what a test replaces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from census.facts import CANARY_PATH, Exchange, Question
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
    """An Ollama; `answers` replaces what it says to version, ps, canary, show: a body, or a whole exchange's rule."""

    def answer(question: Question) -> Exchange:
        name = {"/api/tags": "tags", "/api/version": "version", "/api/ps": "ps", "/api/show": "show"}.get(
            question.label
        )
        name = name or ("canary" if question.label == CANARY_PATH else None)
        if name in answers:
            given = answers[name]
            return given(question) if callable(given) else reply(question, given)
        if name == "tags":
            return reply(question, {"models": list(models)})
        if name == "version":
            return reply(question, {"version": claimed})
        if name == "ps":
            return reply(question, {"models": []})
        if name == "show":
            return reply(question, {"template": "{{ .Tools }}", "capabilities": ["completion"]})
        return reply(question, b"404 page not found", 404, {"content-type": "text/plain"})

    return answer


def says(body: Any) -> Rule:
    return lambda question: reply(question, body)


def look(models: Iterable[Any], claimed: Any = "0.6.8", **answers: Any) -> Course:
    details: bool = answers.pop("details", True)
    return drive(server(models, claimed, **answers), 11434, details=details)


def shows(course: Any) -> list[str]:
    return [label.removeprefix("POST /api/show ") for label in course.asked if label.startswith("POST")]
