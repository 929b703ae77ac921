"""FastChat: its list says so; it passes no tools on to any model, whatever the model could do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Reading, Tools
from census.kinds import openai_list, openapi
from census.kinds.abilities import told
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.signs import detail, refused

_OWN_PATH: Final = "/api/v1/token_check"


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.owned_by(exchanges, "fastchat"):
        return "every model is owned by fastchat"
    silent = _looks_locked(exchanges) or openapi.may_tell(exchanges)
    return "a path that only it describes" if silent and openapi.serves(exchanges, _OWN_PATH) else None


def _looks_locked(exchanges: Exchanges) -> bool:
    """Refused without a word; relatives that took over its code say something."""
    first = exchanges.get(openai_list.PATH)
    said = detail(first)
    return refused(first) and (said.get("code"), said.get("message")) == ("invalid_api_key", "")


def _confirm(exchanges: Exchanges) -> Question | None:
    silent = _looks_locked(exchanges) or openapi.may_tell(exchanges)
    return next_get(exchanges, openapi.PATH) if silent else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _model(name: str, entry: Mapping[str, Any]) -> Model:
    return openai_list.rooted(name, entry, **told(Tools.NO, "server_side", "server"))


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, _model)


KIND = Kind(
    name="FastChat",
    ports=(8000,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, openapi.PATH, CANARY_PATH)),
    tells="models, that it does not call tools; whether it is locked by a key",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
