"""What makes two models, and two inventories, the same: hashes over the facts as the servers told them."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from operator import attrgetter

from census.facts import Model

_FACTS = attrgetter(*Model.__struct_fields__)
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode  # made once: json.dumps makes one for each call


@functools.lru_cache(maxsize=1024)  # most hosts list the same thousand models
def model_hash(model: Model) -> bytes:
    """SHA-256 over every fact of a model; lineage is ours, not the server's, and does not count."""
    return hashlib.sha256(_ENCODE(_FACTS(model)).encode()).digest()


def inventory_hash(models: Iterable[bytes], *, cut: bool) -> bytes:
    """SHA-256 over the distinct hashes of an inventory's models, in sorted order, and whether the list was cut."""
    return hashlib.sha256(b"".join(sorted(set(models))) + (b"cut" if cut else b"")).digest()
