"""What makes two models, and two inventories, the same: hashes over the facts as the servers told them."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable

import msgspec

from census.facts import Model

_QUICK = msgspec.json.Encoder().encode
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode  # made once: json.dumps makes one for each call


@functools.lru_cache(maxsize=1024)  # most hosts list the same thousand models
def model_hash(model: Model) -> bytes:
    """SHA-256 over every fact of a model, as ASCII JSON; lineage is ours, not the server's, and does not count."""
    facts = msgspec.structs.astuple(model)
    told = _QUICK(facts)
    # Where nothing has to be escaped there is one way to write it; else it stays Python's, as stored hashes are.
    if b"\\" in told or b"\x7f" in told or not told.isascii():
        told = _ENCODE(facts).encode()
    return hashlib.sha256(told).digest()


def inventory_hash(models: Iterable[bytes], *, cut: bool) -> bytes:
    """SHA-256 over the distinct hashes of an inventory's models, in sorted order, and whether the list was cut."""
    return hashlib.sha256(b"".join(sorted(set(models))) + (b"cut" if cut else b"")).digest()
