"""Text Generation Inference: its router's information tells model, context and version, and no key guards it.

Its key is for generating only, so that a server with one is read as any other. Versions before 2 list no models and
are told by the bare 404 of their web framework, which is worth one question.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Model, Outcome, Reading, Tools
from census.kinds import openai_list
from census.kinds.abilities import told
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import answer, model_name, number, text
from census.kinds.signs import catch_all, server
from census.kinds.signs import version as told_version

_INFO: Final = "/info"
_ROUTER: Final = "text-generation-router"
_KEYS: Final = {"id", "object", "created", "owned_by"}
_LIMITS: Final = {"model_id", "max_concurrent_requests", "max_total_tokens"}
_VARY: Final = {"origin", "access-control-request-method", "access-control-request-headers"}
_IN_FRONT: Final = {"", "nginx", "openresty", "caddy", "envoy", "cloudflare"}
_GUIDED: Final = 2  # from this version on it guides any model to call tools
_CAPABILITIES: Final = {"text-generation": ("completion",), "image-text-to-text": ("completion", "vision")}


def _recognise(exchanges: Exchanges) -> str | None:
    info = answer(exchanges.get(_INFO))
    router = text(info.get("router")) or _ROUTER  # older versions do not name it
    return "its router's information" if info.keys() >= _LIMITS and router.startswith(_ROUTER) else None


def _confirm(exchanges: Exchanges) -> Question | None:
    listed = openai_list.found(exchanges)
    asked = (exchanges.get(openai_list.PATH), exchanges.get("/api/tags"))
    likely = all(map(_is_bare, asked)) if listed is None else openai_list.every(exchanges, _is_entry)
    return next_get(exchanges, _INFO) if likely else None


def _is_entry(entry: Mapping[str, Any]) -> bool:
    owned = model_name(entry.get("id")) is not None and entry.get("owned_by") == entry["id"]
    return owned and entry.keys() == _KEYS and entry["created"] == 0


def _is_bare(exchange: Exchange | None) -> bool:
    """A 404 without a body, or a Server header but a proxy's: written in Rust, and made for browsers.

    It is open to all origins unless its owner names some, of which it then says nothing to whoever comes from none.
    """
    if exchange is None or exchange.status != HTTPStatus.NOT_FOUND or exchange.body:
        return False
    vary = {part.strip() for part in exchange.headers.get("vary", "").lower().split(",")}
    itself = server(exchange).partition("/")[0].strip() in _IN_FRONT
    return itself and vary >= _VARY and exchange.headers.get("access-control-allow-origin", "*") == "*"


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    info = answer(exchanges.get(_INFO))
    version = told_version(exchanges, _INFO)
    name = model_name(info.get("model_id"))
    models = (_model(name, info, version),) if name is not None else ()
    if not models:
        return openai_list.reading(exchanges, lambda other, _entry: openai_list.model(other), version)
    return Reading(Outcome.SERVED, version, models, signals=catch_all(exchanges))


def _model(name: str, info: Mapping[str, Any], version: str | None) -> Model:
    major = (version or "").partition(".")[0]
    guided = major.isdecimal() and len(major) < 4 and int(major) >= _GUIDED  # noqa: PLR2004  no year, no nonsense
    return openai_list.model(
        name,
        context_served=number(info.get("max_total_tokens"), 1),
        capabilities=_CAPABILITIES.get(text(info.get("model_pipeline_tag")) or ""),
        **told(Tools.YES if guided else Tools.UNKNOWN, "server_side", "server"),
    )


KIND = Kind(
    name="TGI",
    ports=(3000, 80, 8080),
    asks=tuple(("GET", path) for path in (openai_list.PATH, _INFO, CANARY_PATH)),
    tells="the model with the context it is served with and what it is for, tools, version",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
