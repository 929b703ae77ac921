"""What may be sent at all: the list is closed, and no longer than what the kinds need."""

from __future__ import annotations

import pytest

from census.exchanges import CANARY_PATH, Question
from census.kinds import KINDS, opening
from census.kinds.allowed import ALLOWED, allowed


def test_the_list_is_exactly_what_the_kinds_announce() -> None:
    openings = {(question.method, question.path) for port in (11434, 8000) for question in opening(port)}
    assert {each for kind in KINDS for each in kind.asks} | openings == ALLOWED


def test_every_get_on_the_list_may_be_asked_and_show_about_a_model() -> None:
    for method, path in ALLOWED - {("GET", CANARY_PATH)}:
        assert allowed(Question(method, path, "a model" if method == "POST" else None))
    assert allowed(Question("GET", "/0123456789abcdef"))


@pytest.mark.parametrize(
    "question",
    [
        Question("GET", path)
        for path in (
            "/health", "/v1/health", "/health_generate", "/slots", "/metrics", "/server_info", "/get_server_info",
            "/api/extra/generate/check", "/terminate", "/nodes/terminate_all", "/flush_cache", "/start_profile",
            "/stop_profile", "/freeze_gc", "/clear_hicache_storage_backend", "/upstream/x", "/api/me", "/api/pull",
            "/props?model=x", "/props?", "/models?reload=1", "/api/show?", "/", "", "/v1/models/x", "/v1/models/",
            "//v1/models", "/v1/../health", "/api/tags?x", "/api/tags#x", "/API/TAGS", CANARY_PATH,
            "/0123456789abcde", "/0123456789abcdef0", "/0123456789ABCDEF", "/0123456789abcdeg",
        )
    ]
    + [
        Question("POST", path, model)
        for path in ("/api/generate", "/api/chat", "/v1/chat/completions", "/api/pull", "/api/delete", "/api/tags",
                     "/tokenize", "/0123456789abcdef")
        for model in (None, "x")
    ]
    + [
        Question("POST", "/api/show"),
        Question("POST", "/api/show", ""),
        Question("GET", "/api/show", "x"),
        Question("GET", "/api/tags", "x"),
        Question("GET", "/0123456789abcdef", "x"),
        Question("HEAD", "/api/tags"),
        Question("get", "/api/tags"),
        Question("DELETE", "/api/tags"),
        Question("OPTIONS", "/v1/models"),
    ],
    ids=lambda question: f"{question.method} {question.path} {question.model}",
)  # fmt: skip
def test_nothing_else_is_ever_sent(question: Question) -> None:
    assert not allowed(question)
