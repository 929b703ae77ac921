"""TensorRT-LLM's trtllm-serve: its list says so, and little else; it knows no key."""

from __future__ import annotations

from typing import Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.signs import version

_VERSION: Final = "/version"


def _recognise(exchanges: Exchanges) -> str | None:
    return "every model is owned by tensorrt_llm" if openai_list.owned_by(exchanges, "tensorrt_llm") else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, _VERSION, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, openai_list.rooted, version(exchanges, _VERSION))


KIND = Kind(
    name="TensorRT-LLM",
    ports=(8000,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, _VERSION, CANARY_PATH)),
    tells="models, version",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
