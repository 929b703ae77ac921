"""What servers that people run themselves tell beyond their list, and what they do not tell."""

from __future__ import annotations

from typing import Any

import pytest

from census.facts import Model, Outcome, Tools
from census.kinds.abilities import LEVELS, SOURCES
from tests.kinds.course import JSON, drive, entry, of, web
from tests.kinds.test_examples import EXAMPLES


def only(paths: dict[str, Any]) -> Model:
    (model,) = drive(web(paths)).reading.models
    return model


@pytest.mark.parametrize(
    ("told", "tools", "capabilities"),
    [
        ({}, Tools.UNKNOWN, None),
        ({"tool_call_parser": "qwen25"}, Tools.YES, None),
        ({"tool_call_parser": None}, Tools.NO, None),
        ({"tool_call_parser": 7}, Tools.UNKNOWN, None),
        ({"tool_call_parser": ""}, Tools.UNKNOWN, None),
        ({"is_generation": True}, Tools.UNKNOWN, ("completion",)),
        ({"is_generation": False}, Tools.UNKNOWN, ("embedding",)),
        ({"is_generation": "yes", "has_image_understanding": True}, Tools.UNKNOWN, None),
        (
            {"is_generation": True, "has_image_understanding": True, "has_audio_understanding": True},
            Tools.UNKNOWN,
            ("audio", "completion", "vision"),
        ),
        (
            {"is_generation": True, "tool_call_parser": "x", "reasoning_parser": "y"},
            Tools.YES,
            ("completion", "thinking", "tools"),
        ),
    ],
)
def test_sglang_tells_its_parsers_and_what_its_model_is_for(
    told: Any, tools: Tools, capabilities: tuple[str, ...] | None
) -> None:
    model = only({**of([entry(owned_by="sglang")]), "/model_info": (200, JSON, told)})
    assert (model.tools, model.capabilities) == (tools, capabilities)
    assert (model.tools_source, model.tools_level) == ((None, None) if not tools - 1 else ("parser", "server"))


def test_sglang_behind_ollamas_list_alone_gives_its_name_and_no_digest() -> None:
    listed = {"name": "m-7b", "model": "m-7b", "digest": "sha256:sglang" + "0" * 58, "details": {"format": "sglang"}}
    course = drive(web({"/api/tags": (200, JSON, {"models": [listed]})}), 11434)
    assert (course.name, course.outcome, course.reading.signals) == ("SGLang", Outcome.SERVED, frozenset())
    assert [(model.name, model.digest, model.parameters) for model in course.reading.models] == [
        ("m-7b", None, 7 * 10**9)
    ]


@pytest.mark.parametrize(
    ("version", "tools"),
    [
        ("3.3.5", Tools.YES),
        ("2.0.0", Tools.YES),
        ("1.4.5", Tools.UNKNOWN),
        ("2024.1", Tools.UNKNOWN),
        ("x", Tools.UNKNOWN),
        (None, Tools.UNKNOWN),
        ("²", Tools.UNKNOWN),
    ],
)
def test_tgi_calls_tools_for_any_model_from_version_2_on(version: str | None, tools: Tools) -> None:
    info = {"model_id": "m", "max_concurrent_requests": 1, "max_total_tokens": 2, "version": version}
    model = only({**of([{"id": "m", "object": "model", "created": 0, "owned_by": "m"}]), "/info": (200, JSON, info)})
    assert (model.tools, model.context_served) == (tools, 2)


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ({"id": "m", "parameters": {"max_seq_len": 5}}, (5, Tools.UNKNOWN, None)),
        ({"id": "m", "parameters": {"prompt_template_content": "{{ x }}"}}, (None, Tools.NO, None)),
        ({"id": "m", "parameters": {"use_vision": True}}, (None, Tools.UNKNOWN, ("completion", "vision"))),
        ({"id": "other", "parameters": {"max_seq_len": 5, "use_vision": True}}, (None, Tools.UNKNOWN, None)),
        ({"id": "m", "parameters": None}, (None, Tools.UNKNOWN, None)),
    ],
)
def test_tabbyapi_tells_about_the_model_that_is_loaded(card: Any, expected: Any) -> None:
    model = only({**of([entry(owned_by="tabbyAPI")]), "/v1/model": (200, JSON, card)})
    assert (model.context_served, model.tools, model.capabilities) == expected


