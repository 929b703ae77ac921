"""Placing: the name before the architecture, nothing by accident, and no name that does harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from census.facts import Lineage
from census.lineage import place
from census.lineage.rules import records, rulebook

FAMILIES = {name: (entry["developer"], entry["origin"]) for name, entry in records()["families"].items()}
RULES = {rule.id for rule in rulebook().rules}
UNKNOWN = Lineage()

# A few real words between arbitrary text, so that rules are met in every mixture.
PIECES = sorted({word for rule in rulebook().rules for text in rule.words for word in text.split()})
NAMES = st.one_of(
    st.text(max_size=600),
    st.lists(st.sampled_from([*PIECES, "7b", "q4_K_M", "gguf"]) | st.text(max_size=4), max_size=8).map("-".join),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("/".join),
)


def _is_known(rule: str | None) -> bool:
    return rule is not None and (rule in RULES or rule.startswith(("architecture:", "org:")))


@given(NAMES, st.none() | st.text(max_size=64) | st.sampled_from(["llama", "qwen2", "bert", "gemma5", "command-r"]))
def test_whatever_the_name_the_lineage_is_one_of_the_records_or_unknown(name: str, architecture: str | None) -> None:
    line = place(name, architecture)
    if line == UNKNOWN:
        return
    assert line.family in FAMILIES
    assert (line.developer, line.origin) == FAMILIES[line.family]
    assert line.base is None or line.base in FAMILIES
    assert line.derived is True or line.base is None
    assert _is_known(line.rule)


@pytest.mark.parametrize(
    "name",
    [
        "dolphinphi", "sapphire:7b", "graphite", "yield:7b", "commander:7b", "my-command:latest", "ollama", "macro-o1",
        "llama.cpp", "llama-server:latest", "my-solar-system", "alfred:latest", "assistant", "model", "0", "", "::",
        "/", "\u00e9phi", "yi\u00f1", "glmnet", "agemma", "kimiko", "bgeneral", "gptj6", "falconry", "opto", "novalite",
    ],
)  # fmt: skip
def test_words_inside_other_words_place_nothing(name: str) -> None:
    assert place(name, None) == UNKNOWN


def test_the_name_decides_before_the_architecture() -> None:
    assert place("qwen2.5:7b", "llama").family == "Qwen"
    assert place("mistral:7b", "llama").rule == "mistral"


def test_a_name_that_says_nothing_leaves_it_to_the_architecture_which_does_not_tell_originals() -> None:
    assert place("my-assistant:latest", "llama") == Lineage("Llama", "Meta", "US", None, None, "architecture:llama")
    assert place("my-assistant:latest", "Qwen2ForCausalLM").rule == "architecture:qwen2"


def test_an_architecture_that_many_share_or_nobody_knows_places_nothing() -> None:
    assert place("my-embedder", "bert") == UNKNOWN
    assert place("my-model", "quux") == UNKNOWN


def test_a_coming_architecture_is_known_by_the_maker_in_it() -> None:
    line = place("my-model", "qwen9moe")
    assert (line.family, line.rule) == ("Qwen", "architecture:qwen")


def test_a_closed_name_beside_a_reported_architecture_is_an_alias() -> None:
    assert place("gpt-4o", None).family == "GPT"
    assert place("gpt-4o", "qwen2").family == "Qwen"
    assert place("text-embedding-ada-002", "bert") == UNKNOWN


@pytest.mark.parametrize(
    "name",
    [
        "unsloth/Llama-3.2-3B-Instruct-bnb-4bit", "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16",
        "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", "someone/Llama-3.1-8B-Instruct-GGUF",
        "nvidia/Llama-3.1-8B-Instruct-FP8", "ai/llama3.2", "groq/llama3-70b-8192", "llama3.1:8b-instruct-fp16",
        "Meta-Llama-3-8B-Instruct.Q4_K_M.gguf", "my-llama-assistant:latest",
        "someone/llama3.1:8b-custom",
    ],
)  # fmt: skip
def test_copies_of_original_weights_are_originals(name: str) -> None:
    line = place(name, None)
    assert (line.family, line.derived, line.base) == ("Llama", False, None)


@pytest.mark.parametrize(
    "name",
    [
        "cyberagent/Llama-3.1-70B-Japanese-Instruct-2407", "bartowski/Llama-3.2-3B-Instruct-uncensored-GGUF",
        "someone/llama3-korean:8b", "llama3-GLM-4-merge",
    ],
)  # fmt: skip
def test_what_others_reworked_is_derived_from_its_own_family(name: str) -> None:
    line = place(name, None)
    assert (line.family, line.derived, line.base) == ("Llama", True, "Llama")


def test_an_organisation_of_one_family_places_a_name_that_tells_nothing() -> None:
    assert place("mistralai/Something-New", None) == Lineage(
        "Mistral", "Mistral AI", "FR", False, None, "org:mistralai"
    )
    assert place("nvidia/something-new", None) == UNKNOWN
    assert place("google/something-new", None) == UNKNOWN


def test_a_fine_tune_without_a_makers_name_follows_a_telling_architecture_before_its_usual_base() -> None:
    assert place("hermes3:8b", "qwen2").base == "Qwen"
    assert place("hermes3:8b", "llama").base == "Llama"


def test_the_longest_hostile_names_are_read_to_their_limit_only() -> None:
    assert place("-" * 512 + "llama", None) == UNKNOWN
    assert place("-" * 507 + "llama", None).family == "Llama"
