"""A look without a network: the course that `census.kinds` describes, with answers from memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from census import kinds
from census.facts import CANARY_PATH, Exchange, Exchanges, Outcome, Question, Reading
from census.kinds.allowed import allowed

Answer = Callable[[Question], Exchange]
CANARY = "/0123456789abcdef"
REQUESTS = 64


@dataclass(frozen=True)
class Course:
    """What was asked, in order, as labels; and what came of it."""

    asked: tuple[str, ...]
    exchanges: Exchanges
    kind: kinds.Kind | None
    reading: Reading | None
    outcome: Outcome


def drive(answer: Answer, port: int = 8000, *, details: bool = True) -> Course:
    """Ask `answer` as the probe asks a target; every question must be allowed and asked once."""
    exchanges = Exchanges()
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
        further = found[0].ask(exchanges, kinds.Wishes(details=details))
        if further is None:
            break
        ask(further)
        found = kinds.recognise(exchanges)
    if found is None:
        return Course(tuple(asked), exchanges, None, None, kinds.unrecognised(exchanges))
    reading = found[0].read(exchanges)
    return Course(tuple(asked), exchanges, found[0], reading, reading.outcome)


@pytest.fixture(name="drive", scope="session")
def drive_fixture() -> Callable[..., Course]:
    """The driver, for tests that bring their own answers."""
    return drive
