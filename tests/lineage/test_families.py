"""families.toml holds its own examples; every one must come out as it says, and the data must fit together."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from census.lineage import place
from census.lineage.rules import plain, records, rulebook, words_of

DATA = records()
EXAMPLES = [(rule["id"], example) for rule in DATA["rule"] for example in rule["examples"]]


def _derived(example: dict[str, Any]) -> bool | None:
    """What an example says of derivation: a base means yes, a family without means no, without family nothing."""
    if "family" not in example or example.get("derived") == "unknown":
        return None
    return bool(example.get("derived", "base" in example))


@pytest.mark.parametrize(
    "example", [example for _, example in EXAMPLES], ids=[f"{rule}-{example['name']}" for rule, example in EXAMPLES]
)
def test_every_example_comes_out_as_its_record_says(example: dict[str, Any]) -> None:
    line = place(example["name"], example.get("architecture"))
    assert (line.family, line.derived, line.base) == (example.get("family"), _derived(example), example.get("base"))


def test_every_rule_that_gives_a_family_decides_one_of_its_examples() -> None:
    idle = {
        rule["id"]
        for rule in DATA["rule"]
        if "family" in rule
        and all(place(e["name"], e.get("architecture")).rule != rule["id"] for e in rule["examples"])
    }
    assert not idle


def test_every_family_has_an_example() -> None:
    shown = {example.get("family") for _, example in EXAMPLES}
    assert set(DATA["families"]) <= shown


def test_every_architecture_alone_gives_the_family_that_lists_it() -> None:
    for name, family in DATA["families"].items():
        for architecture in family.get("architectures", ()):
            line = place("my-model:latest", architecture)
            assert (line.family, line.derived, line.rule) == (name, None, f"architecture:{architecture}")


def test_rules_and_families_refer_only_to_what_there_is() -> None:
    families = set(DATA["families"])
    for rule in rulebook().rules:
        assert {rule.family, rule.base} - {None} <= families, rule.id
        assert rule.level in {"own", "maker", "closed", "tune", "noise"}, rule.id
        assert rule.derived in {True, False, "named"}, rule.id
        assert (rule.family is None) <= (rule.level in {"tune", "noise"}), rule.id
    assert set(DATA["shared_architectures"].values()) <= families


def test_identifiers_of_rules_are_not_used_twice() -> None:
    assert [rule for rule, times in Counter(rule["id"] for rule in DATA["rule"]).items() if times > 1] == []


def test_no_architecture_is_claimed_twice() -> None:
    claimed = [a for family in DATA["families"].values() for a in family.get("architectures", ())]
    claimed += [*DATA["shared_architectures"], *DATA["common_architectures"]]
    assert [name for name, times in Counter(map(plain, claimed)).items() if times > 1] == []


def test_words_are_never_lone_numbers_or_single_letters_that_would_match_by_accident() -> None:
    for rule in rulebook().rules:
        for text in rule.words:
            words = words_of(text)
            assert len(words[0]) > 1 or text.startswith("^") or len(words) > 1, (rule.id, text)


def test_conditions_and_organisations_are_written_as_they_are_compared() -> None:
    for rule in rulebook().rules:
        assert all(tag == tag.lower() and "-" not in tag for tag in rule.tags), rule.id
        assert all(plain(name) == name for name in rule.architectures), rule.id
    orgs = [org for family in DATA["families"].values() for org in family.get("orgs", ())] + DATA["carriers"]
    assert [org for org in orgs if org != org.lower()] == []
    assert [word for word in DATA["neutral"] if words_of(word) != [word]] == []


def test_every_family_says_who_makes_it_and_where() -> None:
    for name, family in DATA["families"].items():
        assert family["developer"].strip(), name
        assert len(family["origin"]) == 2, name
        assert family["origin"].isalpha(), name
        assert family["origin"].isupper(), name
