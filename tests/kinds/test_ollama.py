"""Ollama: what it is asked, what is kept when something goes wrong, and who decides about tools."""

from __future__ import annotations

from typing import Any

import pytest

from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Outcome, Tools
from census.kinds.kind import Wishes
from census.kinds.ollama import KIND
from census.kinds.ollama_epochs import Epoch
from census.kinds.ollama_models import is_remote, read_tools
from census.kinds.ollama_shows import read_show
from census.kinds.ollama_signals import made_up
from tests.kinds.ollama_server import GIN, HEX, Rule, look, reply, says, shows, tag

NONSENSE: tuple[Any, ...] = (None, [], 7, "x", {}, [[]], True)

# What is asked.


def test_a_cloud_model_is_never_asked_about() -> None:
    names = ["a:cloud", "b:120b-cloud", "B:120B-CLOUD", "c-cloud", "ns/d:cloud", "e:cloud@sha256-0"]
    stubs = [tag("f", remote_host="https://ollama.com:443"), tag("g", remote_model="g"), tag("h", model="h:cloud")]
    for version in ("0.1.0", "0.6.8", "0.13.5", "0.33.0", "nonsense"):
        course = look([*map(tag, names), *stubs, tag("local")], version)
        assert [name for name in shows(course) if name != made_up(course.exchanges)] == ["local"]
        assert [model.remote for model in course.reading.models] == [True] * 9 + [False]


def test_a_name_that_control_characters_hide_is_judged_as_it_would_be_sent() -> None:
    assert is_remote("x:cloud", {"name": "x:cl\x00oud"})
    assert is_remote("x", {"name": "x", "model": "x:clo\u202eud"})
    assert not is_remote("cloudy:latest", {"name": "cloudy:latest"})
    assert not is_remote("gpt-oss:cloud:local", {})


def test_one_digest_is_asked_about_once_and_all_its_names_are_told() -> None:
    course = look([tag("a", HEX), tag("b", HEX), tag("c"), {"name": "d", "size": 1}, {"name": "e", "size": 1}])
    assert shows(course) == ["a", "c", "d", "e"]
    assert all(model.tools_source == "show" for model in course.reading.models)


def test_from_0_30_on_only_chat_models_without_tools_in_the_list_are_asked_about() -> None:
    models = [
        tag("with", capabilities=["completion", "tools"]),
        tag("without", capabilities=["completion"]),
        tag("embedding", capabilities=["embedding"]),
        tag("untold"),
        tag("cloudy:cloud", capabilities=["completion"]),
    ]
    for version in ("0.30.0", "0.33.0-rc2", "no version"):
        course = look(models, version)
        assert shows(course) == ["without", "untold"]
        read = {model.name: (model.tools, model.tools_source) for model in course.reading.models}
        assert read["with"] == (Tools.YES, "tags")
        assert read["without"] == read["untold"] == (Tools.NO, "show")
        assert read["embedding"] == read["cloudy:cloud"] == (Tools.NO, "tags")


def test_without_details_nothing_is_asked_by_post_and_what_the_list_lacks_stays_unknown() -> None:
    course = look([tag("a"), tag("b")], details=False)
    assert shows(course) == []
    assert {(model.tools, model.tools_source, model.capabilities) for model in course.reading.models} == {
        (Tools.UNKNOWN, None, None)
    }


@pytest.mark.parametrize("version", ["", 7, None, ["0.33.0"], "0.0.0", "latest"])
def test_an_unknown_version_asks_show_and_believes_what_it_tells(version: Any) -> None:
    course = look([tag("a")], version, show={"template": "{{ .Tools }}"})
    assert (course.reading.models[0].tools, course.reading.models[0].tools_source) == (Tools.YES, "template")


def test_a_question_that_failed_is_not_asked_again() -> None:
    exchanges = Exchanges([reply(Question("GET", "/api/tags"), {"models": [tag("a")]})])
    asked: list[Question] = []
    while (question := KIND.ask(exchanges, Wishes())) is not None:
        asked.append(question)
        exchanges.add(Exchange(question, 0, {}, b""))
    assert [question.label for question in asked] == ["/api/version", CANARY_PATH, "/api/ps", "/api/show"]
    reading = KIND.read(exchanges)
    assert (reading.outcome, reading.version, reading.running) == (Outcome.SERVED, None, None)
    assert reading.models[0].name == "a"
    assert reading.signals == frozenset()


# What is kept when something goes wrong.


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (404, {"content-type": "text/plain"}, b"404 page not found", (Tools.NO, "template")),
        (404, {"content-type": "text/plain"}, b"404 page not found\n", (Tools.YES, "template")),  # a proxy in Go
        (404, {"server": "nginx"}, b"<html>", (Tools.YES, "template")),
        (503, {"content-type": "text/plain"}, b"404 page not found", (Tools.YES, "template")),
    ],
)
def test_an_ollama_from_before_it_told_versions_calls_no_tools(
    status: int, headers: dict[str, str], body: bytes, expected: tuple[Tools, str]
) -> None:
    course = look(
        [tag("a")],
        show={"template": "{{ .Tools }}"},
        version=lambda question: Exchange(question, status, headers, body),
    )
    [model] = course.reading.models
    assert (model.tools, model.tools_source, course.reading.version) == (*expected, None)
    assert course.reading.signals == frozenset()


