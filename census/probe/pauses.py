"""Pauses that servers ask for: what Retry-After says, and until when each address is left in peace.

A pause is the address's, for all its ports. The one who asked waits if the pause ends before the deadline of the
target; other targets of the address wait longer, but within bounds that no server can move.
"""

from __future__ import annotations

import math
import re
import time
from collections import OrderedDict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from census.exchanges import Exchange

_ASKING = (429, 503)
_LEAST = 1.0  # seconds; "at once" is no pause, and would be a loop
_MOST = 86_400.0  # seconds; more means the same
_LONGEST = 120.0  # seconds that other targets of an address wait for one pause
_PATIENCE = 300.0  # seconds that they wait for an address in all
_KEPT = 100_000  # addresses remembered; all targets of one are close together


def retry_after(exchange: Exchange) -> float | None:
    """Seconds that an answer asks to wait, 1 to 86,400; None if it asks for no pause or cannot be understood."""
    if exchange.status not in _ASKING:
        return None
    text = exchange.headers.get("retry-after", "").strip()
    if not text:
        return None
    if re.fullmatch("[0-9]+", text):
        return min(max(float(text.lstrip("0")[:9] or 0), _LEAST), _MOST)
    until = _date(text)
    if until is None:
        return None
    now = _date(exchange.headers.get("date", "")) or datetime.now(UTC)  # its own clock, if it tells it
    return min(max((until - now).total_seconds(), _LEAST), _MOST)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


class Pauses:
    """The addresses that asked for a pause, on the monotonic clock."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, tuple[float, float]] = OrderedDict()  # the end, and all that was waited for

    def ask_for(self, address: str, seconds: float) -> bool:
        """Note a pause; says whether it is the first of this address."""
        known = address in self._until
        until, waited = self._until.pop(address, (0.0, 0.0))
        self._until[address] = (max(until, time.monotonic() + seconds), waited + seconds)
        if len(self._until) > _KEPT:
            self._until.popitem(last=False)
        return not known

    def left(self, address: str) -> float:
        """Seconds until the address may be asked again, 0 for at once."""
        known = self._until.get(address)
        return max(0.0, known[0] - time.monotonic()) if known is not None else 0.0

    def wait(self, address: str) -> float:
        """Seconds that another target of the address waits before it is asked; infinite when it is not asked at all."""
        left = self.left(address)
        waited = self._until.get(address, (0.0, 0.0))[1]
        return math.inf if left > _LONGEST or (left > 0 and waited > _PATIENCE) else left
