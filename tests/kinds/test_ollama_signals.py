"""What gives away something that only pretends to be Ollama, and what a real one may do."""

from __future__ import annotations

from typing import Any

import pytest

from census.facts import Exchange, Outcome, Signal
from tests.kinds.ollama_server import HEX, look, reply, tag

CAPABLE = {"capabilities": ["completion", "tools"]}
GGUF = {"details": {"format": "gguf"}, "model_info": {"general.architecture": "qwen2"}}


@pytest.mark.parametrize(
    ("models", "version", "answers", "expected"),
    [
        ([tag("a", "sha256:" + HEX)], "0.6.8", {}, {Signal.DIGEST}),
        ([tag("a", HEX.upper())], "0.6.8", {}, {Signal.DIGEST}),
        ([tag("a", "")], "0.6.8", {}, {Signal.DIGEST}),
        ([tag("a", 7)], "0.6.8", {}, {Signal.DIGEST}),
        ([tag("a", HEX + "0")], "0.6.8", {}, {Signal.DIGEST}),
        ([{"name": "a", "model": "a"}], "0.6.8", {}, set()),
        ([tag("a", HEX), tag("b", HEX)], "0.6.8", {}, set()),  # two names of one model
        ([tag("a", **CAPABLE)], "0.29.9", {}, {Signal.FIELD_TOO_NEW}),
        ([tag("a", capabilities=None)], "0.6.8", {}, {Signal.FIELD_TOO_NEW}),
        ([tag("a", **CAPABLE)], "0.30.0-rc0", {}, set()),
        ([tag("a", **CAPABLE)], "0.0.0", {}, set()),
        ([tag("a", **CAPABLE)], "0.29.0-3-gabcdef0", {}, set()),
        ([tag("a", **CAPABLE)], "my own", {}, set()),
        ([tag("a")], "0.6.3", {"show": CAPABLE}, {Signal.FIELD_TOO_NEW}),
        ([tag("a")], "0.6.4", {"show": CAPABLE}, set()),
        ([tag("a")], "0.6.3", {"show": {}}, set()),
        ([tag("a"), tag("b")], "0.33.0", {}, {Signal.FIELD_MISSING}),
        ([tag("a"), tag("b")], "0.30.0", {}, set()),
        ([tag("a")], "0.33.0", {}, set()),  # one broken file
        ([tag("a"), tag("b:cloud")], "0.33.0", {}, set()),
        ([tag("a"), tag("b", **CAPABLE)], "0.33.0", {}, set()),
        ([{"name": "a", "size": 1}], "0.6.8", {}, {Signal.FIELD_MISSING}),
        ([{"name": "a", "size": 1}], "0.1.14", {"show": {}}, set()),
        ([tag("a")], "0.6.8", {"show": GGUF}, {Signal.FIELD_MISSING}),
        ([tag("a")], "0.6.4", {"show": GGUF}, set()),
        ([tag("a")], "0.3.14", {"show": GGUF}, set()),
        ([], "0.33.0", {}, set()),
    ],
)
def test_fields_that_do_not_fit_are_signals(
    models: list[Any], version: str, answers: dict[str, Any], expected: set[Signal]
) -> None:
    assert look(models, version, **answers).reading.signals == expected


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (200, {}, b"anything", {Signal.CANARY}),
        (204, {}, b"", {Signal.CANARY}),
        (404, {"content-type": "text/plain"}, b"404 page not found", set()),
        (404, {"server": "nginx"}, b"404 page not found", set()),
        (404, {"content-type": "text/plain; charset=utf-8"}, b"404 page not found\n", set()),  # a router in Go
        (404, {}, b'{"detail":"Not Found"}', {Signal.NOT_FOUND_SHAPE}),
        (404, {"server": "nginx/1.25"}, b"<html>", set()),
        (404, {"server": "Caddy"}, b"", set()),
        (404, {"via": "1.1 proxy"}, b"", set()),
        (
            404,
            {"server": "Werkzeug/3.0 Python/3.12"},
            b"<!doctype html>",
            {Signal.NOT_FOUND_SHAPE, Signal.SERVER_HEADER},
        ),
        (404, {"server": "uvicorn"}, b"404 page not found", {Signal.SERVER_HEADER}),
        (401, {}, b"", set()),
        (403, {}, b"", set()),
        (500, {}, b"oops", set()),
        (301, {}, b"", set()),
        (0, {}, b"", set()),
    ],
)
def test_the_answer_to_a_path_that_cannot_exist_tells(
    status: int, headers: dict[str, str], body: bytes, expected: set[Signal]
) -> None:
    course = look([tag("a")], canary=lambda question: Exchange(question, status, headers, body))
    assert course.reading.signals == expected


def test_an_empty_ollama_is_asked_a_canary_too() -> None:
    course = look([], canary=lambda question: reply(question, {}))
    assert (course.reading.outcome, course.reading.signals) == (Outcome.EMPTY, frozenset({Signal.CANARY}))
