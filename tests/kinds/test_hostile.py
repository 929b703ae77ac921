"""Whatever is answered, nothing raises, and every reading is clean and bounded."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Outcome
from census.kinds import KINDS, Wishes, confirm, recognise, unrecognised
from census.kinds.allowed import ALLOWED
from tests.kinds.course import CANARY, drive
from tests.support.readings import EXAMPLES, assert_clean

RECORDED = [each for example in EXAMPLES for each in example["exchanges"]]
QUESTIONS = [
    *(Question(method, CANARY if path == CANARY_PATH else path) for method, path in ALLOWED - {("POST", "/api/show")}),
    *(Question("POST", "/api/show", model) for model in ("a", "llama2:latest", "tiny-plain:latest")),
]

KEYS = st.sampled_from(
    ["models", "data", "object", "name", "model", "id", "digest", "details", "capabilities", "version", "error",
     "owned_by", "created", "permission", "permissions", "meta", "model_info", "template", "info", "title",
     "architecture", "engine", "status", "labels", "recipe", "supported_parameters", "context_length"]
)  # fmt: skip
STRINGS = st.one_of(
    st.text(st.characters(), max_size=20),
    st.sampled_from(
        ["list", "vllm", "llamacpp", "me", "library", "a", "/home/x/y", "tools", "{{ .Tools", "0.30.0", "x" * 900]
    ),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), STRINGS, st.just(1677610602))
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | STRINGS, inner, max_size=5),
    max_leaves=12,
)
STATUSES = st.one_of(st.sampled_from([0, 200, 200, 200, 204, 400, 401, 403, 404, 500]), st.integers(0, 999))
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "server": st.sampled_from(["", "uvicorn", "llama.cpp", "BaseHTTP/0.6 Python/3.11.7", "nginx"]) | STRINGS,
        "content-type": st.sampled_from(["application/json", "text/html"]) | STRINGS,
        "x-frame-options": st.just("DENY"),
        "content-security-policy": st.just("frame-ancestors 'none'"),
        "x-litellm-version": STRINGS,
    },
)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A recorded body with one value replaced by anything, so that the rest leads deep into the readers."""
    body = draw(st.sampled_from(RECORDED))["body"]
    try:
        document = copy.deepcopy(json.loads(body))
    except ValueError:
        return bytes(body.encode())
    place: Any = {"": document}
    key: Any = ""
    while isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 3)):
        place = place[key]
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    whole = place[key] is document
    replaced = draw(ANYTHING)
    place[key] = replaced
    return json.dumps(replaced if whole else document).encode()


BODIES = st.one_of(st.binary(max_size=60), ANYTHING.map(lambda value: json.dumps(value).encode()), spoilt(), spoilt())


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(QUESTIONS), STATUSES, HEADERS, BODIES, st.booleans()), max_size=6))
def test_any_answers_to_any_questions_are_read(
    answers: list[tuple[Question, int, dict[str, str], bytes, bool]],
) -> None:
    exchanges = Exchanges(Exchange(*answer[:4], truncated=answer[4] and len(answer[3]) % 3 == 0) for answer in answers)
    assert unrecognised(exchanges) in (Outcome.OTHER, Outcome.LOCKED, Outcome.MISREAD)
    confirm(exchanges)
    found = recognise(exchanges)
    for kind in KINDS:
        assert kind.recognise(exchanges) is None or isinstance(kind.recognise(exchanges), str)
        kind.ask(exchanges, Wishes())
        assert_clean(kind.read(exchanges))
    if found is not None:
        assert isinstance(found[1], str)


def keys_of(value: Any) -> set[str]:
    """Every key of every object in a document."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return (set(value) if isinstance(value, dict) else set()).union(*map(keys_of, inner))


def replaced(value: Any, key: str, nested: Any) -> Any:
    """A document in which everything under `key` is `nested`."""
    if isinstance(value, list):
        return [replaced(each, key, nested) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: nested if name == key else replaced(each, key, nested) for name, each in value.items()}


def documents(example: dict[str, Any]) -> list[tuple[dict[str, Any], Any]]:
    """The recorded exchanges that are JSON, with their documents."""
    found = []
    for each in example["exchanges"]:
        with contextlib.suppress(ValueError):
            found.append((each, json.loads(each["body"])))
    return found


@pytest.mark.parametrize("nested", [["x", {}], {"x": [], "id": {}}], ids=["list", "object"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["server"])
def test_every_field_of_every_example_may_be_a_list_or_an_object(example: dict[str, Any], nested: Any) -> None:
    """Whatever is looked up among known words must be a word first: lists and objects cannot be looked up."""
    recorded = documents(example)
    for key in set().union(*(keys_of(document) for _, document in recorded)):
        exchanges = Exchanges(
            Exchange(
                Question(each["method"], CANARY if each["path"] == CANARY_PATH else each["path"], each.get("model")),
                each["status"],
                each["headers"],
                json.dumps(replaced(document, key, nested)).encode(),
            )
            for each, document in recorded
        )
        unrecognised(exchanges)
        for kind in KINDS:
            kind.recognise(exchanges)
            kind.confirm(exchanges)
            if kind.name in (example["kind"], "OpenAI-compatible"):
                kind.ask(exchanges, Wishes())
                assert_clean(kind.read(exchanges))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_spoilt_server_is_asked_only_what_is_allowed_and_comes_to_an_end(data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(EXAMPLES))
    recorded = {(each["method"], each["path"], each.get("model")): each for each in example["exchanges"]}

    def answer(question: Question) -> Exchange:
        each = recorded.get((question.method, question.label, question.model))
        if each is None or not data.draw(st.integers(0, 2)):
            return Exchange(question, data.draw(STATUSES), data.draw(HEADERS), data.draw(BODIES))
        return Exchange(question, each["status"], each["headers"], each["body"].encode())

    course = drive(answer, example["port"])
    assert len(course.asked) <= 64
    if course.kind is not None:
        assert_clean(course.reading)
