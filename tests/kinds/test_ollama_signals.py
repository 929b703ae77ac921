"""What gives away something that only pretends to be Ollama, and what a real one may do."""

from __future__ import annotations

from typing import Any

import pytest

from census.exchanges import Exchange, Question
from census.facts import Outcome, Signal
from census.kinds.ollama_signals import made_up
from tests.kinds.ollama_server import HEX, look, reply, tag

CAPABLE = {"capabilities": ["completion", "tools"]}
GO = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
KOBOLD = "b5dc5e784f2a3ee1582373093acf69a2f4e2ac1710b253a001712b86a61f88bb"
SUSPECT = tag("x", "0" * 64)  # with its own signal, so that it is asked what only suspects are
GGUF = {"details": {"format": "gguf"}, "model_info": {"general.architecture": "qwen2"}}


def gone(question: Question) -> Exchange:
    return reply(question, b"404 page not found", 404, {"content-type": "text/plain"})


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
        ([{"name": "a", "size": 1}], "0.1.14", {"show": {}, "ps": gone}, set()),
        ([tag("a")], "0.6.8", {"show": GGUF}, {Signal.FIELD_MISSING}),
        ([tag("a")], "0.6.4", {"show": GGUF}, {Signal.FIELD_MISSING}),
        ([tag("a")], "0.6.4-rc0", {"show": GGUF}, set()),
        ([tag("a")], "0.6.8", {"show": {"template": "{{ .Tools }}"}}, {Signal.FIELD_MISSING}),
        ([tag("a")], "0.6.8", {"show": {"model_info": {}}}, {Signal.FIELD_MISSING}),
        ([tag("a")], "0.6.8", {"show": {"details": {}, "license": "x"}}, {Signal.FIELD_MISSING}),
        ([tag("a")], "0.6.8", {"show": {"license": "x"}}, set()),
        ([tag("a")], "0.6.8", {"show": ["details"]}, set()),
        ([tag("a")], "0.14.0", {"show": {"details": {"format": "safetensors"}}}, set()),
        ([tag("a")], "0.14.0", {"show": {"details": {}, "remote_host": "https://example.org"}}, set()),
        ([tag("a")], "my own", {"show": GGUF}, set()),
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
        (404, GO, b"404 page not found\n", set()),  # a router in Go
        (404, {"content-type": "text/plain"}, b"404 page not found\n", {Signal.NOT_FOUND_SHAPE}),
        (404, {"content-type": "text/plain; charset=utf-8"}, b"404 page not found", {Signal.NOT_FOUND_SHAPE}),
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
        (404, {"server": "uvicorn", "content-type": "text/plain"}, b"404 page not found", {Signal.SERVER_HEADER}),
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


@pytest.mark.parametrize(
    ("models", "version", "expected"),
    [
        ([tag("a", HEX), tag("b", HEX, size=8)], "0.6.8", {Signal.DIGEST_SHARED}),
        ([tag("a", HEX), tag("b", HEX, size="8")], "0.6.8", set()),
        ([tag("a", "0" * 64)], "0.6.8", {Signal.DIGEST_STATIC}),
        ([tag("a", KOBOLD, details={"family": "llama"})], "0.6.8", {Signal.DIGEST_STATIC}),
        ([tag("a", KOBOLD, details={"family": "llama"})], "0.7.0", {Signal.DIGEST_STATIC, Signal.EMULATED}),
        ([tag("qwen:0.5b", KOBOLD)], "0.7.0", set()),  # whose digest that is
        ([tag("a", size=0), tag("b", size=0)], "0.9.0", {Signal.EMULATED}),
        ([tag("a", size=0), tag("b")], "0.9.0", set()),
        ([tag("a", size=0)], "0.9.1", set()),
        ([], "0.16.1", set()),
    ],
)
def test_digests_and_sizes_of_no_real_store_are_signals(models: list[Any], version: str, expected: set[Signal]) -> None:
    assert look(models, version).reading.signals == expected


@pytest.mark.parametrize(
    ("family", "version", "expected"),
    [
        ("gemma3", "0.3.14", {Signal.ENGINE_TOO_NEW}),
        ("gemma3", "0.4.0", set()),  # two minor releases before the engine
        ("gemma3", "0.6.8", set()),
        ("qwen3", "0.5.0", {Signal.ENGINE_TOO_NEW}),
        ("gptoss", "0.9.0", {Signal.ENGINE_TOO_NEW}),
        ("mllama", "0.4.0", set()),
        ("deepseek2", "0.5.7", set()),  # which llama.cpp ran long before
        ("qwen2", "0.3.14", set()),
        ("gemma3", "0.0.0", set()),
        ("gemma3", "my own", set()),
    ],
)
def test_a_model_that_the_release_could_not_run_is_a_signal(family: str, version: str, expected: set[Signal]) -> None:
    course = look([tag("a", details={"family": family, "format": "gguf"})], version, show={})
    assert course.reading.signals == expected


