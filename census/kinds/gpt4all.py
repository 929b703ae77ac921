"""GPT4All's server: every model is owned by humanity; it knows no key, and switched off it names nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question


def _recognise(exchanges: Exchanges) -> str | None:
    return "every model is owned by humanity" if openai_list.every(exchanges, _is_entry) else None


def _is_entry(entry: Mapping[str, Any]) -> bool:
    return entry.get("owned_by") == "humanity" and isinstance(entry.get("permissions"), list)


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    return openai_list.reading(exchanges, openai_list.named_only)


KIND = Kind(
    name="GPT4All",
    ports=(4891,),
    asks=(("GET", openai_list.PATH), ("GET", CANARY_PATH)),
    tells="the models that are installed",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
