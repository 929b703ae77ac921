"""The allow-list: every request that may ever be sent to a target, written out once; nothing else is sent.

All are pure metadata. Never on it, because it generates, loads, changes, or leaks: `/health` (LiteLLM and SGLang run
inference for it), `/props?model=` (llama.cpp loads the model), `/slots`, `/metrics`, `/server_info` (SGLang's keys),
and every POST except Ollama's show, which reads a file's header.
"""

from __future__ import annotations

from typing import Final

from census.exchanges import CANARY_PATH, Question, is_canary

ALLOWED: Final = frozenset(
    {
        ("GET", "/api/tags"),  # Ollama: its models
        ("GET", "/api/version"),  # Ollama
        ("GET", "/api/ps"),  # Ollama: the models loaded now
        ("POST", "/api/show"),  # Ollama: details of one local model
        ("GET", "/api/show"),  # Ollama: nothing, but how a wrong method is refused tells the version
        ("GET", "/v1/models"),  # all others: their models
        ("GET", "/version"),  # vLLM
        ("GET", "/props"),  # llama.cpp: build and chat template; without a query, which would load a model
        ("GET", "/model/info"),  # LiteLLM: what its models can do
        ("GET", "/health/readiness"),  # LiteLLM: its version
        ("GET", "/health/liveliness"),  # LiteLLM: that it is one
        ("GET", "/openapi.json"),  # servers made with FastAPI: title, version and paths, which tell some apart
        ("GET", "/model_info"),  # SGLang: architecture and whether it has a parser for tools, no keys
        ("GET", "/get_model_info"),  # SGLang: the same before it was renamed
        ("GET", "/info"),  # TGI: its model, limits and version
        ("GET", "/.well-known/serviceinfo"),  # TabbyAPI, Aphrodite: their name, open where the rest asks for a key
        ("GET", "/v1/model"),  # TabbyAPI: the loaded model, its context and chat template
        ("GET", "/v1/internal/model/info"),  # text-generation-webui: the loaded model's name and loader
        ("GET", "/running"),  # llama-swap: what is loaded, where the list does not tell
        ("GET", "/v1/metadata"),  # NIM: that it is one
        ("GET", "/v1/version"),  # NIM: its version
        ("GET", "/api/v1/models"),  # LM Studio: its own list, with tools, contexts and what is loaded
        ("GET", "/api/v0/models"),  # LM Studio: the same before 0.4
        ("GET", "/api/extra/version"),  # KoboldCpp: version and abilities
        ("GET", "/v1/models/capabilities"),  # LocalAI: what its models can do
        ("GET", "/.well-known/localai.json"),  # LocalAI: its version, open where the rest asks for a key
        ("GET", "/v1/cluster/auth"),  # Xinference: that it is one and whether it asks for a key
        ("GET", "/v1/cluster/version"),  # Xinference: its version
        ("GET", "/engines/v1/models"),  # Docker Model Runner: its models, where older ones list them
        ("GET", "/api/status"),  # New API and one-api: version
        ("GET", "/api/config"),  # Open WebUI: name and version, which its page reads before any login
        ("GET", CANARY_PATH),  # every recognised server: a random path that cannot exist
    }
)


def allowed(question: Question) -> bool:
    """Whether a question may be sent: as it stands here, a canary with its digits, a model only in show."""
    if (question.method, question.path) not in ALLOWED:
        return is_canary(question.path) and question.method == "GET" and question.model is None
    if question.path == CANARY_PATH:  # the placeholder, whose digits are still to be drawn
        return False
    return bool(question.model) == (question.method == "POST")
