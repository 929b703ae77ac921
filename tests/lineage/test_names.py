"""Names in all the forms that servers list are taken apart, and none is ever refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from census.lineage.names import BIGINT, Name, parameters_of, parse, parse_count, quantization_of

# name -> (organisation, base, tag, whether it is a file)
PARTS = {
    "llama3": (None, "llama3", None, False),
    "llama3:latest": (None, "llama3", "latest", False),
    "library/llama3:8b": (None, "llama3", "8b", False),
    "registry.ollama.ai/library/llama3:8b": (None, "llama3", "8b", False),
    "huihui_ai/qwen3-abliterated:8b": ("huihui_ai", "qwen3-abliterated", "8b", False),
    "localhost:5000/ns/model:1b@sha256:0123abc": ("ns", "model", "1b", False),
    "localhost:5000/model": (None, "model", None, False),
    "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M": ("bartowski", "Llama-3.2-1B-Instruct-GGUF", "Q4_K_M", False),
    "Qwen/Qwen2.5-7B-Instruct": ("Qwen", "Qwen2.5-7B-Instruct", None, False),
    "openrouter/anthropic/claude-3.5-sonnet": ("anthropic", "claude-3.5-sonnet", None, False),
    "claude-3-5-sonnet@20240620": (None, "claude-3-5-sonnet", None, False),
    "@cf/meta/llama-3-8b": ("meta", "llama-3-8b", None, False),
    "mistral-7b.Q4_0.gguf": (None, "mistral-7b.Q4_0", None, True),
    "Qwen2.5-7B-Q5_K_S-00001-of-00003.gguf": (None, "Qwen2.5-7B-Q5_K_S", None, True),
    "mmproj-gemma-3-4b-it-f16.gguf": (None, "gemma-3-4b-it-f16", None, True),
    "llama-2-70b-chat.Q8_0.gguf-split-a": (None, "llama-2-70b-chat.Q8_0", None, True),
    "Behemoth-123B.i1-Q4_K_M.gguf.part1of2": (None, "Behemoth-123B.i1-Q4_K_M", None, True),
    "model-00001-of-00005.safetensors": (None, "model", None, True),
    "UD-Q4_K_XL/Qwen3-235B-A22B-UD-Q4_K_XL-00001-of-00003.gguf": (None, "Qwen3-235B-A22B-UD-Q4_K_XL", None, True),
    "https://huggingface.co/Qwen/Qwen3-8B": ("Qwen", "Qwen3-8B", None, False),
    "tiny/tiny.gguf": (None, "tiny", None, True),
    "/srv/models/alice/tiny-qwen2": (None, "tiny-qwen2", None, False),
    "/srv/models/alice/tiny-qwen2/": (None, "tiny-qwen2", None, False),
    "~/models/phi-4-q4.gguf": (None, "phi-4-q4", None, True),
    "./models/phi-4": (None, "phi-4", None, False),
    "C:\\Users\\bob\\models\\mistral-7b.Q4_0.gguf": (None, "mistral-7b.Q4_0", None, True),
    "C:/Users/bob/models/mistral": (None, "mistral", None, False),
    "/home/u/.cache/huggingface/hub/models--Qwen--Qwen2.5-7B/snapshots/abc": ("Qwen", "Qwen2.5-7B", None, False),
    "models--gpt2": (None, "gpt2", None, False),
    "models--TheBloke--x-GGUF/snapshots/abc/x.Q8_0.gguf": ("TheBloke", "x.Q8_0", None, True),
    "gpt-oss:120b-cloud": (None, "gpt-oss", "120b-cloud", False),
    "  llama3:8b  ": (None, "llama3", "8b", False),
    "qwen:": (None, "qwen", None, False),
    ":latest": (None, "latest", None, False),
    "/": (None, "", None, False),
    "": (None, "", None, False),
}

QUANTIZATIONS = {
    "qwen2.5:7b-instruct-q4_K_M": "Q4_K_M",
    "Llama-3.2-1B-Instruct-IQ2_XXS.gguf": "IQ2_XXS",
    "hf.co/unsloth/Qwen3-30B-A3B-GGUF:UD-Q4_K_XL": "Q4_K_XL",
    "hf.co/bartowski/Llama-3.2-1B-GGUF:Llama-3.2-1B-IQ3_M.gguf": "IQ3_M",
    "phi-3-Q4_0_4_4.gguf": "Q4_0_4_4",
    "llama3:8b-text-fp16": "F16",
    "gemma-3-f32.gguf": "F32",
    "gemma-3-bf16.gguf": "BF16",
    "llama-bf16-Q8_0.gguf": "Q8_0",
    "gpt-oss-20b-MXFP4.gguf": "MXFP4",
    "nvidia/DeepSeek-R1-NVFP4": "NVFP4",
    "Qwen/Qwen3-8B-FP8": "FP8",
    "Qwen/Qwen2.5-7B-Instruct-AWQ": "AWQ",
    "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4": "GPTQ-INT4",
    "mlx-community/Qwen3-4B-4bit": "4bit",
    "x-8-bit": "8bit",
    "unsloth/Llama-3.2-3B-Instruct-bnb-4bit": "4bit",
    "cpatonn/Qwen3-30B-A3B-Instruct-2507-AWQ-4bit": "AWQ",
    "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4": "AWQ-INT4",
    "TheBloke/WizardLM-13B-GPTQ-4bit-128g": "GPTQ",
    "turboderp/Llama-3.1-8B-Instruct-exl2-4.65bpw": "EXL2",
    "Midnight-Miqu-70B-v1.5_3.75bpw_h6": "3.75bpw",
    "mlc-ai/Llama-3-8B-Instruct-q4f16_1-MLC": "Q4F16_1",
    "someone/qwen3:8b-q4-k-m": "Q4_K_M",
    "someone/qwen3:8b-q6-k": "Q6_K",
    "RedHatAI/Qwen3-32B-NVFP4A16": "NVFP4A16",
    "gpt-oss-20b-MXFP4_MOE.gguf": "MXFP4",
    "Qwen3-8B.i1-IQ4_XS.gguf": "IQ4_XS",
    "mlx-community/Qwen3-8B-4bit-DWQ": "4bit",
    "ai/llama3.2:3B-Q4_K_M": "Q4_K_M",
    "RedHatAI/Llama-3.1-8B-quantized.w4a16": "W4A16",
    "bitnet:TQ2_0": "TQ2_0",
    "llama3": None,
    "faq4u": None,
    "q3-report": None,
    "awqward": None,
}

PARAMETERS = {
    "qwen2.5:7b": 7_000_000_000,
    "qwen2.5:0.5b-instruct": 500_000_000,
    "gemma3:270m": 270_000_000,
    "mixtral:8x7b": 56_000_000_000,
    "qwen3:30b-a3b": 30_000_000_000,
    "Qwen/Qwen3-235B-A22B": 235_000_000_000,
    "kimi-k2:1t-cloud": 1_000_000_000_000,
    "bigscience/bloom-7b1": 7_100_000_000,
    "DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf": 1_500_000_000,
    "llama-2-7b:13b": 13_000_000_000,
    "TheBloke_Mixtral-8X7B-Instruct-v0.1-AWQ": 56_000_000_000,
    "RWKV-4-Pile-1B5": 1_500_000_000,
    "ai/llama3.2:3B-Q4_K_M": 3_000_000_000,
    "70B_Q4_K_M.gguf": 70_000_000_000,
    "3.75bpw": None,
    "gemma3n:e4b": None,
    "Llama-4-Scout-17B-16E": None,
    "Qwen3-4bit": None,
    "Qwen2_5-1_5B": None,
    "yarn-128k": None,
    "llama3": None,
}

COUNTS: list[tuple[Any, int | None]] = [
    ("7.6B", 7_600_000_000),
    ("7.6 b", 7_600_000_000),
    ("137M", 137_000_000),
    ("119K", 119_000),
    ("1.1T", 1_100_000_000_000),
    ("8x7B", 56_000_000_000),
    ("7615616512", 7_615_616_512),
    (7_615_616_512, 7_615_616_512),
    (8.03e9, 8_030_000_000),
    (BIGINT, BIGINT),
    (BIGINT + 1, None),
    (str(BIGINT), BIGINT),
    ("9999999999B", None),
    ("9" * 5000, None),
    ("1e99", None),
    ("0", None),
    (0, None),
    (-7, None),
    ("-7B", None),
    ("", None),
    ("seven", None),
    ("\u0667B", None),
    (True, None),
    (None, None),
    ([7], None),
    (math.nan, None),
    (math.inf, None),
]


@pytest.mark.parametrize("name", PARTS)
def test_a_name_falls_into_its_parts(name: str) -> None:
    assert parse(name) == Name(*PARTS[name])


@pytest.mark.parametrize("name", QUANTIZATIONS)
def test_the_quantization_is_read_from_the_name(name: str) -> None:
    assert quantization_of(name) == QUANTIZATIONS[name]


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_number_of_parameters_is_read_from_the_name(name: str) -> None:
    assert parameters_of(name) == PARAMETERS[name]


@pytest.mark.parametrize(("value", "count"), COUNTS)
def test_a_reported_size_is_a_count_or_nothing(value: Any, count: int | None) -> None:
    assert parse_count(value) == count


@given(st.text(max_size=600))
def test_any_text_is_parsed_and_no_folder_is_kept(name: str) -> None:
    parts = parse(name)
    assert not {"/", "\\"} & set(parts.base + (parts.org or "") + (parts.tag or ""))
    assert parts.parameters is None or 1 <= parts.parameters <= BIGINT
    assert parts.quantization is None or parts.quantization.isascii()


@given(st.text(alphabet="0123456789.xXkmbtKMBTab_-:qQ", max_size=40))
def test_sizes_never_leave_what_the_database_can_hold(text: str) -> None:
    for count in (parse_count(text), parameters_of(text)):
        assert count is None or 1 <= count <= BIGINT
