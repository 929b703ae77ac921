"""Jan's local server: it wants a key by default, and sends all its many headers for browsers to whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question
from census.kinds.signs import refused, server

_METHODS: Final = "GET, POST, PUT, DELETE, OPTIONS, PATCH"
_REFUSALS: Final = (
    "Missing authorization header",
    "Invalid or missing authorization token",
    "Invalid host header",  # it answers only under the names that its owner trusts
)


def _recognise(exchanges: Exchanges) -> str | None:
    first = exchanges.get(openai_list.PATH)
    if first is None or not _has_headers(first):
        return None
    listed = openai_list.found(exchanges)
    if listed is None:
        return "Jan's refusal, and its headers" if refused(first) and first.text in _REFUSALS else None
    own = all(map(_is_entry, listed.entries)) and not listed.misread
    return "every model is the user's, and its headers" if own else None


def _has_headers(exchange: Exchange) -> bool:
    allowed = exchange.headers.get("access-control-allow-headers", "").lower()
    methods = exchange.headers.get("access-control-allow-methods")
    return methods == _METHODS and "x-csrf-token" in allowed and not server(exchange)


def _is_entry(entry: Mapping[str, Any]) -> bool:
    return (entry.get("owned_by"), entry.get("created")) == ("user", 1)


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, openai_list.named_only)


KIND = Kind(
    name="Jan",
    ports=(1337,),
    asks=(("GET", openai_list.PATH), ("GET", CANARY_PATH)),
    tells="the loaded models; whether it is locked by a key",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
