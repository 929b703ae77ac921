"""mlx-lm's server: Python's plain HTTP server with entries that have nothing but an id and a date.

Without a cache folder it answers the list with success and no body. Then its 404 tells who it is, and its list cannot
be read.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Outcome, Reading
from census.kinds import openai_list
from census.kinds.emulators import TAGS
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.signs import server

_KEYS: Final = {"id", "object", "created"}


def _recognise(exchanges: Exchanges) -> str | None:
    said = server(exchanges.get(openai_list.PATH))
    if not said.startswith("basehttp/") or " python/" not in said:
        return None
    if openai_list.every(exchanges, lambda entry: entry.keys() == _KEYS):
        return "Server: BaseHTTP, and bare entries"
    return "an empty answer, and mlx-lm's 404" if _is_speechless(exchanges) else None


def _is_speechless(exchanges: Exchanges) -> bool:
    first, other = exchanges.get(openai_list.PATH), exchanges.get(TAGS)
    if first is None or other is None or not (first.is_json and other.is_json):
        return False
    answers = ((first.status, first.body), (other.status, other.body))
    return answers == ((HTTPStatus.OK, b""), (HTTPStatus.NOT_FOUND, b"Not Found"))


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return None if _is_speechless(exchanges) else next_get(exchanges, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    return (
        Reading(Outcome.MISREAD)
        if _is_speechless(exchanges)
        else openai_list.reading(exchanges, openai_list.named_only)
    )


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
