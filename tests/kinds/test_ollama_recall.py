"""An Ollama is not asked about models that others told of, and is read as if it had been."""

from __future__ import annotations

from typing import Any

import pytest

from census.exchanges import Exchange, Question
from census.facts import Saying
from census.kinds.ollama_epochs import release_of
from census.kinds.ollama_shows import read_show, recalled
from census.store.identity import model_hash
from tests.kinds.course import Course, drive
from tests.kinds.ollama_server import reply, server, shows, tag

DIGEST = "c" * 64
SHOW: dict[str, Any] = {
    "details": {"format": "gguf", "family": "qwen2", "parameter_size": "7.6B", "quantization_level": "Q4_K_M"},
    "model_info": {
        "general.architecture": "qwen2",
        "general.parameter_count": 7615616512,
        "qwen2.context_length": 32768,
    },
    "capabilities": ["completion", "tools"],
    "template": "{{ .Tools }}",
}
OLDER = {key: SHOW[key] for key in ("details", "template")}
LISTED = [tag("a", DIGEST), tag("copy:latest", DIGEST), tag("bare", DIGEST, details={})]


def look(models: list[Any], claimed: str, told: tuple[Saying, ...] = (), **answers: Any) -> Course:
    known = {(each.digest, each.rules): each.said for each in told}
    return drive(server(models, claimed, **answers), 11434, recall=lambda digest, rules: known.get((digest, rules)))


@pytest.mark.parametrize(
    ("claimed", "show"), [("0.1.44", OLDER), ("0.5.7", OLDER), ("0.6.8", SHOW), ("0.9.0", SHOW), ("0.24.1", SHOW)]
)
def test_who_is_not_asked_has_the_very_models_of_who_was_asked(claimed: str, show: Any) -> None:
    asked = look(LISTED, claimed, show=show)
    spared = look(LISTED, claimed, asked.reading.told, show={"template": "never asked"})
    assert (len(shows(asked)), shows(spared)) == (1, [])
    assert list(map(model_hash, spared.reading.models)) == list(map(model_hash, asked.reading.models))
    assert (len(asked.reading.told), spared.reading.told) == (1, ())
    assert not asked.reading.recalled
    assert spared.reading.recalled == {"a", "copy:latest", "bare"}


@pytest.mark.parametrize("show", [SHOW, {**SHOW, "capabilities": []}, {**SHOW, "model_info": None}])
def test_what_is_kept_of_a_show_is_read_back_as_it_was(show: dict[str, Any]) -> None:
    [told] = look([tag("a", DIGEST)], "0.6.8", show=show).reading.told
    assert recalled(told.said) == read_show(show, None)


@pytest.mark.parametrize("newer", ["0.6.8", "0.9.0", "0.13.5"])
@pytest.mark.parametrize("older", ["0.2.6", "0.5.7", "0.6.3", "0.6.4", "0.8.9", "0.11.4"])
def test_what_newer_releases_told_is_read_as_an_older_one_would_have_told_it(newer: str, older: str) -> None:
    def show(version: str) -> dict[str, Any]:
        release = release_of(version) or (0, 0, 0)
        words = [*(["thinking"] if release >= (0, 9, 0) else []), "completion", "tools"]
        return {**OLDER, "model_info": SHOW["model_info"], **({"capabilities": words} if release >= (0, 6, 4) else {})}

    told = look(LISTED, newer, show=show(newer)).reading.told
    asked = look(LISTED, older, show=show(older)).reading
    spared = look(LISTED, older, told, show={"template": "never asked"})
    if (newer, older) == ("0.6.8", "0.11.4"):  # what it can do besides came with 0.9
        assert "a" in shows(spared)
    else:
        assert (shows(spared), spared.reading.models) == ([], asked.models)


@pytest.mark.parametrize(
    ("claimed", "show"),
    [
        ("0.2.5", OLDER),
        ("0.9.0", SHOW),
        ("0.12.0", SHOW),
        ("0.30.0", SHOW),
        ("0.0.0", SHOW),
        ("0.6.8-dirty.x", SHOW),
    ],
)
def test_what_was_told_under_other_rules_spares_nobody(claimed: str, show: Any) -> None:
    told = look(LISTED, "0.6.8", show=SHOW).reading.told
    assert [each.rules for each in told] == ["0.6.4"]
    course = look(LISTED, claimed, told, show=show)
    assert (shows(course), course.reading.recalled) == (["a"], frozenset())


@pytest.mark.parametrize(
    ("claimed", "asked"), [("0.13.5", []), ("0.13.5-rc1", []), ("0.13.4", ["a"]), ("0.12.0", ["a"])]
)
def test_of_a_model_with_a_built_in_parser_only_the_same_release_tells_alike(claimed: str, asked: list[str]) -> None:
    parsed = {**SHOW, "parser": "qwen3-coder"}
    told = look(LISTED, "0.13.5", show=parsed).reading.told
    assert [each.rules for each in told] == ["=0.13.5"]
    assert shows(look(LISTED, claimed, told, show=parsed)) == asked


def test_who_gave_a_sign_of_pretending_is_neither_believed_nor_spared() -> None:
    def canary(question: Question) -> Exchange:
        return reply(question, {"ok": True})

    told = look(LISTED, "0.6.8", show=SHOW).reading.told
    decoy = look(LISTED, "0.6.8", told, show=SHOW, canary=canary)
    assert decoy.reading.signals
    assert "a" in shows(decoy)
    assert (decoy.reading.told, decoy.reading.recalled) == ((), frozenset())


@pytest.mark.parametrize("digest", ["", "d" * 63, "D" * 64, "sha256:" + "d" * 64, 7, None])
def test_only_the_digest_of_a_manifest_is_remembered(digest: Any) -> None:
    course = look([{**tag("a"), "digest": digest}], "0.6.8", show=SHOW)
    assert course.reading.told == ()


def test_an_answer_that_is_longer_than_any_real_one_is_not_remembered() -> None:
    long = {**SHOW, "capabilities": [f"{each:064}" for each in range(20)]}
    assert look(LISTED, "0.6.8", show=long).reading.told == ()


def test_a_model_in_the_cloud_is_never_asked_about_nor_told_of() -> None:
    cloud = [tag("a:cloud", DIGEST), tag("b", "e" * 64, remote_host="https://ollama.com:443")]
    course = look(cloud, "0.12.3", show=SHOW)
    assert (shows(course), course.reading.told) == ([], ())


def test_only_what_nobody_told_of_is_asked() -> None:
    told = look([tag("a", DIGEST)], "0.6.8", show=SHOW).reading.told
    course = look([tag("a", DIGEST), tag("new")], "0.6.8", told, show=SHOW)
    assert shows(course) == ["new"]
    assert course.reading.recalled == {"a"}
    assert [(each.tools_source, each.tools_level) for each in course.reading.models] == [("show", "model")] * 2
