"""Desktop programs, gateways and pages: half of what they say names nobody, and what is said wrongly is not kept."""

from __future__ import annotations

import math
from typing import Any

import pytest

from census.facts import Outcome, Tools
from census.kinds.abilities import capabilities, tools_among
from tests.kinds.course import JSON, UVICORN, drive, entry, of, web

EXPRESS = {"x-powered-by": "Express", **JSON}
HTML = {"content-type": "text/html"}
NGINX = {"server": "nginx", **JSON}
UNEXPECTED = (200, EXPRESS, {"error": "Unexpected endpoint or method. (GET /x)"})
OPEN_WEBUI = (200, HTML, b"<!doctype html><title>Open WebUI</title>")
LEMONADE = {"access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS", **JSON}
SESSION = {"access-control-allow-headers": "Authorization, X-Client-Session-Id", **JSON}
RICH = {"id": "org/m", "pricing": {}, "architecture": {}, "supported_parameters": []}
BLUNT = {"error": {"message": "No.", "type": "new_api_error"}}
NO_API_KEY = {"error": "Invalid or missing API key"}
OWNED = of([{"id": "m", "object": "model", "owned_by": "organization_owner"}], NGINX)
BARE = of([{"id": "m", "object": "model"}], JSON)


def refusal(body: Any, headers: dict[str, str] = JSON) -> dict[str, Any]:
    return {"/v1/models": (401, headers, body)}


