"""llama-cpp-python's server: every model is owned by "me", and its title says which program it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import answer, document, mapping, text
from census.kinds.signs import refused

_OPENAPI: Final = "/openapi.json"


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.every(exchanges, _is_entry):
        return "every model is owned by me"
    first = exchanges.get(openai_list.PATH)
    locked = refused(first) and document(first) == {"detail": "Invalid API key"}
    return "llama-cpp-python's 401" if locked and not _is_another(exchanges) else None


def _is_entry(entry: Mapping[str, Any]) -> bool:
    return entry.get("owned_by") == "me" and isinstance(entry.get("permissions"), list)


def _is_another(exchanges: Exchanges) -> bool:
    """Whether the title names another program: many that are made with FastAPI refuse in the same words."""
    title = text(_info(exchanges).get("title"))
    return title is not None and "llama.cpp Python" not in title


def _info(exchanges: Exchanges) -> dict[str, Any]:
    return mapping(answer(exchanges.get(_OPENAPI)).get("info"))


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, _OPENAPI, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    version = None if _is_another(exchanges) else text(_info(exchanges).get("version"), 64)
    return openai_list.reading(exchanges, openai_list.named_only, version)


KIND = Kind(
    name="llama-cpp-python",
    ports=(8000,),
    asks=(("GET", openai_list.PATH), ("GET", _OPENAPI), ("GET", CANARY_PATH)),
    tells="models, version; whether it is locked by a key",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
