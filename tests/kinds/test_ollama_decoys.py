"""Known tools are told by their tells, and a real server that shares some of them is not taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from census.exchanges import Exchange
from census.facts import Signal, Verdict
from tests.kinds.ollama_server import GIN, HEX, look, reply, tag
from tests.kinds.test_examples import EXAMPLES

NEW_YEAR = "2024-01-01T00:00:00Z"
PLAIN_PYTHON = {"server": "BaseHTTP/0.6 Python/3.11.4", "content-type": "application/json"}
FOUR = [tag(head, head + HEX[8:]) for head in ("cc1091b0", "ea35dfe1", "38056bbc", "739e1b22")]
ALL = {"models": FOUR}
LLAMA = tag("llama3.1:8b", "46e0c10c039e" + HEX[12:])
NO_GIN = {"content-type": "text/plain; charset=utf-8"}


def tools(*given: Any, **answers: Any) -> set[Signal]:
    return {signal for signal in look(*given, **answers).reading.signals if signal.word.startswith("tool:")}


def test_every_tool_that_is_known_has_an_example_and_is_a_decoy() -> None:
    known = {signal.word for signal in Signal if signal.word.startswith("tool:")}
    shown = {word for example in EXAMPLES.values() if example["kind"] for word in example["expected"]["signals"]}
    assert known <= shown
    assert all(signal.verdict is Verdict.DECOY for signal in Signal if signal.word in known)


@pytest.mark.parametrize("digest", ["sha256:a2af6cc3eb7f00", "sha256:b2af6cc3ff"])
def test_magoo_is_told_by_its_digests(digest: str) -> None:
    assert tools([tag("anything", digest)]) == {Signal.TOOL_MAGOO}
    assert tools([tag("anything", digest.removeprefix("sha256:"))]) == set()


@pytest.mark.parametrize(
    ("names", "modified", "headers", "expected"),
    [
        (("llama2:latest", "mistral:latest"), NEW_YEAR, PLAIN_PYTHON, {Signal.TOOL_MAGOO}),
        (("llama2:latest", "mistral:latest"), NEW_YEAR, GIN, set()),
        (("llama2:latest", "mistral:latest"), "2024-01-01T00:00:01Z", PLAIN_PYTHON, set()),
        (("llama2:latest",), NEW_YEAR, PLAIN_PYTHON, set()),
    ],
)
def test_magoo_is_told_by_its_two_models(
    names: tuple[str, ...], modified: str, headers: dict[str, str], expected: set[Signal]
) -> None:
    listed = {"models": [tag(name, modified_at=modified) for name in names]}
    assert tools([], tags=lambda question: reply(question, listed, headers=headers)) == expected


@pytest.mark.parametrize(
    ("model", "version", "expected"),
    [
        ({**LLAMA, "modified_at": "2025-04-12T01:02:03Z"}, "0.1.43", {Signal.TOOL_SIGHTEM}),
        ({**LLAMA, "modified_at": "2025-04-12T01:02:03Z"}, "0.6.5", set()),
        ({**LLAMA, "modified_at": "2025-04-13T01:02:03Z"}, "0.1.43", set()),
        ({**tag("llama3.1:8b"), "modified_at": "2025-04-12T01:02:03Z"}, "0.1.43", set()),
        ({**LLAMA, "modified_at": 7}, "0.1.43", set()),
    ],
)
def test_sightem_is_told_by_release_model_and_day_together(
    model: dict[str, Any], version: str, expected: set[Signal]
) -> None:
    assert tools([model], version, show={}) == expected


@pytest.mark.parametrize(
    ("models", "version", "answers", "expected"),
    [
        (FOUR, "0.6.2", {"ps": ALL}, {Signal.TOOL_RC_CHN}),
        (FOUR, "0.6.2", {"show": lambda q: reply(q, {"error": "invalid model name"}, 400)}, {Signal.TOOL_RC_CHN}),
        (FOUR, "0.6.2", {"tags": lambda q: reply(q, ALL, headers={"access-control-allow-origin": "*"})},
         {Signal.TOOL_RC_CHN}),
        (FOUR, "0.6.2", {}, set()),  # who really pulled these four
        (FOUR, "0.6.2", {"show": lambda q: reply(q, {"error": "boom"}, 400)}, set()),
        (FOUR, "0.6.3", {"ps": ALL}, set()),
        (FOUR[:3], "0.6.2", {"ps": ALL}, set()),
        ([*FOUR, tag("e")], "0.6.2", {"ps": {"models": [*FOUR, tag("e")]}}, set()),
        ([*FOUR[:3], tag("e")], "0.6.2", {"ps": {"models": [*FOUR, tag("e")]}}, set()),
    ],
)  # fmt: skip
def test_rc_chn_is_told_by_its_four_models_and_one_slip(
    models: list[Any], version: str, answers: dict[str, Any], expected: set[Signal]
) -> None:
    assert tools(models, version, **{"show": {}, **answers}) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"model_format": "gguf", "layers": []}, {Signal.TOOL_PEDXYUYUKO}),
        ({"model_family": "llama", "file_type": "Q4_0"}, {Signal.TOOL_PEDXYUYUKO}),
        ({"layers": []}, set()),
    ],
)
def test_pedxyuyuko_is_told_by_the_keys_of_its_configuration(more: dict[str, Any], expected: set[Signal]) -> None:
    assert tools([tag("a", **more)]) == expected


@pytest.mark.parametrize(
    ("models", "kind", "missing", "headers", "expected"),
    [
        ([], "application/json", b"404 page not found\n", NO_GIN, {Signal.TOOL_QQLZFMN}),
        ([tag("a")], "application/json", b"404 page not found\n", NO_GIN, set()),
        ([], "application/json; charset=utf-8", b"404 page not found\n", NO_GIN, set()),  # a router in Go before it
        ([], "application/json", b"404 page not found", NO_GIN, set()),
        ([], "application/json", b"404 page not found\n", {"content-type": "text/plain"}, set()),
    ],
)
def test_qqlzfmn_is_told_by_what_go_writes_and_gin_does_not(
    models: list[Any], kind: str, missing: bytes, headers: dict[str, str], expected: set[Signal]
) -> None:
    answers = {
        "tags": lambda question: reply(question, {"models": models}, headers={"content-type": kind}),
        "canary": lambda question: Exchange(question, 404, headers, missing),
    }
    assert tools([], **answers) == expected
