"""Every reader of every kind, given its own recorded answers spoilt: nothing raises, and all is bounded."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from census import kinds
from census.exchanges import Exchange, Exchanges, Question, parse_json
from census.facts import Outcome
from census.kinds import KINDS, Wishes
from census.kinds.allowed import ALLOWED
from census.kinds.reading import ENTRIES_LIMIT, document, model_name, records, text, words
from census.lineage import place
from tests.kinds.course import Course, drive
from tests.support.readings import EXAMPLES, assert_clean

VALUES: dict[str, Any] = {
    "null": None, "true": True, "zero": 0, "negative": -1, "huge": 2**63, "infinite": float("inf"),
    "not a number": float("nan"), "empty text": "", "escape": "\x1b[2J\u202e\0", "half of a pair": "\ud800",
    "long text": "/x" * 50_000, "empty list": [], "list of nulls": [None] * 50, "deep": [[[[[[{"a": []}]]]]]],
}  # fmt: skip


def spoilt(example: dict[str, Any], change: Callable[[Any], Any]) -> Course:
    """A look at a recorded server whose documents were changed."""
    recorded = {(each["method"], each["path"], each.get("model")): each for each in example["exchanges"]}

    def answer(question: Question) -> Exchange:
        each = recorded.get((question.method, question.label, question.model))
        if each is None:
            return Exchange(question, 404, {}, b"404 page not found")
        try:
            body = json.dumps(change(json.loads(each["body"]))).encode()
        except ValueError:
            body = each["body"].encode()
        return Exchange(question, each["status"], each["headers"], body)

    return drive(answer, example["port"])


def assert_bounded(course: Course) -> None:
    assert len(course.asked) <= 64
    assert kinds.unrecognised(course.exchanges) in (Outcome.OTHER, Outcome.LOCKED, Outcome.MISREAD)
    if course.kind is not None:
        assert_clean(course.reading)
        for model in course.reading.models:
            place(model.name, model.architecture)


def keys_of(value: Any) -> set[str]:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return (set(value) if isinstance(value, dict) else set()).union(*map(keys_of, inner))


def replaced(value: Any, key: str, new: Any) -> Any:
    if isinstance(value, list):
        return [replaced(each, key, new) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: new if name == key else replaced(each, key, new) for name, each in value.items()}


def documents(example: dict[str, Any]) -> Iterator[Any]:
    for each in example["exchanges"]:
        try:
            yield json.loads(each["body"])
        except ValueError:
            continue


def replacing(key: str, new: Any) -> Callable[[Any], Any]:
    return lambda value: replaced(value, key, new)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["server"])
def test_every_field_of_every_kind_may_hold_anything(example: dict[str, Any]) -> None:
    keys = sorted(set().union(*map(keys_of, documents(example))))
    for number, key in enumerate(keys):
        # Each field of an example meets one value, and fields that are common meet all: all of both would take minutes.
        value = list(VALUES.values())[(number + len(example["server"])) % len(VALUES)]
        assert_bounded(spoilt(example, replacing(key, value)))


PATHS = sorted({path for _, path in ALLOWED})
JSONS = st.recursive(
    st.sampled_from(list(VALUES.values())) | st.text(max_size=8) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_kind_reads_its_own_answers_with_any_part_replaced(data: st.DataObject) -> None:
    example = data.draw(st.sampled_from(EXAMPLES))

    def change(value: Any) -> Any:
        if not value or not isinstance(value, dict | list) or not data.draw(st.integers(0, 4)):
            return data.draw(JSONS)
        if isinstance(value, list):
            at = data.draw(st.integers(0, len(value) - 1))
            return [*value[:at], change(value[at]), *value[at + 1 :]] * data.draw(st.sampled_from([1, 1, 2, 2100]))
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: change(value[key])}

    assert_bounded(spoilt(example, change))


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([0, 200, 401, 500]), st.sampled_from(PATHS))
def test_every_kind_reads_any_bytes(body: bytes, status: int, path: str) -> None:
    exchanges = Exchanges([Exchange(Question("GET", path), status, {"content-type": "application/json"}, body)])
    for kind in KINDS:
        kind.recognise(exchanges)
        kind.confirm(exchanges)
        kind.ask(exchanges, Wishes())
        assert_clean(kind.read(exchanges))


def calls(function: Callable[[], object]) -> int:
    """How many functions a call calls: a measure of work that no other load of the machine changes."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


LARGE = {
    "a list of OpenAI's of one name": ("/v1/models", b'{"object":"list","data":[' + b'{"id":"m"},' * 150_000 + b"{}]}"),
    "a list without names": ("/v1/models", b'{"object":"list","data":[' + b'{"x":"m"},' * 150_000 + b"{}]}"),
    "a list of numbers": ("/v1/models", b'{"object":"list","data":[' + b"1," * 900_000 + b'{"id":"m"}]}'),
    "a list of Ollama's": ("/api/tags", b'{"models":[' + b'{"name":"m","model":"m"},' * 60_000 + b"{}]}"),
    "an object of many keys": (
        "/api/tags",
        b'{"models":[],' + b",".join(b'"k%d":0' % number for number in range(150_000)) + b"}",
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_document_of_two_megabytes_is_no_work_of_seconds(name: str) -> None:
    path, body = LARGE[name]
    exchanges = Exchanges([Exchange(Question("GET", path), 200, {"content-type": "application/json"}, body)])
    assert len(body) < 2 * 2**20
    assert document(exchanges.get(path)) is not None
    assert calls(lambda: kinds.recognise(exchanges)) < 2_000_000


def test_a_document_of_too_many_objects_is_not_parsed() -> None:
    assert len(parse_json(b"[" + b"[]," * 200_000 + b"1]")) == 200_001
    with pytest.raises(ValueError, match="too many"):
        parse_json(b"[" + b"[]," * 300_000 + b"1]")


def test_of_long_lists_and_texts_only_the_beginning_is_looked_at() -> None:
    far = [0] * ENTRIES_LIMIT
    assert records([*far, {}]) == []
    assert records([*far[1:], {}]) == [{}]
    assert words([*map(str, far), "tools"]) == ("0",)
    assert text("\0" * 40_000 + "late") is None
    assert model_name("\0" * 40_000 + "late") is None
    assert model_name("n" * 2_000_000) == "n" * 512
