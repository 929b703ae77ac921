"""Who is taken for what, and what is taken for nothing: bodies and headers decide, a status never does."""

from __future__ import annotations

from typing import Any

import pytest

from census.exchanges import Exchange, Exchanges, Question
from census.facts import Outcome, Signal
from census.kinds import KINDS, confirm, opening, recognise, unrecognised
from tests.kinds.course import JSON, NOT_FOUND, UVICORN, drive, entry, of, web

FRAMING = {"x-frame-options": "DENY", "content-security-policy": "frame-ancestors 'none'", **JSON}
HEX = "0123456789abcdef" * 4


def test_the_usual_kind_of_a_port_is_asked_first_and_a_dead_end_costs_two_requests() -> None:
    tags, models = Question("GET", "/api/tags"), Question("GET", "/v1/models")
    assert opening(11434) == (tags, models)
    assert {opening(port) for port in (80, 443, 8000, 8080, 11435)} == {(models, tags)}
    assert len(drive(web({})).asked) == len(drive(web({}), 11434).asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        web({}, (200, {"content-type": "text/html"}, b"<!doctype html><title>Open WebUI</title>")),
        web({}, (200, {}, b"Ollama is running")),
        web({}, (200, JSON, {"status": "ok"})),
        web({}, (200, JSON, {"code": 0, "data": [], "message": "success"})),
        web({}, (200, JSON, {"code": 0, "data": {"id": 7}, "message": "success"})),
        web({}, (200, JSON, [])),
        web({}, (200, JSON, b"null")),
        web({}, (200, {}, b"")),
        web({}, (404, UVICORN, NOT_FOUND)),
        web({}, (429, UVICORN, {"error": "slow down"})),
        web({}, (503, {"server": "llama.cpp"}, {"error": {"message": "Loading model", "code": 503}})),
        web({}, (500, {}, b"Internal Server Error")),
        web({}, (301, {"location": "https://example.org"}, b"")),
        web(
            {"/v1/models": (200, JSON, {"data": [{"id": "beetle", "maker": "vw"}, {"id": "2cv", "maker": "citroen"}]})}
        ),
        web({"/v1/models": (200, JSON, {"data": [{"id": 1, "created": 5}]})}),
        web(of([{"id": "corolla", "object": "car", "make": "Toyota"}], JSON)),
        web(of([{"id": "corolla", "object": "car", "created": 5, "owned_by": "me"}], JSON)),
        web(of([{"id": "corolla", "created": "1998", "owned_by": ""}], JSON)),
        web({"/v1/models": (200, JSON, {"data": [{"id": "x", "owned_by": "me", "color": "red"}]})}),
        web(
            {
                "/v1/models": (
                    200,
                    JSON,
                    {"data": [{"id": "a/b", "name": "Car", "architecture": "neo-gothic", "context_length": "x"}]},
                )
            }
        ),
        web({"/v1/models": (201, JSON, {"object": "list", "data": [entry()]})}),
        web({"/api/tags": (200, JSON, {"tags": ["news"], "models": [{"slug": "news"}]})}),
        web({"/api/tags": (200, JSON, {"models": [{"name": "beetle", "maker": "vw"}]})}),
        web({"/api/tags": (200, JSON, {"page": 1, "models": []})}),
        web({"/v1/models": (401, UVICORN, {"detail": "Not authenticated"})}),
        web({"/v1/models": (500, {}, b"Internal Server Error"), "/health/liveliness": (200, JSON, "I'm alive!")}),
        web({"/v1/models": (500, FRAMING, b"Internal Server Error"), "/health/liveliness": (200, JSON, "fine")}),
    ],
)
def test_what_is_no_inference_server_is_other(answer: Any) -> None:
    for port in (8000, 11434):
        course = drive(answer, port)
        assert (course.kind, course.outcome) == (None, Outcome.OTHER)
        assert len(course.asked) <= 3


@pytest.mark.parametrize(
    "answer",
    [
        web({}, (401, {"www-authenticate": "Basic"}, b"<html>")),
        web({}, (403, {}, b"")),
        web({}, (407, {}, b"")),
        web({"/v1/models": (401, JSON, {"error": {"message": "No key.", "code": "invalid_api_key"}})}),
    ],
)
def test_what_asks_for_a_key_is_locked_whoever_it_is(answer: Any) -> None:
    course = drive(answer)
    assert (course.kind, course.outcome) == (None, Outcome.LOCKED)
    assert len(course.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        web({"/v1/models": (200, JSON, {"object": "list", "data": "many"})}),
        web({"/v1/models": (200, {}, b'{"object":"list","data":[{"id":"m"},')}),
        web({"/v1/models": (200, JSON, b"\xff\xfe")}),
        web({"/api/tags": (200, JSON, b"oops")}),
    ],
)
def test_what_claims_a_list_that_cannot_be_read_is_misread(answer: Any) -> None:
    assert drive(answer).outcome is Outcome.MISREAD


