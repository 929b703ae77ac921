"""Signs that several kinds share: what a refusal is, who serves, and what answers to everything."""

from __future__ import annotations

from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchange, Exchanges
from census.facts import Signal
from census.kinds.reading import answer, document, mapping, text

_OK: Final = 200
SERVICE_INFO: Final = "/.well-known/serviceinfo"
REFUSALS: Final = frozenset({401, 403, 407})

# What Python's web servers call themselves; Ollama is Go and says nothing, so these are not an Ollama.
_PYTHON_SERVERS: Final = (
    "uvicorn",
    "python",
    "werkzeug",
    "gunicorn",
    "hypercorn",
    "tornadoserver",
    "aiohttp",
    "cheroot",
)


def refused(exchange: Exchange | None) -> bool:
    """Whether a question was answered by asking for credentials, or by forbidding."""
    return exchange is not None and exchange.status in REFUSALS


def server(exchange: Exchange | None) -> str:
    """What the Server header says, in lower case; empty without one."""
    return exchange.headers.get("server", "").lower() if exchange is not None else ""


def by_python(exchange: Exchange) -> bool:
    """Whether the Server header names a web server written in Python."""
    name = server(exchange)
    return bool(name) and any(word in name for word in _PYTHON_SERVERS)


def error(exchange: Exchange | None) -> dict[str, Any]:
    """The object under `error` in an answer, whatever its status; empty if there is none."""
    return mapping(mapping(document(exchange)).get("error"))


def detail(exchange: Exchange | None) -> dict[str, Any]:
    """The error in the `detail` of an answer, as FastChat and its relatives write it; empty if there is none."""
    return mapping(mapping(mapping(document(exchange)).get("detail")).get("error"))


def software(exchanges: Exchanges) -> dict[str, Any]:
    """What /.well-known/serviceinfo tells of the software, under `name` and perhaps `version`."""
    return mapping(answer(exchanges.get(SERVICE_INFO)).get("software"))


def version(exchanges: Exchanges, path: str, key: str = "version") -> str | None:
    """The version that `path` tells under `key`, at most 64 characters."""
    return text(answer(exchanges.get(path)).get(key), 64)


def claimed(exchanges: Exchanges) -> str | None:
    """The version that an Ollama tells, or whoever passes for one."""
    return exchanges.once(_claimed, "/api/version")


def _claimed(exchanges: Exchanges) -> str | None:
    return version(exchanges, "/api/version")


def catch_all(exchanges: Exchanges) -> frozenset[Signal]:
    """The signal of a server that answers a path which cannot exist with success, or with what another path has."""
    canary = exchanges.get(CANARY_PATH)
    if canary is None:
        return frozenset()
    if 200 <= canary.status < 300:  # noqa: PLR2004  the class 2xx
        return frozenset({Signal.CANARY})
    good = [exchange.body for exchange in exchanges if exchange.status == _OK]
    return frozenset({Signal.ECHO}) if canary.body in good and canary.body.strip() else frozenset()
