"""Servers that say almost what a kind says: half a sign names nobody, and a key's refusal needs a second witness."""

from __future__ import annotations

from typing import Any

import pytest

from census.facts import Outcome
from tests.kinds.course import JSON, UVICORN, drive, entry, of, web

GRANTED: dict[str, Any] = {"permission": [{"id": "modelperm-1"}], "root": "m"}
NUMBERED = {"x-request-id": "f65a64f4-cbaf-4676-9bdc-d26ed7b88307", **UVICORN}
NGINX = {"server": "nginx", **JSON}
OPEN_TO_ALL = {
    "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    "access-control-allow-origin": "*",
}
TGI = {"model_id": "m", "max_concurrent_requests": 1, "max_total_tokens": 2, "router": "text-generation-router"}
NIM = {"modelInfo": [], "assetInfo": [], "version": "1"}
JAN = {
    "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS, PATCH",
    "access-control-allow-headers": "X-CSRF-Token",
}


def described(*paths: str, title: str = "FastAPI", **more: Any) -> tuple[int, dict[str, str], Any]:
    known: dict[str, Any] = {path: {"get": {}} for path in paths}
    return 200, UVICORN, {"info": {"title": title, "version": "0.1.0"}, "paths": {**known, **more}}


def bare(name: str = "m", **more: Any) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, **more}


SERVE = ("/v1/chat/completions", "/v1/responses", "/health")
OPTIONS: dict[str, Any] = {"/v1/models": {"get": {}, "options": {}}}


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("SGLang", web(of([entry(owned_by="sglang")], NGINX))),
        ("OpenAI-compatible", web(of([entry(owned_by="sglang"), entry("n", owned_by="other")]))),
        ("Aphrodite", web(of([entry(owned_by="aphrodite", max_model_len=5)], NGINX))),
        ("OpenAI-compatible", web(of([entry(owned_by="aphrodite")]))),
        ("lmdeploy", web(of([entry(owned_by="lmdeploy", **GRANTED)], NGINX))),
        ("lmdeploy", web(of([entry(owned_by="lmdeploy")]))),
        ("OpenAI-compatible", web(of([entry(owned_by="lmdeploy"), entry("n", owned_by="other")]))),
        ("TensorRT-LLM", web(of([entry(owned_by="tensorrt_llm")], NGINX))),
        ("TabbyAPI", web(of([entry(owned_by="tabbyAPI")], NGINX))),
        ("llama-swap", web(of([entry(owned_by="llama-swap")], NGINX))),
        ("llamafile", web(of([entry(owned_by="llamafile")], NGINX))),
        ("GPT4All", web(of([entry(owned_by="humanity", permissions=[])], NGINX))),
        ("OpenAI-compatible", web(of([entry(owned_by="humanity")]))),
        ("mistral.rs", web(of([entry("default", owned_by="local"), entry(owned_by="local")], NGINX))),
        ("mistral.rs", web(of([entry("default", owned_by="local")]))),
        ("OpenAI-compatible", web(of([entry(owned_by="local"), entry("default", owned_by="local")]))),
        ("mistral.rs", web(of([entry("default", owned_by="local"), entry(owned_by="local", mine=1)]))),
        ("OpenAI-compatible", web(of([entry("default", owned_by="local"), entry(owned_by="me")]))),
        ("Jan", web(of([entry(owned_by="user") | {"created": 1}], JAN))),
        ("Jan", web(of([], JAN))),
        ("OpenAI-compatible", web(of([entry(owned_by="user") | {"created": 1}]))),
        ("OpenAI-compatible", web(of([entry(owned_by="user")], JAN))),
        ("OpenAI-compatible", web(of([entry(owned_by="user") | {"created": 1}], {"server": "nginx", **JAN}))),
        ("text-generation-webui", web({
            **of([bare(owned_by="user")], NGINX),
            "/v1/internal/model/info": (200, JSON, {"model_name": "m", "lora_names": []})})),
        ("OpenAI-compatible", web(of([bare(owned_by="user")]))),
        ("OpenAI-compatible", web({
            **of([bare(owned_by="user")]), "/v1/internal/model/info": (200, JSON, {"model_name": "m"})})),
        ("TGI", web({**of([bare(owned_by="m")]), "/info": (200, JSON, TGI)})),
        ("OpenAI-compatible", web(of([bare(owned_by="m")]))),
        ("OpenAI-compatible", web({
            **of([bare(owned_by="m")]), "/info": (200, JSON, {"model_id": "m", "max_input_length": 512})})),
        ("OpenAI-compatible", web({**of([bare(owned_by="m")]), "/info": (200, JSON, TGI | {"router": "mine"})})),
        ("OpenAI-compatible", web({**of([bare(owned_by="n")]), "/info": (200, JSON, TGI)})),
        ("NIM", web({**of([entry(owned_by="vllm", **GRANTED)], NGINX), "/v1/metadata": (200, JSON, NIM)})),
        ("NIM", web({**of([entry(owned_by="meta", **GRANTED)]), "/v1/metadata": (200, JSON, NIM)})),
        ("NIM", web({**of([entry(owned_by="vllm", **GRANTED)]), "/v1/metadata": (200, JSON, NIM)})),
        ("vLLM", web({
            **of([entry(owned_by="vllm", **GRANTED)]), "/version": (200, JSON, {"version": "0.11.0"}),
            "/v1/metadata": (200, JSON, NIM)})),  # not asked
        ("vLLM", web(of([entry(owned_by="vllm", **GRANTED)]))),
        ("vLLM", web(of([entry(owned_by="vllm", **GRANTED)], NGINX))),
        ("OpenAI-compatible", web(of([entry(owned_by="system", **GRANTED)]))),
        ("OpenAI-compatible", web({
            **of([entry(owned_by="system", **GRANTED)]), "/v1/metadata": (200, JSON, {"modelInfo": []})})),
        ("Cortex", web({"/v1/models": (200, JSON, {"object": "list", "result": "OK", "data": []})})),
        ("OpenAI-compatible", web({"/v1/models": (200, JSON, {"object": "list", "result": "OK", "data": [entry()]})})),
        ("OpenAI-compatible", web(of([entry(model="m", engine="llama-cpp")]))),
        ("transformers serve", web({**of([], NUMBERED), "/openapi.json": described(*SERVE, **OPTIONS)})),
        ("OpenAI-compatible", web({**of([], NUMBERED), "/openapi.json": described(*SERVE, "/v1/models")})),
        ("OpenAI-compatible", web({**of([], NUMBERED), "/openapi.json": described(*SERVE, title="Mine", **OPTIONS)})),
        ("OpenAI-compatible", web({**of([entry()], NUMBERED), "/openapi.json": described(*SERVE, **OPTIONS)})),
        ("OpenAI-compatible", web({
            **of([entry(owned_by="m")]), "/openapi.json": described(*SERVE, **OPTIONS)})),  # not asked
        ("TabbyAPI", web({**of([]), "/openapi.json": described(title="TabbyAPI")})),
        ("FastChat", web({**of([]), "/openapi.json": described("/api/v1/token_check")})),
        ("OpenAI-compatible", web({**of([]), "/openapi.json": described("/v1/models")})),
        ("OpenAI-compatible", web({**of([], NGINX), "/openapi.json": described(title="TabbyAPI")})),  # not asked
    ],
)  # fmt: skip
def test_half_a_sign_names_nobody(kind: str, answer: Any) -> None:
    for port in (8000, 11434):
        course = drive(answer, port)
        assert course.name == kind
        assert len(course.asked) <= 8