def test_the_answers_that_came_decide_not_the_questions_that_failed() -> None:
    refused = Exchange(Question("GET", "/v1/models"), 401, {}, b"")
    failed = Exchange(Question("GET", "/api/tags"), 0, {}, b"")
    assert unrecognised(Exchanges([refused, failed])) is Outcome.LOCKED


def test_a_broken_list_is_not_read_as_a_lock() -> None:
    broken = Exchanges([Exchange(Question("GET", "/v1/models"), 200, JSON, b"oops")])
    assert {kind.read(broken).outcome for kind in KINDS} == {Outcome.MISREAD}


def test_nothing_asked_is_other() -> None:
    assert unrecognised(Exchanges()) is Outcome.OTHER
    assert recognise(Exchanges()) is None
    assert confirm(Exchanges()) is None
    failed = Exchanges([Exchange(Question("GET", path), 0, {}, b"") for path in ("/v1/models", "/api/tags")])
    assert unrecognised(failed) is Outcome.OTHER


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("vLLM", web(of([entry(owned_by="vllm", max_model_len=512)]))),
        ("vLLM", web(of([entry(owned_by="vllm", permission=[{"id": "modelperm-1"}])], {"server": "nginx"}))),
        ("vLLM", web(of([entry(owned_by="vllm")]))),
        ("vLLM", web(of([entry(owned_by="vllm"), {"id": "", "owned_by": "other"}]))),
        ("OpenAI-compatible", web(of([entry(owned_by="vllm", max_model_len=5), entry("n", owned_by="other")]))),
        ("FastChat", web(of([entry(owned_by="fastchat", permission=[{"id": "modelperm-1"}])]))),
        ("FastChat", web(of([entry(owned_by="fastchat")]))),
        ("OpenAI-compatible", web(of([entry(owned_by="fastchat"), entry("n", owned_by="other")]))),
        ("llama.cpp", web(of([entry(owned_by="llamacpp")], {"server": "nginx"}))),
        ("llama.cpp", web(of([entry()], {"server": "llama.cpp"}))),
        ("LiteLLM", web(of([entry(created=1677610602)], FRAMING))),
        ("LiteLLM", web(of([entry(created=1677610602)], {"x-litellm-version": "1.2.3", **UVICORN}))),
        ("LiteLLM", web({**of([], FRAMING), "/health/liveliness": (200, JSON, "I'm alive!")})),
        ("LiteLLM", web(of([entry(owned_by="openai")], {"x-litellm-call-id": "1", **JSON}))),
        ("LiteLLM", web(of([], {"x-litellm-call-id": "1", **JSON}))),
        ("OpenAI-compatible", web(of([entry(owned_by="openai")], {"x-litellmish": "1", **JSON}))),
        ("OpenAI-compatible", web(of([], FRAMING))),
        ("OpenAI-compatible", web(of([entry(created=1677610602)], {"server": "nginx", **FRAMING}))),
        ("OpenAI-compatible", web(of([entry(created=1677610602)]))),
        ("OpenAI-compatible", web(of([entry(created=1677610602), entry("n")], FRAMING))),
        ("OpenAI-compatible", web({**of([entry()]), "/health/liveliness": (200, JSON, "I'm alive!")})),
        ("llama-cpp-python", web(of([entry(owned_by="me", permissions=[])]))),
        ("OpenAI-compatible", web(of([entry(owned_by="me")]))),
        ("mlx-lm", web(of([entry()], {"server": "BaseHTTP/0.6 Python/3.12.1"}))),
        ("OpenAI-compatible", web(of([entry(owned_by="me")], {"server": "BaseHTTP/0.6 Python/3.12.1"}))),
        ("OpenAI-compatible", web(of([entry()]))),
        ("OpenAI-compatible", web({"/v1/models": (200, JSON, {"data": [{"id": "org/m", "context_length": 4096}]})})),
        ("OpenAI-compatible", web({"/v1/models": (200, JSON, {"data": [{"id": "m", "object": "model"}]})})),
        ("OpenAI-compatible", web(of([{"id": "m", "owned_by": "me"}], JSON))),
        ("OpenAI-compatible", web(of([{"id": "m", "object": None, "created": 0}], JSON))),
        ("OpenAI-compatible", web(of([entry("llama3:8b", owned_by="library")]))),  # and no list at /api/tags
        ("Ollama", web({"/api/tags": (200, JSON, {"models": None})})),
        ("Ollama", web({"/api/tags": (200, JSON, {"models": [{"name": "a", "model": "a"}]})})),
        ("Ollama", web({"/api/tags": (200, JSON, {"models": [7, {"name": "a", "digest": HEX}]})})),
        ("llama.cpp", web({}, (401, {"server": "llama.cpp"}, b""))),
        ("llama.cpp", web({}, (401, {"server": "nginx"}, {"error": {
            "code": 401, "message": "Invalid API Key", "type": "authentication_error"}}))),
    ],
)  # fmt: skip
def test_a_server_is_known_by_what_only_it_says(kind: str, answer: Any) -> None:
    for port in (8000, 11434):
        course = drive(answer, port)
        assert course.name == kind
        taking = [each.name for each in KINDS if each.recognise(course.exchanges) is not None]
        assert taking == [kind]