@pytest.mark.parametrize("broken", ["version", "ps", "show"])
@pytest.mark.parametrize(
    "said",
    [
        lambda question: reply(question, {"error": "boom"}, 500),
        lambda question: reply(question, b"<html>", 200, {"content-type": "text/html"}),
        lambda question: reply(question, b'{"models": ['),
        lambda question: Exchange(question, 200, GIN, b'{"version": "0.6.8"}', truncated=True),
        lambda question: Exchange(question, 0, {}, b""),
        *map(says, NONSENSE),
        lambda question: reply(question, {"version": {}, "models": {}, "template": [], "model_info": [], "details": 7}),
    ],
)
def test_a_list_that_was_read_stays_read(broken: str, said: Rule) -> None:
    course = look([tag("a"), tag("b")], **{broken: said})
    assert course.reading.outcome is Outcome.SERVED
    assert [model.name for model in course.reading.models] == ["a", "b"]
    assert course.reading.models[0].quantization == "Q4_K_M"
    assert course.reading.signals == frozenset()


def test_fields_of_the_wrong_type_are_unknown_and_the_others_are_kept() -> None:
    wrong = {
        "size": "7 GB",
        "details": {"format": 7, "family": ["x"], "parameter_size": "many", "context_length": True},
    }
    course = look([tag("a:8b-q8_0", **wrong), {"name": 5, "model": "b", "size": 1, "details": "none"}], show={})
    first, second = course.reading.models
    assert (first.size, first.format, first.architecture, first.context_length) == (None, None, None, None)
    assert (first.parameters, first.quantization) == (8_000_000_000, "Q8_0")  # its name fills the gap
    assert (second.name, second.size) == ("b", 1)


def test_an_entry_without_a_usable_name_is_dropped() -> None:
    course = look([tag("\x00"), None, 7, tag("/home/someone/a"), {"digest": HEX}, tag("b")])
    assert [model.name for model in course.reading.models] == ["a", "b"]
    assert look([tag("")]).reading.outcome is Outcome.EMPTY


def test_a_long_list_is_cut_and_says_so() -> None:
    course = look(tag(f"m{n}", HEX) for n in range(2001))
    assert (len(course.reading.models), course.reading.cut) == (2000, True)
    assert look(tag(f"m{n}", HEX) for n in range(2000)).reading.cut is False


@pytest.mark.parametrize(
    "said",
    [
        lambda question: Exchange(question, 200, GIN, b'{"models":[{"name":"a"', truncated=True),
        lambda question: reply(question, b'{"models":[{"name":"a"}, oops'),
        lambda question: reply(question, {"models": 5}),
        lambda question: reply(question, {"models": {"name": "a"}}),
    ],
)
def test_a_broken_list_is_misread_and_asks_nothing_further(said: Rule) -> None:
    course = look([], tags=said)
    assert (course.kind, course.reading.outcome) == (KIND, Outcome.MISREAD)
    assert course.asked == ("GET /api/tags",)


def test_exact_numbers_of_show_go_before_the_list_and_the_list_before_the_name() -> None:
    info = {"general.architecture": "qwen2", "general.parameter_count": 7615616512.0, "qwen2.context_length": 32768}
    told = {"model_info": info, "details": {"quantization_level": "Q8_0", "format": "other"}}
    listed = tag("x:70b-q2_K", details={"parameter_size": "7.6B", "quantization_level": "Q4_K_M", "context_length": 5})
    model = look([listed], show=told).reading.models[0]
    assert (model.parameters, model.quantization, model.context_length) == (7615616512, "Q4_K_M", 32768)
    assert (model.architecture, model.format) == ("qwen2", "other")
    model = look([listed], show={"model_info": {"general.parameter_count": "7B"}}).reading.models[0]
    assert (model.parameters, model.context_length) == (7_600_000_000, 5)


def test_who_was_not_drawn_is_asked_what_it_has_loaded_only_if_it_gave_a_sign_of_pretending() -> None:
    spared = look([tag("a")], loaded=False)
    assert "GET /api/ps" not in spared.asked
    assert spared.reading.running is None
    assert spared.reading.models == look([tag("a")]).reading.models
    decoy = look([tag("a")], loaded=False, canary=says({"ok": True}))
    assert "GET /api/ps" in decoy.asked
    assert decoy.reading.running == 0


def test_ps_tells_how_many_models_are_loaded_and_loading_one_makes_no_other_model_of_it() -> None:
    loaded = {
        "models": [{"name": "a", "context_length": 4096}, {"model": "b", "context_length": "8"}, {"name": "gone"}]
    }
    models = [tag("a"), tag("b"), tag("c")]
    reading = look(models, ps=loaded).reading
    assert reading.running == 3
    assert reading.models == look(models).reading.models
    assert look([tag("a")], ps={"models": None}).reading.running == 0


