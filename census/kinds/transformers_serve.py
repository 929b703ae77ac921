"""transformers serve: a list of its Hugging Face cache, and a description of itself that only it writes so.

Where that cache does not exist it answers its list with a bare 500, which names nobody.
"""

from __future__ import annotations

from typing import Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list, openapi
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.signs import server

_KEYS: Final = {"owned_by", "id", "object", "created"}
_PATHS: Final = ("/v1/chat/completions", "/v1/responses", "/health")


def _recognise(exchanges: Exchanges) -> str | None:
    unnamed = (openapi.title(exchanges), openapi.version(exchanges)) == ("FastAPI", "0.1.0")
    described = all(openapi.serves(exchanges, path) for path in _PATHS)
    # Nobody else gives browsers an answer of their own at the list.
    own = unnamed and described and openapi.serves(exchanges, openai_list.PATH, "options")
    return "its description of itself" if own and _is_likely(exchanges) else None


def _is_likely(exchanges: Exchanges) -> bool:
    """A bare list, or an empty one, with the number that it gives to each request."""
    listed = openai_list.found(exchanges)
    if listed is None or listed.misread or any(entry.keys() != _KEYS for entry in listed.entries):
        return False
    first = exchanges.get(openai_list.PATH)
    return first is not None and "uvicorn" in server(first) and "x-request-id" in first.headers


def _confirm(exchanges: Exchanges) -> Question | None:
    return next_get(exchanges, openapi.PATH) if _is_likely(exchanges) else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, openai_list.named_only)


KIND = Kind(
    name="transformers serve",
    ports=(8000,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, openapi.PATH, CANARY_PATH)),
    tells="models: all in its Hugging Face cache, served or not",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