def test_llama_cpp_with_ollamas_paths_is_llama_cpp() -> None:
    both = {
        "models": [{"name": "m", "model": "m", "digest": "", "details": {}}],
        **of([entry(owned_by="llamacpp")])["/v1/models"][2],
    }
    for headers in ({"server": "llama.cpp"}, {"server": "nginx"}):
        answer = web({"/api/tags": (200, headers, both), "/v1/models": (200, headers, both)})
        assert drive(answer, 11434).name == "llama.cpp"
    headers = {"server": "llama.cpp"}
    tags_only = {"models": both["models"]}
    answer = web({"/api/tags": (200, headers, tags_only), "/v1/models": (200, headers, both)})
    assert drive(answer, 11434).name == "llama.cpp"


def test_a_list_stays_read_when_the_question_about_a_better_kind_fails() -> None:
    named_by_tag = of([entry("llama3:8b", owned_by="library"), entry("x:y", owned_by="library")])
    for failure in ((0, {}, b""), (500, {}, b""), (200, JSON, b"oops"), (404, {}, b"")):
        course = drive(web({**named_by_tag, "/api/tags": failure}))
        assert (course.name, course.outcome) == ("OpenAI-compatible", Outcome.SERVED)
        assert course.asked[:2] == ("GET /v1/models", "GET /api/tags")


@pytest.mark.parametrize("odd", ["", "plain", "C:\\models\\x.gguf", None])
def test_an_odd_name_in_its_list_does_not_make_an_ollama_another_kind_on_another_port(odd: str | None) -> None:
    listed = [{"name": name, "model": name, "digest": HEX, "size": 1} for name in ("llama3:8b", odd)]
    answer = web({
        **of([entry("llama3:8b", owned_by="library"), {**entry(owned_by="library"), "id": odd}]),
        "/api/tags": (200, JSON, {"models": listed}),
    })  # fmt: skip
    assert {drive(answer, port).name for port in (11434, 8000)} == {"Ollama"}


def test_one_name_with_a_tag_or_the_librarys_as_owner_is_enough_to_look_for_an_ollama() -> None:
    for entries in ([entry("plain"), entry("llama3:8b")], [entry("plain", owned_by="library")]):
        assert drive(web(of(entries))).asked[:2] == ("GET /v1/models", "GET /api/tags")
    assert "GET /api/tags" not in drive(web(of([entry("plain"), entry("org:x/model")]))).asked


@pytest.mark.parametrize("kind_and_type", ["auth_error", "token_not_found_in_db"])
def test_a_litellm_that_refuses_in_its_own_words_is_named_without_a_question(kind_and_type: str) -> None:
    said = {"error": {"message": "Authentication Error, No api key passed in.", "type": kind_and_type, "code": "401"}}
    alive = {
        "/health/liveliness": (200, JSON, "I'm alive!"),
        "/health/readiness": (200, JSON, {"litellm_version": "1.2"}),
    }
    course = drive(web({"/v1/models": (401, {"server": "nginx"}, said), **alive}))
    assert (course.name, course.outcome, course.reading.version) == ("LiteLLM", Outcome.LOCKED, "1.2")
    assert "GET /health/liveliness" not in course.asked
    assert drive(web({"/v1/models": (401, {"server": "nginx"}, said)})).name == "LiteLLM"
    vague = {"error": {"message": "No.", "type": kind_and_type}}
    assert drive(web({"/v1/models": (401, {"server": "nginx"}, vague)})).kind is None
    assert drive(web({"/v1/models": (401, {"server": "nginx"}, vague), **alive})).name == "LiteLLM"