def refusal(said: Any, headers: dict[str, str] = UVICORN, status: int = 401) -> dict[str, Any]:
    return {"/v1/models": (status, headers, said)}


def of_fastchat(message: str) -> dict[str, Any]:
    return refusal({"detail": {"error": {"message": message, "code": "invalid_api_key"}}})


def service(name: str) -> dict[str, Any]:
    return {"/.well-known/serviceinfo": (200, JSON, {"software": {"name": name}})}


TABBY = refusal({"detail": "Please provide an API key"})
WEBUI = refusal({"detail": "Unauthorized"})
OLDER_LMDEPLOY = of_fastchat("Please request with valid api key!")
REALM = {"www-authenticate": 'Basic realm="llama-swap"', **JSON}
CORTEX = {"message": "Invalid API Key"}


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        ("TabbyAPI", TABBY | service("TabbyAPI")),
        (None, TABBY | service("KoboldCpp")),
        (None, TABBY),
        ("text-generation-webui", WEBUI | {"/openapi.json": described("/v1/internal/model/info")}),
        (None, WEBUI | {"/openapi.json": described("/v1/models")}),
        (None, WEBUI),
        (None, refusal({"detail": "Unauthorized"}, NGINX) | {"/openapi.json": described("/v1/internal/model/info")}),
        ("FastChat", of_fastchat("") | {"/openapi.json": described("/api/v1/token_check")}),
        (None, of_fastchat("") | {"/openapi.json": described("/v1/chat/interactive")}),
        (None, of_fastchat("")),
        ("lmdeploy", OLDER_LMDEPLOY | {"/openapi.json": described("/v1/chat/interactive")}),
        ("lmdeploy", OLDER_LMDEPLOY | {"/openapi.json": described("/distserve/engine_info")}),
        (None, OLDER_LMDEPLOY | {"/openapi.json": described("/api/v1/token_check")}),
        (None, OLDER_LMDEPLOY),
        ("llama-swap", refusal({}, REALM)),
        (None, refusal({}, {"www-authenticate": 'Basic realm="other"', **JSON})),
        ("Cortex", refusal(CORTEX, {"server": "drogon/1.9.4", **JSON})),
        (None, refusal(CORTEX, NGINX)),
        ("Jan", refusal(b"Missing authorization header", JAN)),
        ("Jan", refusal(b"Invalid host header", JAN, 403)),
        (None, refusal(b"Missing authorization header", {})),
        (None, refusal(b"Something else", JAN)),
    ],
)  # fmt: skip
def test_a_refusal_names_its_server_only_with_a_second_witness(kind: str | None, paths: dict[str, Any]) -> None:
    for port in (8000, 11434):
        course = drive(web(paths), port)
        assert course.name == kind
        assert len(course.asked) <= (8 if kind else 3)
        if kind is not None:
            assert (course.outcome, course.reading.models) == (Outcome.LOCKED, ())


