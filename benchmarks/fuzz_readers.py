"""Fuzzes the readers of all kinds with atheris, guided by coverage; by hand, for as long as one likes.

    python -m venv .venv-fuzz && .venv-fuzz/bin/pip install atheris packaging && .venv-fuzz/bin/pip install --no-deps .
    mkdir found && PYTHONPATH=. nice .venv-fuzz/bin/python benchmarks/fuzz_readers.py found -len_control=0 -max_len=1500

A recorded server is taken and its answers are spoilt: values anywhere in their documents replaced, keys renamed,
lists repeated, bodies cut, or replaced by bytes. Nothing may raise, every reading must be clean and bounded, the
course must come to an end, and every name must be placed. What is found is written to a file called crash-...
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["census"]):
    from census import kinds, lineage
    from census.exchanges import Exchange, Question
    from census.kinds import KINDS, Wishes

import contextlib
import json
from typing import Any

from tests.kinds.course import drive
from tests.support.readings import EXAMPLES, assert_clean

_KEYS = (
    "models", "data", "object", "name", "model", "id", "digest", "details", "capabilities", "version", "error",
    "owned_by", "created", "meta", "model_info", "template", "info", "title", "engine", "status", "labels",
)  # fmt: skip
_SCALARS = (None, True, False, 0, -1, 2**63, 10**29, 1e308, float("inf"), float("nan"), "", "x", [], {}, "\ud800")
_STATUSES = (0, 200, 200, 200, 200, 401, 403, 404, 500)
_DEPTH = 6


class Spoiler:
    """Takes a recorded server and changes what it answers, as the fuzzer's bytes say."""

    def __init__(self, data: bytes) -> None:
        self._take = atheris.FuzzedDataProvider(data)
        self.example = EXAMPLES[self._take.ConsumeIntInRange(0, len(EXAMPLES) - 1)]
        self._recorded = {(each["method"], each["path"], each.get("model")): each for each in self.example["exchanges"]}

    def answer(self, question: Question) -> Exchange:
        """The answer to a question: recorded, spoilt, or made up."""
        found = self._recorded.get((question.method, question.label, question.model))
        if found is None:
            return Exchange(question, self._status(), {}, self._body(b"{}"))
        body = self._body(found["body"].encode())
        status = found["status"] if self._take.ConsumeBool() else self._status()
        return Exchange(question, status, found["headers"], body, truncated=self._one_in(16))

    def _status(self) -> int:
        return _STATUSES[self._take.ConsumeIntInRange(0, len(_STATUSES) - 1)]

    def _one_in(self, number: int) -> bool:
        return self._take.ConsumeIntInRange(1, number) == 1

    def _body(self, recorded: bytes) -> bytes:
        way = self._take.ConsumeIntInRange(0, 7)
        if way == 0:
            return recorded
        if way == 1:
            return bytes(self._take.ConsumeBytes(200))
        if way == 2:  # noqa: PLR2004  one of eight
            return recorded[: self._take.ConsumeIntInRange(0, len(recorded))]
        with contextlib.suppress(ValueError):
            return json.dumps(self._spoilt(json.loads(recorded), _DEPTH)).encode()
        return recorded

    def _spoilt(self, value: Any, depth: int) -> Any:
        """The value, with something under it replaced."""
        if depth == 0 or not value or not isinstance(value, dict | list) or self._one_in(6):
            return self._anything(2)
        if isinstance(value, list):
            if self._one_in(8):
                return value * self._take.ConsumeIntInRange(0, 3000)
            at = self._take.ConsumeIntInRange(0, len(value) - 1)
            return [*value[:at], self._spoilt(value[at], depth - 1), *value[at + 1 :]]
        key = sorted(value)[self._take.ConsumeIntInRange(0, len(value) - 1)]
        if self._one_in(8):
            return {self._key(): each for each in value.values()}
        return {**value, key: self._spoilt(value[key], depth - 1)}

    def _key(self) -> str:
        if self._one_in(3):
            return str(self._take.ConsumeUnicode(8))
        return _KEYS[self._take.ConsumeIntInRange(0, len(_KEYS) - 1)]

    def _anything(self, depth: int) -> Any:
        way = self._take.ConsumeIntInRange(0, 5)
        if way == 0 and depth:
            return [self._anything(depth - 1) for _ in range(self._take.ConsumeIntInRange(0, 3))]
        if way == 1 and depth:
            return {self._key(): self._anything(depth - 1) for _ in range(self._take.ConsumeIntInRange(0, 3))}
        if way == 2:  # noqa: PLR2004  one of six
            return str(self._take.ConsumeUnicode(40))
        if way == 3:  # noqa: PLR2004  likewise
            return self._take.ConsumeInt(16)
        return _SCALARS[self._take.ConsumeIntInRange(0, len(_SCALARS) - 1)]


def look(data: bytes) -> None:
    """One spoilt server, looked at as the probe does, and its answers read by every kind."""
    spoiler = Spoiler(data)
    course = drive(spoiler.answer, spoiler.example["port"])
    kinds.unrecognised(course.exchanges)
    if course.kind is not None:
        assert_clean(course.reading)
    for kind in KINDS:
        kind.recognise(course.exchanges)
        kind.confirm(course.exchanges)
        kind.ask(course.exchanges, Wishes())
        reading = kind.read(course.exchanges)
        assert_clean(reading)
        for model in reading.models[:20]:
            lineage.place(model.name, model.architecture)


def main() -> None:
    atheris.Setup(sys.argv, look)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
