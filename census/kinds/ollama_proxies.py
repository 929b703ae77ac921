"""Programs that are nothing but an Ollama for Ollama's clients, in front of a server that speaks another protocol."""

from __future__ import annotations

from typing import Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.kinds import emulators, openai_list
from census.kinds.kind import Kind, Wishes, next_get, no_question


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    """Never for the details of a model: to tell them, one of the two has its model loaded."""
    return next_get(exchanges, CANARY_PATH)


def _kind(name: str) -> Kind:
    def recognise(exchanges: Exchanges) -> str | None:
        return f"{name}'s list at /api/tags" if emulators.imitator(exchanges) == name else None

    return Kind(
        name=name,
        ports=(11434,),
        asks=tuple(("GET", path) for path in (*emulators.ASKED, CANARY_PATH)),
        tells="the models it passes on",
        recognise=recognise,
        confirm=no_question,
        ask=_ask,
        read=lambda exchanges: openai_list.reading(exchanges, openai_list.named_only, relay=True),
    )


API_PROXY: Final = _kind(emulators.API_PROXY)
LMSTUDIO_PROXY: Final = _kind(emulators.LMSTUDIO_PROXY)
