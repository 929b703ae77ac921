"""A look without a network: the course that `census.kinds` describes, with answers from memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from census import kinds
from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Outcome, Reading
from census.kinds.allowed import allowed

Answer = Callable[[Question], Exchange]
Recall = Callable[[str, str], str | None]
CANARY = "/0123456789abcdef"
REQUESTS = 64
JSON = {"content-type": "application/json"}
UVICORN = {"server": "uvicorn", **JSON}
NOT_FOUND = {"detail": "Not Found"}


@dataclass(frozen=True)
class Course:
    """What was asked, in order, as labels; and what came of it."""

    asked: tuple[str, ...]
    exchanges: Exchanges
    kind: kinds.Kind | None
    reading: Reading

    @property
    def name(self) -> str | None:
        return self.kind.name if self.kind is not None else None

    @property
    def outcome(self) -> Outcome:
        return self.reading.outcome


def drive(
    answer: Answer, port: int = 8000, *, details: bool = True, loaded: bool = True, recall: Recall | None = None
) -> Course:
    """Ask `answer` as the probe asks a target; every question must be allowed and asked once."""
    exchanges = Exchanges(recall=recall)
    asked: list[str] = []

    def ask(question: Question) -> None:
        label = f"{question.method} {question.label}" + (f" {question.model}" if question.model else "")
        assert label not in asked, f"asked twice: {label}"
        asked.append(label)
        if question.path == CANARY_PATH:
            question = Question("GET", CANARY)
        assert allowed(question)
        exchanges.add(answer(question))

    found = None
    for question in kinds.opening(port):
        ask(question)
        if (found := kinds.recognise(exchanges)) is not None:
            break
    further = kinds.confirm(exchanges) if found is None else None
    if further is not None:
        ask(further)
        found = kinds.recognise(exchanges)
    while found is not None and len(asked) < REQUESTS:
        further = found[0].ask(exchanges, kinds.Wishes(details=details, loaded=loaded))
        if further is None:
            break
        ask(further)
        found = kinds.recognise(exchanges)
    if found is None:
        return Course(tuple(asked), exchanges, None, Reading(kinds.unrecognised(exchanges)))
    return Course(tuple(asked), exchanges, found[0], found[0].read(exchanges))


def web(
    paths: dict[str, tuple[int, dict[str, str], Any]], missing: tuple[int, dict[str, str], Any] | None = None
) -> Answer:
    """A server that answers `paths`, and everything else with `missing`."""

    def answer(question: Question) -> Exchange:
        status, headers, body = paths.get(question.path, missing or (404, UVICORN, NOT_FOUND))
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Exchange(question, status, headers, raw)

    return answer


def of(entries: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    return {"/v1/models": (200, headers or UVICORN, {"object": "list", "data": entries})}


def entry(name: str = "m", **more: Any) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1700000000, **more}
