"""What is known of an entry is used for those that are alike, and for no others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from census.exchanges import parse_json
from census.kinds import alike

INSTANTS = ("2026-05-01T10:00:12.123456789Z", "2026-06-02T11:01:13.987654321+02:00")
ENTRY = '{"name":"a:7b","modified_at":"%s","size":4,"details":{"family":"llama"}}'

# Where an instant may stand that is not, or not alone, the entry's own; %s is the instant.
TRAPS = (
    '{"details":{"modified_at":"%s"},"name":"a"}',
    '{"details":{"modified_at":"%s"},"modified_at":"2026-05-01T10:00:12Z"}',
    '{"modified_at":"%s","modified_at":"2026-05-01T10:00:12Z"}',
    '{"modified_at":"%s","modified\\u005fat":"2026-05-01T10:00:12Z"}',
    '{"modified_at":"2026-05-01T10:00:12Z","modified_at":"%s"}',
    '{"list":[{"modified_at":"%s"}],"modified_at":null}',
    '{"name":"\\"modified_at\\":\\"%s\\""}',
    '["modified_at","%s"]',
    '{"modified_at":"%s","n":1e400}',
    '"%s"',
)


def body(*entries: str) -> bytes:
    return ('{"models":[' + ",".join(entries) + "]}").encode()


def in_order(document: Any) -> str:
    """A document as text that tells the types of all values, and in which only the order of keys does not count."""
    return json.dumps(document, sort_keys=True)


@pytest.mark.parametrize("entry", [ENTRY, *TRAPS])
def test_entries_are_read_as_they_are_whatever_was_read_before(entry: str) -> None:
    for instant in INSTANTS * 2:
        sent = body(entry % instant, ENTRY % instant)
        assert in_order(alike.parse(sent)) == in_order(parse_json(sent))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(INSTANTS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("modified_at", "name", "a")) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(entries=st.lists(VALUES, max_size=4), ascii_only=st.booleans())
def test_any_list_is_read_as_it_is_or_left_to_others(entries: list[Any], *, ascii_only: bool) -> None:
    for spaces in (",", ":"), (", ", ": "):
        text = json.dumps({"models": entries}, separators=spaces, ensure_ascii=ascii_only)
        sent = text.encode("utf-8", "surrogatepass")
        for _ in range(3):
            read = alike.parse(sent)
            assert read is None or in_order(read) == in_order(parse_json(sent))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b'{"models":[}',
        b'{"models":[{"a":1}]} ',
        b'{"models":[{"a":1}],"data":[]}',
        b'{"models":[{"a":1}],"models":[]}',
        b'{"models":[],"models":[{"a":1}]}',
        b'{"models":[{"a":tru}]}',
        b'{"models":[{"a":"\xff"}]}',
        b'{"models":null}',
        b'{"models":[' + b"[" * 9000 + b"]" * 9000 + b"]}",
        body(*["{}"] * 300),
        body(json.dumps("x" * 70_000)),
    ],
)
def test_what_is_no_plain_list_is_left_to_others(sent: bytes) -> None:
    assert alike.parse(sent) is None


def test_a_reader_is_asked_once_for_an_entry_and_from_the_second_on_for_all_alike_and_sees_no_instant() -> None:
    seen: list[Mapping[str, Any]] = []

    def reader(entry: Mapping[str, Any]) -> int:
        seen.append(entry)
        return len(seen)

    one = ENTRY.replace("7b", "once")
    lists = [alike.parse(body(one % instant)) for instant in INSTANTS * 2]
    others = [alike.parse(body(one.replace("llama", "qwen") % instant)) for instant in INSTANTS]
    for _ in range(2):
        assert [alike.of(found["models"][0], reader) for found in (*lists, *others) if found] == [1, 2, 2, 2, 3, 4]
    assert not any("modified_at" in entry for entry in seen)


def padded(number: int) -> bytes:
    return b'{"name":"%d","modified_at":"%s","pad":"%s"}' % (number, INSTANTS[0].encode(), b"x" * 2000)


def test_what_is_kept_is_bounded() -> None:
    memory = alike._Memory()
    for number in range(3000):
        for _ in range(2):
            assert memory.entry(padded(number))["name"] == str(number)
        assert 0 < sum(len(before) + len(after) for before, after in memory._known) <= alike._KEPT


def test_nothing_is_kept_of_entries_that_are_met_but_once_and_little_is_remembered() -> None:
    memory = alike._Memory()
    for number in range(alike._MET + 10):
        memory.entry(b'{"name":"%d","modified_at":"2026"}' % number)
    assert memory._known == {}
    assert len(memory._met) == 10
