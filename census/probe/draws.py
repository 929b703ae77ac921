"""Draws that no target can foresee, and which do not ask the kernel each time."""

from __future__ import annotations

import random
import secrets
from typing import Final

# Seeded by what nobody knows. Targets see all of the digits, so these have a generator of their own: from enough of
# them whoever holds many addresses could tell the next ones. Of the other nobody sees more than which questions come.
_drawn: Final = random.Random(secrets.token_bytes(32)).random  # noqa: S311  likewise
_shown: Final = random.Random(secrets.token_bytes(32)).getrandbits  # noqa: S311  likewise


def one_in(many: int) -> bool:
    """True for one in so many, by chance."""
    return many == 1 or _drawn() * many < 1


def digits() -> str:
    """16 hex digits for a path that no server has."""
    return f"{_shown(64):016x}"
