"""advisories.toml holds its own examples; every one must come out as it says, and the data must fit together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from census.advisories import Affected, advisories, judged
from census.advisories.book import records
from census.advisories.versions import clauses
from census.kinds import KINDS

DATA = records()
EXAMPLES = [(entry["id"], version, word) for entry in DATA["advisory"] for version, word in entry["examples"].items()]


@pytest.mark.parametrize(("number", "version", "word"), EXAMPLES)
def test_every_example_comes_out_as_it_says(number: str, version: str, word: str) -> None:
    (advisory,) = [each for each in advisories() if each.id == number]
    assert advisory.affects(version).word == word


def test_every_advisory_is_told_once_and_has_examples() -> None:
    numbers = [entry["id"] for entry in (*DATA["advisory"], *DATA["left_out"])]
    assert len(numbers) == len(set(numbers))
    assert [entry["id"] for entry in DATA["advisory"] if not entry["examples"]] == []


def test_every_range_has_a_source_that_is_named_and_none_is_named_for_nothing() -> None:
    used = {source for entry in DATA["advisory"] for source in entry["ranges"]}
    assert used | {entry["source"] for entry in DATA["left_out"]} == set(DATA["sources"])


def test_advisories_are_for_software_that_is_recognised() -> None:
    assert {each.software for each in advisories()} <= {kind.name for kind in KINDS}


def test_what_has_no_fix_has_no_first_version_either() -> None:
    signs = {sign for each in advisories() if each.unfixed for within in each.clauses for sign, _ in within}
    assert signs <= {"<", "<="}


@pytest.mark.parametrize("version", [None, "", "dev", "0.0.0", "0.0.0-rc1", "0.6.2-3-gabc1234", "1" * 5000, "0.9.dev4"])
def test_a_version_that_cannot_be_placed_is_unknown_to_all(version: str | None) -> None:
    assert {each.affects(version) for each in advisories()} == {Affected.UNKNOWN}
    assert {word for software in ("Ollama", "vLLM", "llama.cpp") for word in judged(software, version)} == set()


def test_software_that_no_advisory_is_known_for_is_not_judged() -> None:
    assert judged("LM Studio", "0.3.0") == {}


def test_each_software_is_judged_by_its_own_advisories() -> None:
    assert judged("llama.cpp", "b5700-0a1b2c3d") == {
        "CVE-2024-32878": Affected.NO,
        "CVE-2025-49847": Affected.NO,
        "CVE-2025-52566": Affected.YES,
        "CVE-2026-27940": Affected.YES,
        "CVE-2026-21869": Affected.YES,
    }


@pytest.mark.parametrize("text", ["", "~=1.0", "0.1", "<0.1;>2", "< 0.1,"])
def test_what_is_no_range_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="is no range of versions"):
        clauses(text)


@given(st.text(max_size=80) | st.from_regex(r"[bv]?[0-9.]{1,20}(-?(rc|dev|post)[0-9]{0,3})?(\+[a-z0-9]+)?"))
def test_no_version_makes_it_fail(version: str) -> None:
    for each in advisories():
        assert each.affects(version) in Affected