# Who decides about tools.

TEMPLATE = {"template": "{{ .Tools }}"}
PLAIN = {"template": "{{ .Prompt }}"}
JINJA = {"template": "{%- if tools %}{{ tools }}{% endif %}"}


@pytest.mark.parametrize(
    ("listed", "show", "epoch", "expected"),
    [
        (None, {}, Epoch.TEMPLATE, (Tools.UNKNOWN, None)),
        (None, {}, Epoch.NO_TOOLS, (Tools.UNKNOWN, None)),
        (None, TEMPLATE, Epoch.NO_TOOLS, (Tools.NO, "template")),
        (None, TEMPLATE, Epoch.TEMPLATE, (Tools.YES, "template")),
        (None, PLAIN, Epoch.TEMPLATE, (Tools.NO, "template")),
        (None, JINJA, Epoch.TEMPLATE, (Tools.UNKNOWN, None)),
        (None, {"details": {}}, Epoch.TEMPLATE, (Tools.UNKNOWN, None)),
        (None, TEMPLATE, None, (Tools.YES, "template")),
        (None, {**TEMPLATE, "capabilities": ["completion"]}, Epoch.SHOW, (Tools.NO, "show")),
        (None, {**PLAIN, "capabilities": ["Tools"]}, Epoch.PARSER, (Tools.YES, "show")),
        (None, {**PLAIN, "capabilities": []}, Epoch.SHOW, (Tools.NO, "show")),
        (None, {**TEMPLATE, "capabilities": "tools"}, Epoch.SHOW, (Tools.YES, "template")),
        (None, {**PLAIN, "parser": "harmony"}, Epoch.PARSER, (Tools.UNKNOWN, None)),
        (("completion", "tools"), {}, Epoch.LIST, (Tools.YES, "tags")),
        (("completion",), {}, Epoch.LIST, (Tools.NO, "tags")),
        (("completion",), {**JINJA, "capabilities": ["tools"]}, Epoch.LIST, (Tools.YES, "show")),
        (("embedding",), {}, Epoch.LIST, (Tools.NO, "tags")),
        ((), {}, Epoch.LIST, (Tools.NO, "tags")),
    ],
)
def test_tools_are_told_by_the_best_source_of_the_epoch(
    listed: tuple[str, ...] | None, show: dict[str, Any], epoch: Epoch | None, expected: tuple[Tools, str | None]
) -> None:
    assert read_tools(listed, read_show(show, epoch)) == expected


# What only copies of one machine share.


def _imprint(*written: tuple[str, Any], models: str = "abc") -> str | None:
    times = dict(written)
    listed = [tag(name, modified_at=times.get(name, f"2026-01-0{at}T00:00:00Z")) for at, name in enumerate(models, 1)]
    return look(listed).reading.imprint


def test_machines_with_the_same_models_written_at_the_same_instants_have_one_imprint() -> None:
    assert _imprint() is not None
    assert _imprint() == _imprint()
    assert look([tag(name, modified_at="x", size=number) for number, name in enumerate("abc")]).reading.imprint == (
        look([tag(name, modified_at="x") for name in "cba"]).reading.imprint
    )


def test_another_instant_or_another_model_is_another_imprint() -> None:
    assert len({_imprint(), _imprint(("a", "2026-01-01T00:00:00.2Z")), _imprint(models="abd")}) == 3


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ("2026-01-01T00:00:00.123456789-07:00", True),
        ("2026-01-01T00:00:00.123Z", True),
        ("2026-01-01T00:00:00.000000001Z", True),
        ("2026-01-01T00:00:00Z", False),  # all that the layers of a container image keep
        ("2026-01-01T00:00:00.000000Z", False),
        ("2026-01-01T00:00:00.5Z", False),
        ("2026-01-01T00:00:00.1234567890Z", False),
        ("2026-01-01", False),
        (0.123456, False),
    ],
)
def test_an_instant_finer_than_a_second_is_enough_with_one_model(time: Any, told: bool) -> None:
    assert (_imprint(("a", time), models="a") is not None) == told
    assert (_imprint(("b", time), models="ab") is not None) == told
    assert _imprint(("a", time), models="a") == _imprint(("a", time), models="a")


def test_finer_instants_make_other_imprints_when_they_differ() -> None:
    assert len({_imprint(("a", f"2026-01-01T00:00:00.12345678{n}Z"), models="a") for n in range(9)}) == 9


@pytest.mark.parametrize("time", [None, 7, ""])
def test_fewer_than_three_models_with_their_instants_have_no_imprint(time: Any) -> None:
    assert _imprint(("c", time)) is None
    assert _imprint(models="ab") is None
    assert look([tag(name, HEX, modified_at=name) for name in "abcd"]).reading.imprint is None  # one model
