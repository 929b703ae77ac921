"""The catalogue: its lineage by hand is what the rules of census.lineage find."""

from __future__ import annotations

import pytest

from census.demo import catalogue
from census.demo.catalogue import Entry
from census.lineage import place

ENTRIES = (
    *catalogue.OLLAMA,
    *catalogue.VLLM,
    *catalogue.LLAMA_CPP,
    *catalogue.LITELLM,
    *catalogue.OPENAI,
    *catalogue.LLAMA_CPP_PYTHON,
    *catalogue.MLX_LM,
)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_rules_of_lineage_agree(entry: Entry) -> None:
    found = place(entry.name, entry.architecture)
    assert (found.family, found.developer, found.origin, found.base) == (
        entry.family,
        entry.developer,
        entry.origin,
        entry.base,
    )
    assert bool(found.derived) == entry.derived


def test_no_name_stands_twice_in_one_menu() -> None:
    for menu in (catalogue.OLLAMA, catalogue.VLLM, catalogue.LITELLM):
        assert len({entry.name for entry in menu}) == len(menu)


def test_there_are_some_eighty_models_for_ollama_and_two_run_elsewhere() -> None:
    assert 75 <= len(catalogue.OLLAMA) <= 100
    assert [entry.name for entry in catalogue.OLLAMA if entry.remote] == [
        "deepseek-v3.1:671b-cloud",
        "gpt-oss:120b-cloud",
    ]
    assert all(entry.size < 1000 for entry in catalogue.OLLAMA if entry.remote)
