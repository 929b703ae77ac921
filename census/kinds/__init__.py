"""The server kinds: which software answers is told here, what it is asked and how its answers are read.

The course of one look: the questions of `opening` are asked in order until `recognise` takes what came back; if
nothing does, `confirm` may give one question more. Then the kind's `ask` is followed until it has no further question,
recognising again after each answer, and its `read` makes the reading. What nobody takes is `unrecognised`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from census.exchanges import Exchanges, Question
from census.facts import Outcome
from census.kinds import docker_model_runner, ollama, openai_compatible, openai_list
from census.kinds.kind import Kind, Wishes
from census.kinds.reading import document, listing, mapping
from census.kinds.signs import detail, error, refused
from census.kinds.specific import SPECIFIC

__all__ = ["KINDS", "Kind", "Wishes", "confirm", "opening", "recognise", "unrecognised"]

KINDS: Final[tuple[Kind, ...]] = (*SPECIFIC, openai_compatible.KIND)

_TAGS: Final = Question("GET", "/api/tags")
_LIST: Final = Question("GET", openai_list.PATH)

# What kinds say under `error` or `detail`. FastAPI's own words, which any of its programs may use, are not among them.
_REFUSALS: Final = (
    "Unauthorized",
    "Invalid API key",
    "Invalid or missing API key",
    "Please provide an API key",
    "An authentication key is required",
)


def opening(port: int) -> tuple[Question, ...]:
    """The first questions on a port, at most two: the usual kind's list first, then the other."""
    if port in docker_model_runner.KIND.ports:
        return (_LIST, Question("GET", docker_model_runner.ENGINES))
    return (_TAGS, _LIST) if port in ollama.KIND.ports else (_LIST, _TAGS)


def recognise(exchanges: Exchanges) -> tuple[Kind, str] | None:
    """The kind that takes the exchanges, and its evidence in a few words; None if none does."""
    for kind in KINDS:
        evidence = kind.recognise(exchanges)
        if evidence is not None:
            return kind, evidence
    return None


def confirm(exchanges: Exchanges) -> Question | None:
    """The one question that would decide, when the answers to the opening make a kind likely but not sure."""
    return next(filter(None, (kind.confirm(exchanges) for kind in KINDS)), None)


def unrecognised(exchanges: Exchanges) -> Outcome:
    """The outcome of answers that no kind takes: MISREAD, LOCKED or OTHER."""
    lists = (listing(exchanges.get(_TAGS.path), "models"), listing(exchanges.get(_LIST.path), "data"))
    if any(found is not None and found.misread for found in lists):
        return Outcome.MISREAD
    answered = [exchange for exchange in exchanges if exchange.status]
    if answered and all(refused(exchange) for exchange in answered):
        return Outcome.LOCKED
    return Outcome.LOCKED if _asks_for_key(exchanges) else Outcome.OTHER


def _asks_for_key(exchanges: Exchanges) -> bool:
    """A refusal of the list in a form in which inference servers write one, whoever this one is."""
    first = exchanges.get(_LIST.path)
    said = mapping(document(first))
    told = mapping(said.get("detail"))
    plain = any(words in _REFUSALS for words in (said.get("error"), said.get("detail"), told.get("error")))
    return refused(first) and (plain or _is_spoken(error(first)) or _is_spoken(detail(first)))


def _is_spoken(details: Mapping[str, Any]) -> bool:
    spoken = isinstance(details.get("message"), str) and not {"type", "code"}.isdisjoint(details)
    return spoken or details.get("code") == "invalid_api_key"
