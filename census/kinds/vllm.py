"""vLLM: its list says so; the launch flags that decide about tool calling are not shown.

With a key it cannot be told from a fork that kept its paths and its refusal, as later versions of Aphrodite do.
"""

from __future__ import annotations

import re
from typing import Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading
from census.kinds import nim, openai_list
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import document
from census.kinds.signs import refused, version

_NUMBERS: Final = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}(?:[.a-z+]|$)")


def _recognise(exchanges: Exchanges) -> str | None:
    if openai_list.owned_by(exchanges, "vllm"):
        return None if nim.tells(exchanges) else "every model is owned by vllm"
    if _looks_locked(exchanges) and _tells_only_version(exchanges):
        return "vLLM's 401, and its version"
    return None


def _looks_locked(exchanges: Exchanges) -> bool:
    """The key guards /v1 only: a server that refuses other paths too is another one with the same words."""
    first = exchanges.get(openai_list.PATH)
    locked = refused(first) and document(first) == {"error": "Unauthorized"}
    return locked and not refused(exchanges.get("/api/tags"))


def _tells_only_version(exchanges: Exchanges) -> bool:
    told = exchanges.ok(nim.VERSION)
    if not isinstance(told, dict) or told.keys() != {"version"}:
        return False
    return _NUMBERS.match(version(exchanges, nim.VERSION) or "") is not None


def _confirm(exchanges: Exchanges) -> Question | None:
    return next_get(exchanges, nim.VERSION) if _looks_locked(exchanges) else None


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    """A NIM may be vLLM behind another web server, or without its version: so then that is asked about first."""
    return nim.KIND.confirm(exchanges) or next_get(exchanges, nim.VERSION, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, openai_list.rooted, version(exchanges, nim.VERSION))


KIND = Kind(
    name="vLLM",
    ports=(8000,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, nim.VERSION, nim.METADATA, CANARY_PATH)),
    tells="models, the context they are served with, version; whether it is locked by a key",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
