"""Divides the networks of a scan among machines that know nothing of each other: `--shard I/N`."""

from __future__ import annotations

import re
from typing import TypeAlias

Shard: TypeAlias = tuple[int, int]  # the I-th of N, from 1


def parse_shard(text: str) -> Shard:
    """The shard that `2/5` names: the second of five. Raises ValueError that says what to write."""
    parts = re.fullmatch(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*", text)
    if parts is None:
        raise ValueError(f"{text!r} is no shard; write I/N, such as 2/5 for the second of five")
    index, number = int(parts[1]), int(parts[2])
    if number == 0:
        raise ValueError(f"{text!r} is no shard; N counts the machines; write 1 or more behind the slash")
    if not 1 <= index <= number:
        raise ValueError(f"{text!r} is no shard; with N = {number} write I from 1 to {number}")
    return index, number