def test_vllm_is_not_confirmed_where_every_path_is_refused() -> None:
    course = drive(web({"/version": (200, UVICORN, {"version": "1"})}, (401, UVICORN, {"error": "Unauthorized"})))
    assert (course.kind, course.outcome, len(course.asked)) == (None, Outcome.LOCKED, 3)


def test_a_locked_vllm_is_known_by_its_version_whatever_stands_before_it() -> None:
    for name in ("uvicorn", "nginx"):
        refusal = (401, {"server": name, **JSON}, {"error": "Unauthorized"})
        for said, kind in (("0.32.0", "vLLM"), ("0.9", "vLLM"), ("7", None), ("one", None), ("1.x", None)):
            course = drive(web({"/v1/models": refusal, "/version": (200, JSON, {"version": said})}))
            assert (course.name, course.outcome) == (kind, Outcome.LOCKED)


def test_vllms_version_must_be_all_that_is_said() -> None:
    for said in ({"version": "1", "build": "x"}, {"version": 1}, ["version"], {}):
        paths = {"/v1/models": (401, UVICORN, {"error": "Unauthorized"}), "/version": (200, JSON, said)}
        assert drive(web(paths)).kind is None


@pytest.mark.parametrize(
    "said",
    [
        {"error": "Unauthorized"},  # vLLM's words, but no /version
        {"error": {"message": "You didn't provide an API key", "type": "invalid_request_error", "code": None}},
        {"error": {"message": "no", "code": "invalid_api_key"}},
    ],
)
def test_a_list_refused_in_the_words_of_a_kind_is_locked_whoever_it_is(said: Any) -> None:
    for headers in ({**JSON, "server": "nginx"}, JSON, UVICORN):
        course = drive(web({"/v1/models": (401, headers, said)}))
        assert (course.kind, course.outcome) == (None, Outcome.LOCKED)


def test_another_program_that_refuses_in_llama_cpp_pythons_words_is_not_it() -> None:
    locked = {"/v1/models": (401, UVICORN, {"detail": "Invalid API key"})}
    titled = {"/openapi.json": (200, JSON, {"info": {"title": "Our own gateway", "version": "9"}})}
    course = drive(web({**locked, **titled}))
    assert (course.kind, course.outcome) == (None, Outcome.LOCKED)
    own = {"/openapi.json": (200, JSON, {"info": {"title": "🦙 llama.cpp Python API", "version": "0.3.36"}})}
    course = drive(web({**locked, **own}))
    assert (course.name, course.outcome, course.reading.version) == ("llama-cpp-python", Outcome.LOCKED, "0.3.36")


@pytest.mark.parametrize(
    "answer",
    [
        web(of([entry(owned_by="vllm", max_model_len=5)]), (200, {}, b"yes")),
        web(of([entry(owned_by="llamacpp")]), (200, {}, b"yes")),
        web(of([entry(created=1677610602)], FRAMING), (200, {}, b"yes")),
        web(of([entry(owned_by="me", permissions=[])]), (200, {}, b"yes")),
        web(of([entry()], {"server": "BaseHTTP/0.6 Python/3.12.1"}), (200, {}, b"yes")),
        web(of([entry()]), (200, {}, b"yes")),
        web({"/api/tags": (200, {}, {"models": []})}, (200, {}, b"yes")),
    ],
)
def test_whoever_is_recognised_is_asked_one_path_that_cannot_exist(answer: Any) -> None:
    course = drive(answer)
    assert sum("<16 hex digits>" in label for label in course.asked) == 1
    assert Signal.CANARY in course.reading.signals


@pytest.mark.parametrize("tags", [b'{"models":[{"name":"llama3', b'{"models":"no"}', {"models": "no"}])
def test_a_broken_list_takes_nothing_back_of_one_that_was_read(tags: object) -> None:
    lists = {**of([entry("llama3.2:3b", owned_by="library")], JSON), "/api/tags": (200, JSON, tags)}
    course = drive(web({**lists, "/api/version": (200, JSON, {"version": "0.31.1"})}), 8000)
    assert course.outcome is Outcome.SERVED
    assert [model.name for model in course.reading.models] == ["llama3.2:3b"]
