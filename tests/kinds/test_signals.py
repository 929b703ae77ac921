"""Signals of any kind of server: none of them for a real one, and what answers to everything has one."""

from __future__ import annotations

from typing import Any

import pytest

from census.facts import Signal, Verdict
from tests.kinds.course import NOT_FOUND, UVICORN, drive, entry, of, web
from tests.kinds.test_examples import EXAMPLES, answers

REAL = [name for name, example in EXAMPLES.items() if not example.get("decoy")]
DECOYS = [name for name, example in EXAMPLES.items() if example.get("decoy")]
LIST = of([entry()])


@pytest.mark.parametrize("details", [True, False])
@pytest.mark.parametrize("name", REAL)
def test_a_real_server_gives_no_sign_whatsoever(name: str, details: bool) -> None:
    example = EXAMPLES[name]
    for port in (example["port"], 11434, 8000):
        assert drive(answers(example), port, details=details).reading.signals == frozenset()


@pytest.mark.parametrize("details", [True, False])
@pytest.mark.parametrize("name", DECOYS)
def test_a_decoy_is_one_with_and_without_details(name: str, details: bool) -> None:
    signals = drive(answers(EXAMPLES[name]), EXAMPLES[name]["port"], details=details).reading.signals
    assert max(signal.verdict for signal in signals) is Verdict.DECOY


def test_what_was_recorded_is_no_decoy() -> None:
    assert all(EXAMPLES[name]["origin"] != "recorded" for name in DECOYS)
    assert all(name.startswith("decoy-") for name in DECOYS)


def test_words_of_signals_are_all_different() -> None:
    assert len({signal.word for signal in Signal}) == len(Signal)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ((404, UVICORN, NOT_FOUND), set()),
        ((404, UVICORN, LIST["/v1/models"][2]), {Signal.ECHO}),
        ((500, {}, LIST["/v1/models"][2]), {Signal.ECHO}),
        ((200, UVICORN, LIST["/v1/models"][2]), {Signal.CANARY}),
        ((204, {}, b""), {Signal.CANARY}),
        ((404, {}, b""), set()),
        ((301, {}, b""), set()),
    ],
)
def test_a_path_that_cannot_exist_is_not_found(missing: Any, expected: set[Signal]) -> None:
    assert drive(web(LIST, missing)).reading.signals == expected
