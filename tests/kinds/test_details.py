"""What the kinds with a list at /v1/models tell of a model beyond its name."""

from __future__ import annotations

from typing import Any

import pytest

from census.facts import Tools
from tests.kinds.course import JSON, UVICORN, drive, entry, of, web


def test_what_llama_cpp_tells_of_its_template_is_about_one_model_only() -> None:
    two = of([entry("a", owned_by="llamacpp"), entry("b", owned_by="llamacpp")])
    course = drive(web({**two, "/props": (200, JSON, {"chat_template": "{{ tools }}", "build_info": "b1"})}))
    assert course.reading.version == "b1"
    assert {(model.tools, model.template_hash) for model in course.reading.models} == {(Tools.UNKNOWN, None)}


def test_litellm_may_tell_its_version_by_a_header() -> None:
    course = drive(web(of([entry(created=1677610602)], {"x-litellm-version": "1.2.3", **UVICORN})))
    assert course.reading.version == "1.2.3"


@pytest.mark.parametrize(
    ("props", "expected"),
    [
        ({"chat_template_caps": {"supports_tools": True}}, (Tools.YES, "props_caps")),
        ({"chat_template_caps": {"supports_tools": False, "supports_tool_calls": True}}, (Tools.YES, "props_caps")),
        ({"chat_template_caps": {"supports_tool_calls": False}, "chat_template": "tools"}, (Tools.NO, "props_caps")),
        (
            {"chat_template_caps": {"supports_tools": "yes"}, "chat_template": "{{ tools }}"},
            (Tools.YES, "props_template"),
        ),
        ({"chat_template_caps": [], "chat_template": "{{ messages }}"}, (Tools.NO, "props_template")),
        ({"chat_template": "{{ m.tool_calls }}"}, (Tools.YES, "props_template")),
        ({"chat_template": "{{ messages }}", "chat_template_tool_use": "{{ x }}"}, (Tools.YES, "props_template")),
        ({"chat_template": ""}, (Tools.UNKNOWN, None)),
        ({"chat_template": 7}, (Tools.UNKNOWN, None)),
        ({}, (Tools.UNKNOWN, None)),
        ({"role": "router", "chat_template": "{{ tools }}"}, (Tools.UNKNOWN, None)),
    ],
)
def test_llama_cpp_tells_tools_by_its_chat_template(props: Any, expected: tuple[Tools, str | None]) -> None:
    headers = {"server": "llama.cpp"}
    course = drive(web({**of([entry(owned_by="llamacpp")], headers), "/props": (200, headers, props)}))
    model = course.reading.models[0]
    assert (model.tools, model.tools_source) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Q4_K - Medium", "Q4_K_M"),
        ("Q3_K - Large", "Q3_K_L"),
        ("Q2_K - Medium", "Q2_K"),
        ("Q2_K - Small", "Q2_K_S"),
        ("all F32", "F32"),
        ("(guessed) Q8_0", "Q8_0"),
        ("mostly Q4_0", "Q4_0"),
        ("IQ3_XS - 3.3 bpw", "IQ3_XS"),
        ("MXFP4 MoE", "MXFP4"),
        ("unknown, may not work", None),
        (7, None),
    ],
)
def test_llama_cpps_file_types_are_spelt_as_everywhere_else(told: Any, expected: str | None) -> None:
    course = drive(web(of([entry("x", owned_by="llamacpp", meta={"ftype": told})])))
    assert course.reading.models[0].quantization == expected


def test_an_alias_of_vllm_is_sized_by_what_it_was_loaded_from() -> None:
    vllm = {"owned_by": "vllm", "max_model_len": 512.0}
    course = drive(
        web(of([entry("gpt-4", root="/models/Qwen2.5-7B-Instruct-AWQ", **vllm), entry("x-3b", root=7, **vllm)]))
    )
    first, second = course.reading.models
    assert (first.name, first.parameters, first.quantization, first.context_served) == ("gpt-4", 7 * 10**9, "AWQ", 512)
    assert (second.parameters, second.quantization) == (3 * 10**9, None)
