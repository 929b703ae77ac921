"""New API and one-api, from which it was made: gateways that resell models, and list them to those who have a key."""

from __future__ import annotations

from typing import Final

from census.exchanges import Exchange, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list
from census.kinds.emulators import TAGS
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.reading import answer, mapping, text
from census.kinds.signs import error, refused

_STATUS: Final = "/api/status"
_VERSION: Final = "x-new-api-version"  # a header of every answer of New API, and of none of one-api
_REQUEST: Final = "x-oneapi-request-id"  # a header of every answer of both


def _program(exchanges: Exchanges) -> str | None:
    """Which of the two it is, by its headers or by the type of its errors; None if it is neither."""
    first = exchanges.get(openai_list.PATH)
    listed = openai_list.found(exchanges)
    if first is None or not (refused(first) or (listed is not None and not listed.misread)):
        return None
    kind = error(first).get("type")
    if _VERSION in first.headers or kind == "new_api_error":
        return "New API"
    return "one-api" if _REQUEST in first.headers or kind == "one_api_error" else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    """No path that cannot exist: both answer those with their own page."""
    return next_get(exchanges, openai_list.PATH, *(() if _in_header(exchanges) else (_STATUS,)))


def _in_header(exchanges: Exchanges) -> str | None:
    asked: tuple[Exchange | None, ...] = (exchanges.get(openai_list.PATH), exchanges.get(TAGS))
    told = (text(exchange.headers.get(_VERSION), 64) for exchange in asked if exchange is not None)
    return next(filter(None, told), None)


def _read(exchanges: Exchanges) -> Reading:
    status = mapping(answer(exchanges.get(_STATUS)).get("data"))
    version = _in_header(exchanges) or text(status.get("version"), 64)
    return openai_list.reading(exchanges, openai_list.named_only, version, relay=True)


def _kind(name: str) -> Kind:
    return Kind(
        name=name,
        ports=(3000,),
        asks=(("GET", openai_list.PATH), ("GET", _STATUS)),
        tells="that it is there, locked by a key; version",
        recognise=lambda exchanges: "its header or its errors" if _program(exchanges) == name else None,
        confirm=no_question,
        ask=_ask,
        read=_read,
    )


NEW_API: Final = _kind("New API")
ONE_API: Final = _kind("one-api")
