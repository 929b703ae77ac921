"""LiteLLM's proxy: it lists the models of others, tells what they can do, and hides a lock behind three answers."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Model, Reading, Tools
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import answer, mapping, model_name, number, records, text
from census.kinds.signs import error, refused
from census.kinds.signs import version as told_version

_INFO: Final = "/model/info"
_READINESS: Final = "/health/readiness"
_LIVELINESS: Final = "/health/liveliness"
_CREATED: Final = 1677610602  # what it says of every model: the day OpenAI made one of its own
_REFUSALS: Final = ("auth_error", "token_not_found_in_db")
_ROWS_LIMIT: Final = 10_000  # deployments; several may share a name


def _recognise(exchanges: Exchanges) -> str | None:
    if exchanges.ok(_LIVELINESS) == "I'm alive!" and (_is_likely(exchanges) or _looks_locked(exchanges)):
        return "I'm alive! at /health/liveliness"
    if _all_created(exchanges) and _headers(exchanges):
        return "every model has LiteLLM's date, and its headers"
    if _is_refusal(exchanges.get(openai_list.PATH)):
        return "LiteLLM's 401"
    return "a header of LiteLLM's own" if _names_itself(exchanges) else None


def _confirm(exchanges: Exchanges) -> Question | None:
    if _is_likely(exchanges) or _looks_locked(exchanges):
        return next_get(exchanges, _LIVELINESS)
    return None


def _is_likely(exchanges: Exchanges) -> bool:
    """A list that may be LiteLLM's: its date on every model, or none at all under its headers."""
    listed = openai_list.found(exchanges)
    if listed is None or listed.misread:
        return False
    return _all_created(exchanges) or (not listed.entries and _headers(exchanges))


def _all_created(exchanges: Exchanges) -> bool:
    return openai_list.every(exchanges, lambda entry: entry.get("created") == _CREATED)


def _headers(exchanges: Exchanges) -> bool:
    """Whether a list question was answered with LiteLLM's headers; a bare 500 has none, the next answer has."""
    asked = (exchanges.get(openai_list.PATH), exchanges.get("/api/tags"))
    return any(_are_headers(exchange.headers) for exchange in asked if exchange is not None)


def _are_headers(headers: Mapping[str, str]) -> bool:
    """Its own, or its two against framing where there is no Server header."""
    framing = (headers.get("x-frame-options"), headers.get("content-security-policy"))
    against_framing = framing == ("DENY", "frame-ancestors 'none'") and "server" not in headers
    return against_framing or _is_own(headers)


def _is_own(headers: Mapping[str, str]) -> bool:
    return any(name.startswith("x-litellm-") for name in headers)


def _names_itself(exchanges: Exchanges) -> bool:
    """A list, or the refusal of it, under a header with its name."""
    first = exchanges.get(openai_list.PATH)
    told = refused(first) or openai_list.found(exchanges) is not None
    return first is not None and told and _is_own(first.headers)


def _is_refusal(exchange: Exchange | None) -> bool:
    said = error(exchange)
    worded = (text(said.get("message")) or "").startswith("Authentication Error")
    return refused(exchange) and said.get("type") in _REFUSALS and said.get("code") == "401" and worded


def _looks_locked(exchanges: Exchanges) -> bool:
    """Without a key it answers 401, without a database 400, without a database's driver a bare 500."""
    first = exchanges.get(openai_list.PATH)
    if first is None:
        return False
    kind = error(first).get("type")
    if refused(first):
        return kind in _REFUSALS or _headers(exchanges)
    if first.status == HTTPStatus.BAD_REQUEST:
        return kind == "no_db_connection"
    bare = first.status == HTTPStatus.INTERNAL_SERVER_ERROR and first.body == b"Internal Server Error"
    return bare and _headers(exchanges)


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    if openai_list.found(exchanges) is None:
        return next_get(exchanges, _READINESS, CANARY_PATH)
    return next_get(exchanges, _INFO, _READINESS, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    infos = _infos(exchanges)

    def make(name: str, entry: Mapping[str, Any]) -> Model:
        return _model(name, entry, infos.get(name, []))

    return openai_list.reading(exchanges, make, _version(exchanges), relay=True)


def _version(exchanges: Exchanges) -> str | None:
    first = exchanges.get(openai_list.PATH)
    header = first.headers.get("x-litellm-version") if first is not None else None
    return told_version(exchanges, _READINESS, "litellm_version") or text(header, 64)


def _infos(exchanges: Exchanges) -> dict[str, list[dict[str, Any]]]:
    """`model_info` of every deployment by name; `litellm_params`, which holds addresses, is not looked at."""
    infos: dict[str, list[dict[str, Any]]] = {}
    for row in records(answer(exchanges.get(_INFO)).get("data"), _ROWS_LIMIT):
        name = model_name(row.get("model_name"))
        if name is not None:
            infos.setdefault(name, []).append(mapping(row.get("model_info")))
    return infos


def _model(name: str, entry: Mapping[str, Any], infos: list[dict[str, Any]]) -> Model:
    tools = _tools([info.get("supports_function_calling") for info in infos])
    lengths = (number(told.get("max_input_tokens"), 1) for told in (entry, *infos))
    return openai_list.model(
        name,
        context_length=next(filter(None, lengths), None),
        tools=tools,
        tools_source=None if tools is Tools.UNKNOWN else "litellm",
        tools_level=None if tools is Tools.UNKNOWN else "relay",
    )


def _tools(flags: list[Any]) -> Tools:
    """Of deployments that share a name any one with tools is enough; "no" needs all to say so."""
    if any(flag is True for flag in flags):
        return Tools.YES
    return Tools.NO if flags and all(flag is False for flag in flags) else Tools.UNKNOWN


KIND = Kind(
    name="LiteLLM",
    ports=(4000,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, _LIVELINESS, _INFO, _READINESS, CANARY_PATH)),
    tells="the models it passes on, their contexts and tools, version; whether it is locked by a key",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
