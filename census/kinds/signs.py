"""Signs that several kinds share: what a refusal is, who serves, and what answers to everything."""

from __future__ import annotations

from typing import Any, Final

from census.facts import CANARY_PATH, Exchange, Exchanges, Signal
from census.kinds.reading import answer, document, mapping, text

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
    return any(word in server(exchange) for word in _PYTHON_SERVERS)


def error(exchange: Exchange | None) -> dict[str, Any]:
    """The object under `error` in an answer, whatever its status; empty if there is none."""
    return mapping(mapping(document(exchange)).get("error"))


def version(exchanges: Exchanges, path: str, key: str = "version") -> str | None:
    """The version that `path` tells under `key`, at most 64 characters."""
    return text(answer(exchanges.get(path)).get(key), 64)


def catch_all(exchanges: Exchanges) -> frozenset[Signal]:
    """The signal of a server that answers a path which cannot exist with success."""
    canary = exchanges.get(CANARY_PATH)
    found = canary is not None and 200 <= canary.status < 300  # noqa: PLR2004  the class 2xx
    return frozenset({Signal.CANARY}) if found else frozenset()
