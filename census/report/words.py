"""How numbers and texts are written for people, the same on a terminal and on a page."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

UNKNOWN = "unknown"

# Control characters, line separators, and what turns the direction of writing.
_ACTIVE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def inert(text: str) -> str:
    """A text that cannot move a cursor or turn a line: such characters become their code, like `<U+001B>`."""
    return _ACTIVE.sub(lambda found: f"<U+{ord(found.group()):04X}>", text)


def percent(share: float) -> str:
    """A share as percent, such as `52.0 %`."""
    return f"{100 * share:.1f} %"


def interval(low: float | None, high: float | None) -> str:
    """A 95 % interval in percent, such as `[51.1, 52.9]`; empty where there is none."""
    return "" if low is None or high is None else f"[{100 * low:.1f}, {100 * high:.1f}]"


def written(value: Any) -> str:
    """Any value of a row as a reader sees it: None is `unknown`, whole numbers have thousands separators."""
    if value is None or isinstance(value, bool):
        return {None: UNKNOWN, True: "yes", False: "no"}[value]
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, list | tuple):
        return ", ".join(written(each) for each in value)
    return inert(str(value))


def plural(name: str) -> str:
    """A unit of counting as a plural: `host` is `hosts`."""
    return f"{name}s"