XINFERENCE = refusal({"detail": "Could not validate credentials"})


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("LM Studio", web(of([{"id": "m", "object": "model", "owned_by": "organization_owner"}], EXPRESS))),
        ("OpenAI-compatible", web(of([{"id": "m", "object": "model", "owned_by": "organization_owner"}]))),
        ("OpenAI-compatible", web(of([entry(owned_by="me")], EXPRESS))),
        ("LM Studio", web({**of([{"id": "m", "object": "model"}], EXPRESS), "/api/v1/models": UNEXPECTED})),
        ("OpenAI-compatible", web({**of([entry()]), "/api/v1/models": UNEXPECTED})),  # not asked
        ("LM Studio", web({**OWNED, "/api/v1/models": (200, NGINX, {"models": [
            {"key": "m", "loaded_instances": []}]})})),
        ("LM Studio", web({**OWNED, "/api/v0/models": (200, NGINX, {"object": "list", "data": [
            {"id": "m", "compatibility_type": "gguf", "state": "not-loaded"}]})})),
        ("OpenAI-compatible", web({**OWNED, "/api/v0/models": (200, NGINX, {"object": "list", "data": [
            {"id": "m", "state": "not-loaded"}]})})),
        ("OpenAI-compatible", web({**OWNED, "/api/v1/models": (200, NGINX, {"models": [{"key": "m"}]})})),
        ("OpenAI-compatible", web({
            **of([{"id": "m", "object": "model"}], EXPRESS),
            "/api/v1/models": (200, EXPRESS, {"models": [{"key": "beetle"}]})})),
        (None, web({}, (404, EXPRESS, UNEXPECTED[2]))),
        (None, web({}, (200, EXPRESS, {"error": "Unexpected token"}))),
        (None, web(refusal({"error": {"message": "No LM Studio here", "code": "invalid_api_key"}}))),
        ("KoboldCpp", web(of([entry(owned_by="koboldcpp")], NGINX))),
        ("OpenAI-compatible", web(of([entry(owned_by="koboldcpp"), entry("n")]))),
        ("KoboldCpp", web(refusal({}, {"server": "ConcedoLlamaForKoboldServer"}))),
        (None, web({}, (404, {"server": "ConcedoLlamaForKoboldServer"}, b"Error"))),
        (None, web(refusal({"detail": {"error": "Unauthorized", "type": "unauthorized"}}))),
        ("LocalAI", web({**BARE, "/version": (200, JSON, {"version": " ()"})})),
        ("OpenAI-compatible", web({**BARE, "/version": (200, JSON, {"version": "0.11.0"})})),
        ("OpenAI-compatible", web({**of([entry()]), "/version": (200, JSON, {"version": "v3 (ab)"})})),
        (None, web(refusal({"error": {"code": 403, "message": "An authentication key is required"}}))),
        ("Xinference", web(of([entry(owned_by="xinference")], NGINX))),
        (None, web(XINFERENCE)),
        (None, web({**XINFERENCE, "/v1/cluster/auth": (200, JSON, {"auth": "yes"})})),
        (None, web({**XINFERENCE, "/v1/cluster/auth": (200, JSON, {"auth": True, "user": 1})})),
        ("Xinference", web({**XINFERENCE, "/v1/cluster/auth": (200, JSON, {"auth": True})})),
        ("OpenAI-compatible", web({**of([]), "/v1/cluster/auth": (200, UVICORN, {"auth": True})})),
        ("Lemonade", web(of([entry(owned_by="lemonade")], NGINX))),
        ("Lemonade", web(of([], SESSION))),
        ("OpenAI-compatible", web(of([], LEMONADE))),
        ("OpenAI-compatible", web(of([entry()], SESSION))),
        ("Lemonade", web(refusal(NO_API_KEY, LEMONADE))),
        ("Lemonade", web(refusal(NO_API_KEY))),  # behind a proxy
        (None, web(refusal(NO_API_KEY | {"code": 401}))),
        (None, web(refusal({"error": "No key"}, LEMONADE))),
        ("Docker Model Runner", web(of([entry(owned_by="docker")], NGINX))),
        ("OpenAI-compatible", web(of([entry(owned_by="docker"), entry("n", owned_by="podman")]))),
        ("New API", web(refusal({}, {"x-new-api-version": "v1"}))),
        ("New API", web(refusal(BLUNT))),
        ("New API", web(of([entry()], {"x-new-api-version": "v1", "x-oneapi-request-id": "1", **JSON}))),
        ("one-api", web(refusal({}, {"x-oneapi-request-id": "1"}))),
        ("one-api", web(refusal({"error": {"type": "one_api_error"}}))),
        (None, web(refusal({"error": {"type": "api_error"}}))),
        (None, web({}, (404, {"x-oneapi-request-id": "1"}, BLUNT))),
        ("OpenRouter-compatible", web({"/v1/models": (200, JSON, {"data": [RICH]})})),
        ("OpenAI-compatible", web(of([RICH, entry()]))),
        ("OpenRouter-compatible", web(of([{"id": "org/m", "architecture": {}, "supported_parameters": []}]))),
        ("OpenRouter-compatible", web(of([{"id": "m", "context_length": 8, "supported_parameters": []}]))),
        ("OpenAI-compatible", web(of([entry(architecture="x", context_length="8", supported_parameters=[])]))),
        ("OpenAI-compatible", web(of([entry() | RICH | {"supported_parameters": None}]))),
        ("llama-swap", web(of([entry(owned_by="llama-swap") | RICH | {"id": "m"}]))),
        ("Open WebUI", web({"/api/config": (200, JSON, {"name": "Ours (Open WebUI)", "features": {}})}, OPEN_WEBUI)),
        (None, web({"/api/config": (200, JSON, {"name": "Open WebUI"})}, OPEN_WEBUI)),
        (None, web({"/api/config": (200, JSON, {"name": "Ours", "features": {}})}, OPEN_WEBUI)),
        (None, web({"/api/config": (200, JSON, {"name": "Open WebUI", "features": {}})}, (200, HTML, b"<title>"))),
    ],
)  # fmt: skip
def test_a_program_is_known_by_what_only_it_says(kind: str | None, answer: Any) -> None:
    assert drive(answer).name == kind


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        (2, (200, HTML, b"<!doctype html><title>Welcome</title>")),
        (2, (200, JSON, b'"Open WebUI"')),
        (2, (404, HTML, OPEN_WEBUI[2])),
        (2, (200, HTML, b"<!-- -->" * 4096 + OPEN_WEBUI[2])),
        (3, OPEN_WEBUI),
    ],
)
def test_a_page_for_every_path_costs_a_question_more_only_if_it_names_open_webui(asked: int, page: Any) -> None:
    for port in (8080, 11434):
        course = drive(web({}, page), port)
        assert (course.kind, course.outcome, len(course.asked)) == (None, Outcome.OTHER, asked)


@pytest.mark.parametrize("names", [["inactive"], ["koboldcpp/inactive", "initial_model", "unload_model"]])
def test_what_koboldcpp_lists_beside_models_is_no_model(names: list[str]) -> None:
    course = drive(web(of([entry(name, owned_by="koboldcpp") for name in names])))
    assert (course.outcome, course.reading.models) == (Outcome.EMPTY, ())
    course = drive(web(of([entry(name, owned_by="koboldcpp") for name in (*names, "koboldcpp/m")])))
    assert (course.outcome, [model.name for model in course.reading.models]) == (Outcome.SERVED, ["koboldcpp/m"])


