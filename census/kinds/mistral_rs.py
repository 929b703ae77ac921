"""mistral.rs: a list that begins with an entry that is no model, `default`; it knows no key.

`tools_available` is about tools that the server itself may use, not about what a model can do. Versions that list
their one model alone say nothing of their own and stay a server with OpenAI's protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question

_DEFAULT: Final = "default"


def _recognise(exchanges: Exchanges) -> str | None:
    entries = openai_list.entries(exchanges)
    own = openai_list.owned_by(exchanges, "local") and entries[0].get("id") == _DEFAULT
    return "every model is local, and the first is the default" if own else None


def _is_model(entry: Mapping[str, Any]) -> bool:
    return entry.get("id") != _DEFAULT


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    alone = len(openai_list.entries(exchanges)) == 1  # then the default is all that is told of its model
    reading = openai_list.reading(exchanges, openai_list.named_only, keep=bool if alone else _is_model)
    own = [entry for entry in openai_list.entries(exchanges) if _is_model(entry) and "parent" not in entry]
    if not any("status" in entry for entry in own):
        return reading
    return msgspec.structs.replace(reading, running=sum(entry.get("status") == "loaded" for entry in own))


KIND = Kind(
    name="mistral.rs",
    ports=(1234,),
    asks=(("GET", openai_list.PATH), ("GET", CANARY_PATH)),
    tells="models and how many of them are loaded",
    recognise=_recognise,
    confirm=no_question,
    ask=_ask,
    read=_read,
)
