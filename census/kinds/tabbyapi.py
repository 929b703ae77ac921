"""TabbyAPI: locked by default but open about its name; unlocked it tells the loaded model's context and template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Model, Reading, Tools
from census.kinds import openai_list, openapi
from census.kinds.abilities import in_template, told
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import answer, document, mapping, number, sha256_hex, source
from census.kinds.signs import SERVICE_INFO, refused, software

_LOADED: Final = "/v1/model"
_NAME: Final = "TabbyAPI"


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.owned_by(exchanges, "tabbyAPI"):
        return "every model is owned by tabbyAPI"
    if _looks_locked(exchanges) and software(exchanges).get("name") == _NAME:
        return "it says that it is TabbyAPI"
    return "an empty list, and its title" if openapi.may_tell(exchanges) and openapi.title(exchanges) == _NAME else None


def _looks_locked(exchanges: Exchanges) -> bool:
    first = exchanges.get(openai_list.PATH)
    return refused(first) and document(first) == {"detail": "Please provide an API key"}


def _confirm(exchanges: Exchanges) -> Question | None:
    if _looks_locked(exchanges):
        return next_get(exchanges, SERVICE_INFO)
    return next_get(exchanges, openapi.PATH) if openapi.may_tell(exchanges) else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    loaded = (_LOADED,) if openai_list.entries(exchanges) else ()
    return next_get(exchanges, *loaded, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    loaded = answer(exchanges.get(_LOADED))

    def make(name: str, entry: Mapping[str, Any]) -> Model:
        return _model(name, mapping(loaded.get("parameters")) if loaded.get("id") == entry.get("id") else {})

    return openai_list.reading(exchanges, make)


def _model(name: str, said: Mapping[str, Any]) -> Model:
    template = source(said.get("prompt_template_content"))
    tools = Tools.UNKNOWN
    if template is not None:
        tools = Tools.YES if in_template(template) else Tools.NO
    vision = said.get("use_vision")
    flags = (("completion", True), ("tools", tools is Tools.YES), ("vision", vision))
    return openai_list.model(
        name,
        context_served=number(said.get("max_seq_len"), 1),
        capabilities=tuple(word for word, has in flags if has) if isinstance(vision, bool) else None,
        template_hash=sha256_hex(template) if template else None,
        **told(tools, "props_template", "server"),
    )


KIND = Kind(
    name=_NAME,
    ports=(5000,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, SERVICE_INFO, openapi.PATH, _LOADED, CANARY_PATH)),
    tells="the loaded model, the context it is served with, vision, tools by its chat template; whether it is locked",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
