"""Every example in examples/: a server's answers, the questions it may be asked, and what must be read from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from census.exchanges import Exchange, Question
from census.facts import Outcome, Reading
from census.kinds import KINDS
from census.kinds.openai_compatible import KIND as GENERIC
from tests.kinds.course import Course, drive

EXAMPLES = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("examples/*.json"))
}


def answers(example: dict[str, Any]) -> Callable[[Question], Exchange]:
    """The recorded answers; a path that was not recorded is answered as the canary was."""
    recorded = {(each["method"], each["path"], each.get("model")): each for each in example["exchanges"]}
    missing = recorded.get(("GET", "/<16 hex digits>", None), {"status": 404, "headers": {}, "body": ""})

    def answer(question: Question) -> Exchange:
        each = recorded.get((question.method, question.label, question.model), missing)
        return Exchange(question, each["status"], each["headers"], each["body"].encode(), each.get("truncated", False))

    return answer


def plain(reading: Reading) -> dict[str, Any]:
    """A reading as the examples write it: words for enumerations, and no fields that are unknown."""
    models = [{field: getattr(model, field) for field in model.__struct_fields__} for model in reading.models]
    for model in models:
        model["tools"] = model["tools"].word
        model["capabilities"] = list(model["capabilities"]) if model["capabilities"] is not None else None
    return {
        "outcome": reading.outcome.word,
        "version": reading.version,
        "models": [{key: value for key, value in model.items() if value is not None} for model in models],
        "cut": reading.cut,
        "running": reading.running,
        "relay": reading.relay,
        "signals": sorted(signal.word for signal in reading.signals),
    }


@pytest.fixture(params=EXAMPLES, name="example")
def example_fixture(request: pytest.FixtureRequest) -> dict[str, Any]:
    example: dict[str, Any] = EXAMPLES[request.param]
    return example


@pytest.fixture(name="course")
def course_fixture(example: dict[str, Any]) -> Course:
    return drive(answers(example), example["port"], details=example.get("details", True))


def test_an_example_is_recognised_as_its_kind(example: dict[str, Any], course: Course) -> None:
    assert course.name == example["kind"]


def test_an_example_is_read_exactly(example: dict[str, Any], course: Course) -> None:
    if course.kind is None:
        assert course.outcome.word == example["outcome"]
    else:
        assert plain(course.reading) == example["expected"]


def test_an_example_is_asked_exactly_its_questions(example: dict[str, Any], course: Course) -> None:
    assert list(course.asked) == example["questions"]


def test_exactly_one_kind_takes_an_example(example: dict[str, Any], course: Course) -> None:
    taking = [kind.name for kind in KINDS if kind.recognise(course.exchanges) is not None]
    assert taking == ([example["kind"]] if example["kind"] else [])


def test_a_kind_asks_nothing_that_it_does_not_announce(example: dict[str, Any], course: Course) -> None:
    """But for the opening and the confirming question of another kind."""
    asking = (course.kind, GENERIC) if course.kind else KINDS
    announced = {" ".join(each) for kind in asking for each in kind.asks}
    asked = {" ".join(label.split(" ", 2)[:2]) if label.startswith("POST") else label for label in course.asked}
    assert asked - {"GET /api/tags", "GET /v1/models"} <= announced, example["server"]


def test_the_examples_cover_every_kind_and_every_outcome_of_a_reading() -> None:
    assert {example["kind"] for example in EXAMPLES.values()} >= {kind.name for kind in KINDS}
    outcomes = {example["expected"]["outcome"] for example in EXAMPLES.values() if example["kind"]}
    assert outcomes >= {Outcome.SERVED.word, Outcome.EMPTY.word, Outcome.LOCKED.word}
    assert {example["origin"] for example in EXAMPLES.values()} == {"recorded", "written after the documentation"}
