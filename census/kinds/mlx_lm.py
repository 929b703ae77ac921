"""mlx-lm's server: Python's plain HTTP server with entries that have nothing but an id and a date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.facts import CANARY_PATH, Exchanges, Model, Question, Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.signs import server

_KEYS: Final = {"id", "object", "created"}


def _recognise(exchanges: Exchanges) -> str | None:
    said = server(exchanges.get(openai_list.PATH))
    plain = said.startswith("basehttp/") and " python/" in said
    bare = openai_list.every(exchanges, lambda entry: set(entry) == _KEYS)
    return "Server: BaseHTTP, and bare entries" if plain and bare else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _model(name: str, _entry: Mapping[str, Any]) -> Model:
    return openai_list.model(name)


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, _model)


KIND = Kind(
    name="mlx-lm",
    ports=(8080,),
    asks=(("GET", openai_list.PATH), ("GET", CANARY_PATH)),
    tells="models: all in its Hugging Face cache, served or not",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
