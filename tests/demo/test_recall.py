"""In the simulated neighbourhood, who is not asked about a model is read as if it had been, decoys included."""

from __future__ import annotations

import json

import pytest

from census.demo.answers import answer
from census.demo.population import Resident, generate
from census.exchanges import Exchange, Question
from census.probe.memory import Memory, Recall
from tests.kinds.course import Answer, drive


def resident_says(resident: Resident) -> Answer:
    def ask(question: Question) -> Exchange:
        body = b"" if question.model is None else json.dumps({"model": question.model}).encode()
        told = answer(resident, question.method, question.path.partition("?")[0], body)
        lines = told.render(close=False).partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Exchange(question, told.status, headers, told.body)

    return ask


@pytest.mark.parametrize("seed", [7, 8])
def test_who_was_not_asked_has_the_models_and_signals_of_who_was(seed: int) -> None:
    memory = Memory()
    recalled = spared = 0
    for resident in generate(seed, 300).residents:
        asked = drive(resident_says(resident), resident.port)
        told = drive(resident_says(resident), resident.port, recall=Recall(memory))
        assert (told.reading.models, told.reading.signals) == (asked.reading.models, asked.reading.signals)
        memory.hear(resident.address, told.reading.told)
        recalled += len(told.reading.recalled)
        spared += len(asked.asked) - len(told.asked)
    assert recalled >= spared > 100
