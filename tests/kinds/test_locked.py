"""Servers that ask for a key: who is named by what stays open, and who is locked without a name."""

from __future__ import annotations

from typing import Any

import pytest

from census.facts import Outcome
from tests.kinds.course import JSON, UVICORN, drive, web

NGINX = {"server": "nginx", **JSON}
EXPRESS = {"x-powered-by": "Express", **JSON}
BEARER = {"www-authenticate": "Bearer", **JSON}
PORTS = (8000, 11434)
BUDGET = 3  # the opening, and one confirming question


def refusal(body: Any, headers: dict[str, str] = NGINX, status: int = 401) -> dict[str, Any]:
    return {"/v1/models": (status, headers, body)}


def told(path: str, body: Any) -> dict[str, Any]:
    return {path: (200, JSON, body)}


OAUTH = refusal({"detail": "Not authenticated"})
STALE = refusal({"detail": "Could not validate credentials"})
AUTH = "/v1/cluster/auth"
UNAUTHORIZED = refusal({"error": "Unauthorized"})
KEY_REQUIRED = {"error": {"message": "An authentication key is required", "type": "invalid_request_error"}}
LOCALAI = refusal(KEY_REQUIRED, BEARER)
DISCOVERY = "/.well-known/localai.json"
NO_KEY = {"type": "invalid_request", "code": "invalid_api_key", "message": "Missing API token."}


def of_litellm(kind: str, message: str = "Authentication Error, No api key passed in.", code: Any = "401") -> Any:
    return {"error": {"message": message, "type": kind, "param": "None", "code": code}}


@pytest.mark.parametrize(
    "said",
    [
        {"detail": {"error": {"message": "", "code": "invalid_api_key"}}},
        {"detail": {"error": {"message": "Please request with valid api key!", "code": "invalid_api_key"}}},
        {"detail": {"error": {"message": "No.", "type": "invalid_request_error"}}},
        {"detail": {"error": {"code": "invalid_api_key"}}},
        {"error": {"code": "invalid_api_key"}},
        {"detail": {"error": "Unauthorized", "msg": "Key, please.", "type": "unauthorized"}},
    ],
)
@pytest.mark.parametrize("status", [401, 403, 407])
def test_a_key_asked_for_in_a_known_shape_is_a_lock_whoever_it_is(said: Any, status: int) -> None:
    for port in PORTS:
        course = drive(web(refusal(said, UVICORN, status)), port)
        assert (course.kind, course.outcome) == (None, Outcome.LOCKED)
        assert len(course.asked) <= BUDGET


@pytest.mark.parametrize(
    "said",
    [
        {"detail": {"error": {"message": "No."}}},
        {"detail": {"error": {"code": ["invalid_api_key"]}}},
        {"detail": {"error": "Teapot", "msg": "x", "type": "y"}},
        {"detail": "Not authenticated"},
        {"detail": ["Unauthorized"]},
    ],
)
def test_a_refusal_of_no_inference_server_is_other(said: Any) -> None:
    for port in PORTS:
        assert drive(web(refusal(said)), port).outcome is Outcome.OTHER


@pytest.mark.parametrize(
    ("kind", "outcome", "paths"),
    [
        ("Xinference", Outcome.LOCKED, OAUTH | told(AUTH, {"auth": True})),
        ("Xinference", Outcome.LOCKED, STALE | told(AUTH, {"auth": True})),
        (None, Outcome.OTHER, OAUTH | told(AUTH, {"auth": False})),
        (None, Outcome.OTHER, OAUTH | told(AUTH, {"auth": 1})),
        (None, Outcome.OTHER, OAUTH | told(AUTH, {"auth": True, "user": "x"})),
        (None, Outcome.OTHER, OAUTH),
        (None, Outcome.OTHER, STALE),
        ("vLLM", Outcome.LOCKED, UNAUTHORIZED | told("/version", {"version": "0.11.0"})),
        ("vLLM", Outcome.LOCKED, UNAUTHORIZED | told("/version", {"version": "0.11.1rc2.dev12+g0123abc"})),
        (None, Outcome.LOCKED, UNAUTHORIZED | told("/version", {"version": "latest"})),
        (None, Outcome.LOCKED, UNAUTHORIZED | told("/version", {"version": "0.11.0", "name": "shop"})),
        ("LocalAI", Outcome.LOCKED, LOCALAI | told(DISCOVERY, {"version": "v3.4.0 (ab12)", "endpoints": {}})),
        (None, Outcome.LOCKED, LOCALAI | told(DISCOVERY, {"hello": 1})),
        (None, Outcome.LOCKED, LOCALAI),
        (None, Outcome.LOCKED, refusal(KEY_REQUIRED) | told(DISCOVERY, {"version": "v3.4.0 (ab12)"})),
        ("LM Studio", Outcome.LOCKED, refusal({"error": NO_KEY}, EXPRESS)),
        (None, Outcome.LOCKED, refusal({"error": NO_KEY})),
        (None, Outcome.LOCKED, refusal({"error": NO_KEY | {"type": "invalid_request_error"}}, EXPRESS)),
        ("Lemonade", Outcome.LOCKED, refusal({"error": "Invalid or missing API key"})),
        (None, Outcome.LOCKED, refusal({"error": "Invalid API key"})),
        ("LiteLLM", Outcome.LOCKED, refusal(of_litellm("auth_error"))),
        ("LiteLLM", Outcome.LOCKED, refusal(of_litellm("token_not_found_in_db"))),
        (None, Outcome.LOCKED, refusal(of_litellm("auth_error", "No key."))),
        (None, Outcome.LOCKED, refusal(of_litellm("auth_error", code=401))),
        ("LiteLLM", Outcome.LOCKED, refusal({}, {"x-litellm-call-id": "1", **NGINX})),
    ],
)  # fmt: skip
def test_a_lock_is_named_by_its_words_or_by_one_question_more(
    kind: str | None, outcome: Outcome, paths: dict[str, Any]
) -> None:
    for port in PORTS:
        course = drive(web(paths), port)
        assert (course.name, course.outcome, course.reading.models) == (kind, outcome, ())
        assert len(course.asked) <= (8 if kind else BUDGET)


def test_where_every_path_is_refused_nobody_is_asked_about_xinferences_keys() -> None:
    course = drive(web({}, (401, NGINX, {"detail": "Not authenticated"})))
    assert (course.kind, course.outcome, len(course.asked)) == (None, Outcome.LOCKED, 2)