@pytest.mark.parametrize(("loaded", "expected"), [("m", "exl3"), ("n", None)])
def test_a_loader_tells_the_format_of_the_model_that_it_loaded(loaded: str, expected: str | None) -> None:
    info = {"model_name": loaded, "lora_names": [], "loader": "ExLlamav3_HF"}
    listed = of([{"id": "m", "object": "model", "created": 0, "owned_by": "user"}])
    assert only({**listed, "/v1/internal/model/info": (200, JSON, info)}).format == expected


@pytest.mark.parametrize(
    ("more", "running", "expected"),
    [
        ({}, {"running": []}, 0),
        ({}, {"running": [{"state": "ready"}, {"state": "stopping"}, 7]}, 1),
        ({}, {"running": "many"}, None),
        ({}, {}, None),
        ({"status": {"value": "loaded"}}, {}, 1),
        ({"status": {"value": "unloaded"}}, {}, 0),
        ({"status": 7}, {}, 0),
    ],
)
def test_llama_swap_tells_what_is_loaded_in_its_list_or_beside_it(more: Any, running: Any, expected: Any) -> None:
    course = drive(web({**of([entry(owned_by="llama-swap", **more)]), "/running": (200, JSON, running)}))
    assert course.reading.running == expected
    assert ("GET /running" in course.asked) == (not more)


@pytest.mark.parametrize(
    ("told", "tools", "capabilities"),
    [
        ({"capabilities": {"function_calling": True}}, Tools.YES, ("tools",)),
        ({"supported_parameters": ["Tools"]}, Tools.YES, ("tools",)),
        ({"capabilities": {"function_calling": False}}, Tools.NO, None),
        ({"capabilities": {"function_calling": False, "vision": True}}, Tools.NO, ("vision",)),
        ({"capabilities": {"function_calling": False}, "supported_parameters": ["tools"]}, Tools.YES, ("tools",)),
        ({"capabilities": {"function_calling": 0}}, Tools.UNKNOWN, None),
        ({"capabilities": {"vision": True, "audio_speech": True, "image_to_image": True}}, Tools.UNKNOWN,
         ("audio", "image", "vision")),
        ({"capabilities": {"function_calling": "yes"}, "supported_parameters": "tools"}, Tools.UNKNOWN, None),
        ({"architecture": {"output_modalities": ["text"]}}, Tools.UNKNOWN, ("completion",)),
    ],
)  # fmt: skip
def test_llama_swap_says_what_its_owner_says_of_a_model(told: Any, tools: Tools, capabilities: Any) -> None:
    model = only(of([entry(owned_by="llama-swap", **told)]))
    assert (model.tools, model.capabilities) == (tools, capabilities)
    assert model.tools_level == (None if tools is Tools.UNKNOWN else "relay")


def test_fastchat_calls_no_tools_whatever_else_its_list_leaves_out() -> None:
    model = only(of([entry(owned_by="fastchat")]))
    assert (model.tools, model.tools_source, model.tools_level) == (Tools.NO, "server_side", "server")


def test_the_default_of_a_mistral_rs_is_a_model_only_if_nothing_else_is_listed() -> None:
    assert only(of([entry("default", owned_by="local")])).name == "default"


def test_mistral_rs_does_not_tell_what_is_loaded_before_it_lists_that() -> None:
    listed = [entry("default", owned_by="local"), entry("a", owned_by="local"), entry("b", owned_by="local")]
    reading = drive(web(of(listed))).reading
    assert ([model.name for model in reading.models], reading.running) == (["a", "b"], None)


def test_a_nim_without_a_release_tells_its_version_with_its_metadata() -> None:
    granted = entry(owned_by="system", root="m", permission=[{"id": "modelperm-1"}])
    paths = {**of([granted]), "/v1/metadata": (200, JSON, {"modelInfo": [], "licenseInfo": {}, "version": "1.2"})}
    assert drive(web(paths)).reading.version == "1.2"
    assert drive(web({**paths, "/v1/version": (200, JSON, {"release": "1.3"})})).reading.version == "1.3"


def test_llamafiles_version_is_in_its_header_unless_a_proxy_stands_before_it() -> None:
    for server, version in (("llamafile/0.9.3", "0.9.3"), ("nginx/1.28", None), ("", None)):
        course = drive(web(of([entry(owned_by="llamafile")], {"server": server, **JSON})))
        assert course.reading.version == version


def test_where_tools_were_read_and_whose_answer_it_is_are_closed_words() -> None:
    told = [model for each in EXAMPLES.values() if each["kind"] for model in each["expected"]["models"]]
    known = [model for model in told if model["tools"] != "unknown"]
    assert {model["tools_source"] for model in known} == SOURCES.keys()
    assert {model["tools_level"] for model in known} == LEVELS
