"""The allow-list: every request that may ever be sent to a target, written out once; nothing else is sent.

All are pure metadata. Never on it, because it generates, loads, changes, or leaks: `/health` (LiteLLM and SGLang run
inference for it), `/props?model=` (llama.cpp loads the model), `/slots`, `/metrics`, `/server_info` (SGLang's keys),
and every POST except Ollama's show, which reads a file's header.
"""

from __future__ import annotations

from typing import Final

from census.facts import CANARY_PATH, Question, is_canary
from census.kinds.kind import SHOW_PATH

ALLOWED: Final = frozenset(
    {
        ("GET", "/api/tags"),  # Ollama: its models
        ("GET", "/api/version"),  # Ollama
        ("GET", "/api/ps"),  # Ollama: the models loaded now
        ("POST", "/api/show"),  # Ollama: details of one local model
        ("GET", "/v1/models"),  # all others: their models
        ("GET", "/version"),  # vLLM
        ("GET", "/props"),  # llama.cpp: build and chat template; without a query, which would load a model
        ("GET", "/model/info"),  # LiteLLM: what its models can do
        ("GET", "/health/readiness"),  # LiteLLM: its version
        ("GET", "/health/liveliness"),  # LiteLLM: that it is one
        ("GET", "/openapi.json"),  # llama-cpp-python: its title and version
        ("GET", CANARY_PATH),  # every recognised server: a random path that cannot exist
    }
)


def allowed(question: Question) -> bool:
    """Whether a question may be sent: as it stands here, a canary with its digits, a model only in show."""
    if is_canary(question.path):
        return question.method == "GET" and question.model is None
    if question.path == CANARY_PATH:  # the placeholder, whose digits are still to be drawn
        return False
    about_model = question.path == SHOW_PATH
    return (question.method, question.path) in ALLOWED and bool(question.model) == about_model
