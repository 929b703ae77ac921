"""llamafile with its own server, which knows no key; one with an older llama.cpp's inside is taken for that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import text
from census.kinds.signs import server


def _recognise(exchanges: Exchanges) -> str | None:
    return "every model is owned by llamafile" if openai_list.owned_by(exchanges, "llamafile") else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _model(name: str, _entry: Mapping[str, Any]) -> Model:
    return openai_list.model(name, format="gguf")


def _read(exchanges: Exchanges) -> Reading:
    name, _, version = server(exchanges.get(openai_list.PATH)).partition("/")
    return openai_list.reading(exchanges, _model, text(version, 64) if name == "llamafile" else None)


KIND = Kind(
    name="llamafile",
    ports=(8080,),
    asks=(("GET", openai_list.PATH), ("GET", CANARY_PATH)),
    tells="the model, version",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
