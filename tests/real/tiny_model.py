"""Writes a whole Hugging Face model of 0.3 MB with random weights, which a server loads as if it were a real one."""

from __future__ import annotations

import json
import random
from array import array
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

_WIDTH = 64
_INNER = 128
_LAYERS = 2
_WORDS = ["<unk>", "<|im_start|>", "<|im_end|>", *(f"word{number}" for number in range(253))]

_CONFIG = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": _WIDTH,
    "intermediate_size": _INNER,
    "num_hidden_layers": _LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "vocab_size": len(_WORDS),
    "eos_token_id": 2,
    "torch_dtype": "float32",
}

_TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "unk_token": "<unk>",
    "eos_token": "<|im_end|>",
    "chat_template": "{% for message in messages %}<|im_start|> {{ message['content'] }} <|im_end|>{% endfor %}",
}


def write_model(folder: Path) -> None:
    """Make `folder` with config.json, model.safetensors and the tokenizer's two files."""
    folder.mkdir()
    _write_json(folder / "config.json", _CONFIG)
    _write_json(folder / "tokenizer.json", _tokenizer())
    _write_json(folder / "tokenizer_config.json", _TOKENIZER_CONFIG)
    _write_safetensors(folder / "model.safetensors", dict(_shapes()))


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content))


def _tokenizer() -> dict[str, Any]:
    return {
        "version": "1.0",
        "added_tokens": [_special(number) for number in range(3)],
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate(_WORDS)},
            "unk_token": "<unk>",
        },
    }


def _special(number: int) -> dict[str, Any]:
    off = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": _WORDS[number], "special": True, **off}


def _shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "model.embed_tokens.weight", (len(_WORDS), _WIDTH)
    yield "model.norm.weight", (_WIDTH,)
    for layer in range(_LAYERS):
        inside = f"model.layers.{layer}"
        yield f"{inside}.input_layernorm.weight", (_WIDTH,)
        yield f"{inside}.post_attention_layernorm.weight", (_WIDTH,)
        for part in ("q_proj", "k_proj", "v_proj"):
            yield f"{inside}.self_attn.{part}.weight", (_WIDTH, _WIDTH)
            yield f"{inside}.self_attn.{part}.bias", (_WIDTH,)
        yield f"{inside}.self_attn.o_proj.weight", (_WIDTH, _WIDTH)
        yield f"{inside}.mlp.gate_proj.weight", (_INNER, _WIDTH)
        yield f"{inside}.mlp.up_proj.weight", (_INNER, _WIDTH)
        yield f"{inside}.mlp.down_proj.weight", (_WIDTH, _INNER)


def _write_safetensors(file: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    """The format: length of the header (8 bytes, little endian), the header as JSON, then the numbers one by one."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        begin, end = end, end + 4 * prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    words = json.dumps(header).encode()
    dice = random.Random(0)
    weights = array("f", (dice.uniform(-0.1, 0.1) for _ in range(end // 4)))
    file.write_bytes(len(words).to_bytes(8, "little") + words + weights.tobytes())