def test_what_koboldcpp_tells_of_its_template_is_about_one_model_only() -> None:
    told = {"/props": (200, JSON, {"chat_template": "{{ tools }}", "n_ctx": 512}),
            "/api/extra/version": (200, JSON, {"version": "1.112", "vision": True})}  # fmt: skip
    two = drive(web({**of([entry("a", owned_by="koboldcpp"), entry("b", owned_by="koboldcpp")]), **told})).reading
    assert (two.version, {(each.tools, each.context_served, each.capabilities) for each in two.models}) == (
        "1.112",
        {(Tools.UNKNOWN, None, None)},
    )
    one = drive(web({**of([entry("a", owned_by="koboldcpp")]), **told})).reading.models[0]
    assert (one.tools, one.context_served, one.capabilities) == (Tools.YES, 512, ("completion", "tools", "vision"))


def test_a_list_with_dates_is_not_lm_studios_and_costs_it_no_question() -> None:
    assert "GET /api/v1/models" not in drive(web(of([entry()], EXPRESS))).asked
    assert "GET /api/v1/models" in drive(web(of([{"id": "m", "object": "model"}], EXPRESS))).asked


def test_a_koboldcpp_that_hides_its_model_is_locked() -> None:
    course = drive(web(of([entry("koboldcpp/protected-model", owned_by="koboldcpp")])))
    assert (course.outcome, course.reading.models) == (Outcome.LOCKED, ())


def test_an_older_docker_model_runner_is_asked_for_its_list_on_its_own_port_only() -> None:
    empty = {"/engines/v1/models": (200, JSON, {"object": "list", "data": []})}
    answer = web(empty, (404, {}, b"404 page not found\n"))
    course = drive(answer, 12434)
    assert (course.name, course.outcome) == ("Docker Model Runner", Outcome.EMPTY)
    assert drive(answer, 8080).asked == ("GET /v1/models", "GET /api/tags")


@pytest.mark.parametrize("more", [{"owned_by": "organization_owner"}, {}, {"created": 1700000000}])
@pytest.mark.parametrize("port", [1234, 8000, 11434])
def test_an_lm_studio_behind_a_proxy_is_told_by_its_answer_to_any_path_and_is_no_decoy(
    port: int, more: dict[str, Any]
) -> None:
    listed = of([{"id": "qwen3:8b", "object": "model", **more}], NGINX)
    course = drive(web(listed, (200, NGINX, UNEXPECTED[2])), port)
    assert (course.name, course.outcome, course.reading.signals) == ("LM Studio", Outcome.SERVED, frozenset())


def test_an_lm_studio_whose_lists_are_all_missing_cannot_be_read() -> None:
    course = drive(web({}, UNEXPECTED))
    assert (course.name, course.outcome) == ("LM Studio", Outcome.MISREAD)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"capabilities": {"trained_for_tool_use": True}}, (Tools.YES, "lmstudio")),
        ({"capabilities": {"trained_for_tool_use": False}}, (Tools.NO, "lmstudio")),
        ({"capabilities": {"trained_for_tool_use": "true"}}, (Tools.UNKNOWN, None)),
        ({"capabilities": {}}, (Tools.UNKNOWN, None)),
        ({"capabilities": ["tool_use"]}, (Tools.UNKNOWN, None)),
        ({}, (Tools.UNKNOWN, None)),
    ],
)
def test_lm_studio_tells_tools_by_a_flag(told: dict[str, Any], expected: tuple[Tools, str | None]) -> None:
    own = {"models": [{"key": "m", "type": "llm", "loaded_instances": [], **told}]}
    course = drive(web({"/v1/models": UNEXPECTED, "/api/v1/models": (200, EXPRESS, own)}))
    [model] = course.reading.models
    assert (model.tools, model.tools_source) == expected


@pytest.mark.parametrize(
    ("path", "key", "loaded", "not_loaded"),
    [
        (
            "/api/v1/models",
            "models",
            {"key": "m", "loaded_instances": [{"config": {"context_length": 4096}}, 7]},
            {"key": "m", "loaded_instances": [7]},
        ),
        (
            "/api/v0/models",
            "data",
            {"id": "m", "compatibility_type": "gguf", "state": "loaded", "loaded_context_length": 4096},
            {"id": "m", "compatibility_type": "gguf", "state": "not-loaded"},
        ),
    ],
)
def test_loading_a_model_in_lm_studio_makes_no_other_model_of_it(
    path: str, key: str, loaded: dict[str, Any], not_loaded: dict[str, Any]
) -> None:
    before, after = (
        drive(web({"/v1/models": UNEXPECTED, path: (200, EXPRESS, {key: [entry]})}, UNEXPECTED)).reading
        for entry in (not_loaded, loaded)
    )
    assert (before.running, after.running, before.models) == (0, 1, after.models)
    assert [model.name for model in after.models] == ["m"]


