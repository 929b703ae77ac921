"""Open WebUI: a page for nearly every path, behind which servers stand that only those who log in may ask."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from census.exchanges import Exchange, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list
from census.kinds.emulators import TAGS
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import answer, document, text
from census.kinds.signs import version

_CONFIG: Final = "/api/config"
_NAME: Final = "Open WebUI"
_HEAD: Final = 16 * 1024  # bytes of a page in which its name stands
_OK: Final = 200
_TIMED: Final = re.compile(r"\d{1,4}\.\d{6}")  # seconds


def _recognise(exchanges: Exchanges) -> str | None:
    """An owner may give it another name, behind which its own stands in brackets."""
    config = answer(exchanges.get(_CONFIG))
    named = _NAME in (text(config.get("name")) or "") and isinstance(config.get("features"), dict)
    return "its name at /api/config" if named else None


def _confirm(exchanges: Exchanges) -> Question | None:
    asked = (exchanges.get(openai_list.PATH), exchanges.get(TAGS))
    likely = any(map(_is_page, asked)) or all(map(_is_missing, asked))
    return next_get(exchanges, _CONFIG) if likely else None


def _is_page(exchange: Exchange | None) -> bool:
    if exchange is None or exchange.status != _OK or "html" not in exchange.headers.get("content-type", ""):
        return False
    return _NAME.encode() in exchange.body[:_HEAD]


def _is_missing(exchange: Exchange | None) -> bool:
    """FastAPI's 404 with the time it took, to the microsecond: versions that keep their page from paths of an API."""
    if exchange is None or exchange.status != HTTPStatus.NOT_FOUND:
        return False
    timed = _TIMED.fullmatch(exchange.headers.get("x-process-time", "")) is not None
    return timed and document(exchange) == {"detail": "Not Found"}


def _ask(_exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    """Nothing: all that is left asks for a login, and a path that cannot exist is answered with the page."""
    return None


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, lambda name, _entry: openai_list.model(name), version(exchanges, _CONFIG))


KIND = Kind(
    name="Open WebUI",
    ports=(8080, 3000),
    asks=(("GET", _CONFIG),),
    tells="that it is there, locked by a login; version",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