OLDER_TGI = {key: value for key, value in TGI.items() if key != "router"}
TO_SOME = {"vary": OPEN_TO_ALL["vary"]}


@pytest.mark.parametrize(
    "headers",
    [
        OPEN_TO_ALL,
        TO_SOME,  # its owner allows certain origins, and no question of ours comes from one
        {"server": "nginx", **OPEN_TO_ALL},
        {"server": "nginx/1.25.3 (Ubuntu)", **TO_SOME},
        {"server": "Caddy", **OPEN_TO_ALL},
    ],
)
def test_one_question_is_spent_on_a_bare_404_made_for_browsers(headers: dict[str, str]) -> None:
    course = drive(web({"/info": (200, JSON, OLDER_TGI)}, (404, headers, b"")))
    assert (course.name, course.outcome) == ("TGI", Outcome.SERVED)
    assert drive(web({}, (404, headers, b""))).asked == ("GET /v1/models", "GET /api/tags", "GET /info")
    assert drive(web({"/info": (200, JSON, {"model_id": "m"})}, (404, headers, b""))).kind is None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (OPEN_TO_ALL, b"no"),
        ({"server": "x", **OPEN_TO_ALL}, b""),
        ({**OPEN_TO_ALL, "access-control-allow-origin": "https://example.org"}, b""),
        ({"server": "nginx"}, b""),
        ({}, b""),
    ],
)
def test_none_is_spent_on_any_other_404(headers: dict[str, str], body: bytes) -> None:
    assert len(drive(web({"/info": (200, JSON, OLDER_TGI)}, (404, headers, body))).asked) == 2


WEB_UI = {"name": "Open WebUI", "version": "0.13.0", "features": {}}
TIMED = {"x-process-time": "0.001233", **UVICORN}


@pytest.mark.parametrize("port", [8080, 11434])
@pytest.mark.parametrize("server", [{}, {"server": "nginx"}])
def test_open_webui_is_known_when_it_keeps_its_page_from_paths_of_an_api(port: int, server: dict[str, str]) -> None:
    missing = (404, {**TIMED, **server}, {"detail": "Not Found"})
    course = drive(web({"/api/config": (200, JSON, WEB_UI)}, missing), port)
    assert (course.name, course.outcome, course.reading.version) == ("Open WebUI", Outcome.LOCKED, "0.13.0")
    assert (course.asked[-1], len(course.asked)) == ("GET /api/config", 3)
    for other in ({"name": "Open WebUI"}, {"name": "mine", "features": {}}, {}):
        assert drive(web({"/api/config": (200, JSON, other)}, missing), port).kind is None


@pytest.mark.parametrize(
    "missing",
    [
        (404, UVICORN, {"detail": "Not Found"}),
        (404, {**TIMED, "x-process-time": "0.0012330055236"}, {"detail": "Not Found"}),
        (404, {**TIMED, "x-process-time": "1.2ms"}, {"detail": "Not Found"}),
        (404, TIMED, {"detail": "nothing here"}),
        (404, TIMED, b""),
        (401, TIMED, {"detail": "Not Found"}),
    ],
)
def test_other_programs_made_with_fastapi_are_not_asked_whether_they_are_open_webui(missing: Any) -> None:
    assert "GET /api/config" not in drive(web({"/api/config": (200, JSON, WEB_UI)}, missing)).asked