@pytest.mark.parametrize(
    ("billions", "parameters"),
    [(7, 7 * 10**9), ("1_8", 18 * 10**8), (0.5, 5 * 10**8), ("7b", None), (True, None), (None, None),
     (-1, None), (0, None), ("nan", None), ("1e999", None), ([7], None)],
)  # fmt: skip
def test_xinference_counts_parameters_in_billions(billions: Any, parameters: int | None) -> None:
    course = drive(web(of([entry(owned_by="xinference", model_size_in_billions=billions)])))
    assert course.reading.models[0].parameters == parameters


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1.5, 1610612736), (2, 2147483648), (0, None), (-1.0, None), (True, None), ("2", None), (math.inf, None),
     (math.nan, None), (1e300, None)],
)  # fmt: skip
def test_lemonade_tells_sizes_in_gibibytes(size: Any, expected: int | None) -> None:
    course = drive(web(of([entry(owned_by="lemonade", size=size)])))
    assert course.reading.models[0].size == expected


@pytest.mark.parametrize(
    ("labels", "tools", "able"),
    [
        (["chat", "tool-calling"], Tools.YES, ("completion", "tools")),
        (["tools", "custom"], Tools.YES, ("completion", "tools")),
        (["custom"], Tools.UNKNOWN, ("completion",)),
        (["reranking"], Tools.NO, ("rerank",)),
        ([], Tools.NO, ("completion",)),
        ("tools", Tools.UNKNOWN, None),
        (None, Tools.UNKNOWN, None),
    ],
)
def test_lemonade_tells_by_labels(labels: Any, tools: Tools, able: tuple[str, ...] | None) -> None:
    [model] = drive(web(of([entry(owned_by="lemonade", labels=labels)]))).reading.models
    assert (model.tools, model.capabilities) == (tools, able)


def test_the_modalities_of_a_gateway_become_capabilities() -> None:
    every = {"input_modalities": ["text", "image", "audio", "file"], "output_modalities": ["text", "image", "audio"]}
    [model] = drive(web(of([RICH | {"architecture": every, "supported_parameters": ["reasoning"]}]))).reading.models
    assert model.capabilities == ("audio", "completion", "image", "thinking", "vision")
    [model] = drive(web(of([RICH | {"supported_parameters": ["tools"]}]))).reading.models
    assert (model.capabilities, model.tools) == (None, Tools.YES)
    unpriced = {"id": "m", "context_length": 8, "supported_parameters": ["tools"]}
    [model] = drive(web(of([unpriced]))).reading.models
    assert (model.tools, model.tools_level, model.context_length) == (Tools.YES, "relay", 8)


def test_words_that_have_no_like_are_left_out_and_silence_is_not_none() -> None:
    assert capabilities(["chat", "llm", "hot", "tool_use"]) == ("completion", "tools")
    assert (capabilities([]), capabilities(None)) == ((), None)
    assert [tools_among(said) for said in (["tools"], [], None)] == [Tools.YES, Tools.NO, Tools.UNKNOWN]


@pytest.mark.parametrize(
    ("kind", "outcome", "answer"),
    [
        ("mlx-lm", Outcome.MISREAD, web({"/v1/models": (200, {"server": "BaseHTTP/0.6 Python/3.12.1", **JSON}, b"")},
                                        (404, {"server": "BaseHTTP/0.6 Python/3.12.1", **JSON}, b"Not Found"))),
        (None, Outcome.OTHER, web({"/v1/models": (200, {"server": "BaseHTTP/0.6 Python/3.12.1", **JSON}, b"")},
                                  (404, {"server": "BaseHTTP/0.6 Python/3.12.1"}, b"Not Found"))),
        (None, Outcome.OTHER, web({"/v1/models": (200, UVICORN, b"")}, (404, UVICORN, b"Not Found"))),
        (None, Outcome.OTHER, web({}, (200, {"server": "BaseHTTP/0.6 Python/3.12.1", **JSON}, b""))),
    ],
)  # fmt: skip
def test_success_without_a_body_is_mlx_lm_only_with_its_404(kind: str | None, outcome: Outcome, answer: Any) -> None:
    for port in (8080, 11434):
        course = drive(answer, port)
        assert (course.name, course.outcome, len(course.asked)) == (kind, outcome, 2)
