"""lmdeploy, a server or the proxy before several: its list says so, and its two ways to refuse are its own."""

from __future__ import annotations

from typing import Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list, openapi
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import document
from census.kinds.signs import detail, refused

_OWN_PATHS: Final = ("/v1/chat/interactive", "/distserve/engine_info")  # the newer came before the older went
_OLDER_REFUSAL: Final = "Please request with valid api key!"
_REFUSAL: Final = {
    "message": "Unauthorized.",
    "type": "authentication_error",
    "code": 401,
    "param": None,
    "object": "error",
}


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.owned_by(exchanges, "lmdeploy"):
        return "every model is owned by lmdeploy"
    first = exchanges.get(openai_list.PATH)
    if refused(first) and document(first) == _REFUSAL:
        return "lmdeploy's 401"
    own = any(openapi.serves(exchanges, path) for path in _OWN_PATHS)
    return "lmdeploy's older 401, and a path that only it describes" if own and _looks_locked(exchanges) else None


def _looks_locked(exchanges: Exchanges) -> bool:
    first = exchanges.get(openai_list.PATH)
    return refused(first) and detail(first).get("message") == _OLDER_REFUSAL


def _confirm(exchanges: Exchanges) -> Question | None:
    return next_get(exchanges, openapi.PATH) if _looks_locked(exchanges) else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, openai_list.rooted)


KIND = Kind(
    name="lmdeploy",
    ports=(23333, 8000),
    asks=tuple(("GET", path) for path in (openai_list.PATH, openapi.PATH, CANARY_PATH)),
    tells="models; whether it is locked by a key",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