@pytest.mark.parametrize(
    ("version", "status", "headers", "fires"),
    [
        ("0.7.0-rc1", 405, {}, False),
        ("0.7.0-rc1", 404, {}, True),
        ("0.7.0-rc1", 200, {}, True),
        ("0.7.0-rc1", 404, {"server": "nginx"}, False),
        ("0.7.0-rc1", 403, {}, False),
        ("0.6.9-rc0", 405, {}, False),
        ("0.6.9-rc0", 404, {}, False),
        ("0.6.8", 404, {}, False),
        ("0.6.8", 405, {}, True),
        ("0.6.8", 200, {}, True),
        ("0.0.0", 404, {}, False),
        ("0.7.0-rc1", 0, {}, False),
    ],
)
def test_a_wrong_method_is_refused_as_the_release_does(
    version: str, status: int, headers: dict[str, str], fires: bool
) -> None:
    course = look([SUSPECT], version, method=lambda question: Exchange(question, status, headers, b""))
    assert course.reading.signals - {Signal.METHOD} == {Signal.DIGEST_STATIC}
    assert (Signal.METHOD in course.reading.signals) == fires


@pytest.mark.parametrize(("status", "fires"), [(200, True), (404, False), (400, False), (0, False)])
def test_details_of_a_model_that_was_made_up_are_a_signal(status: int, fires: bool) -> None:
    course = look([SUSPECT], made_up=lambda question: Exchange(question, status, {}, b"{}"))
    assert (Signal.SHOW_ANY in course.reading.signals) == fires


def test_only_suspects_are_asked_by_a_wrong_method_and_about_a_model_that_was_made_up() -> None:
    assert [label for label in look([tag("a")]).asked if "show" in label] == ["POST /api/show a"]
    name = made_up(look([SUSPECT]).exchanges)
    assert look([SUSPECT]).asked[-2:] == ("GET /api/show", f"POST /api/show {name}")
    assert look([SUSPECT], details=False).asked[-1] == "GET /api/show"


@pytest.mark.parametrize(
    ("version", "answers", "fires"),
    [
        ("0.1.13", {"ps": gone}, False),
        ("0.1.12", {"ps": gone}, True),  # it could not have told
        ("0.0.9", {"ps": gone}, True),
        ("0.1.33", {}, True),
        ("0.1.33", {"ps": {"models": [tag("a")]}}, True),
        ("0.1.33", {"ps": gone}, False),
        ("0.1.33", {"ps": {"error": "no"}}, False),
        ("0.1.36", {}, False),
        ("0.6.8", {"ps": gone}, False),  # a gateway that passes on a few paths
        ("0.0.0", {}, False),
        ("0.1.12-3-gabcdef0", {}, False),
    ],
)
def test_a_path_that_the_release_did_not_have_is_a_signal(version: str, answers: dict[str, Any], fires: bool) -> None:
    course = look([tag("a")], version, **answers)
    assert (Signal.PATH in course.reading.signals) == fires


def _loaded(*models: Any, **more: Any) -> dict[str, Any]:
    return {"models": [{**model, **more} for model in models]}


@pytest.mark.parametrize(
    ("models", "loaded", "expected"),
    [
        ("abcd", "abcd", {Signal.ALL_LOADED}),
        ("abcd", "abc", set()),
        ("abc", "abc", set()),  # as many as are usual
        ("", "abcd", set()),
    ],
)
def test_a_longer_list_with_everything_loaded_is_a_signal(models: str, loaded: str, expected: set[Signal]) -> None:
    course = look(map(tag, models), ps=_loaded(*map(tag, loaded)))
    assert course.reading.signals == expected


@pytest.mark.parametrize(
    ("bytes_each", "expected"),
    [(100_000_000_000, {Signal.MEMORY}), (99_000_000_000, set()), ("much", set()), (-1, set())],
)
def test_hundreds_of_gigabytes_loaded_are_a_signal(bytes_each: Any, expected: set[Signal]) -> None:
    course = look(map(tag, "abc"), ps=_loaded(tag("a"), tag("b"), size_vram=bytes_each))
    assert course.reading.signals == expected


def test_an_empty_ollama_is_asked_a_canary_too() -> None:
    course = look([], canary=lambda question: reply(question, {}))
    assert (course.reading.outcome, course.reading.signals) == (Outcome.EMPTY, frozenset({Signal.CANARY}))
