"""What makes two models the same: the hashes that are stored must never become others."""

from __future__ import annotations

import hashlib
import json

from msgspec.structs import astuple

from census.facts import Model, Tools
from census.store.identity import inventory_hash, model_hash

ALL = Model(
    "qwen2.5:7b", "a" * 64, 4683087332, "gguf", "qwen2", 2**63 - 1, "Q4_K_M", 32768, 0, ("completion", "tools"),
    Tools.YES, "show", "model", remote=False, template_hash="b" * 64,
)  # fmt: skip


def test_a_model_has_the_hash_of_its_facts_as_ascii_json() -> None:
    letters = [*map(chr, range(256)), "\u2028", "\u6a21", "\U0001f999"]
    for model in (ALL, *(Model(f"a{letter}b", capabilities=(letter,)) for letter in letters)):
        told = json.dumps(astuple(model), separators=(",", ":"), ensure_ascii=True)
        assert model_hash(model) == hashlib.sha256(told.encode()).digest()


def test_the_hashes_are_those_that_databases_have() -> None:
    assert model_hash(ALL).hex() == "0d24456f5d6460e65fe5369d9e88a2cb642756e6914a45acfa53407a2c7a2b0a"
    listed = inventory_hash([model_hash(ALL), model_hash(Model("a")), model_hash(ALL)], cut=True)
    assert listed.hex() == "2da5c929c545e9c6f745fbd4c7486a2e4cb59fc446ef43d40b8c3bd8544c6680"
