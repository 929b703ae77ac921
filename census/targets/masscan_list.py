"""Reads masscan's list output (-oL): `open tcp PORT ADDRESS TIME` on each line, between two comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from census.targets.entries import Entry
from census.targets.form import Form, Source, mostly
from census.targets.gathered import Gathered, each_line
from census.targets.plain import read_port

_WORDS = 5
_LINE = re.compile(r"(open|closed|banner|unknown) [a-z]+ [0-9]+ [0-9a-fA-F.:]+ [0-9]+(\s.*)?")


def fits(lines: list[str]) -> bool:
    """Whether the list begins as masscan begins it, or its lines are of this form."""
    results = [line for line in lines if not line.startswith("#")]
    return lines[:1] == ["#masscan"] or (bool(results) and mostly(results, lambda line: bool(_LINE.fullmatch(line))))


def entries(source: Source, blocks: Iterable[bytes]) -> Iterator[Entry]:
    """The open TCP ports of a list; a banner comes from an open one."""
    return each_line(source, blocks, _read)


def _read(_number: int, line: str, gathered: Gathered) -> None:
    words = line.split(None, _WORDS)
    if not words or words[0].startswith("#"):
        return
    if len(words) < _WORDS:
        raise ValueError("this is no line of masscan; it writes open tcp PORT ADDRESS TIME")
    status, protocol, port, address, _ = words[:_WORDS]
    if protocol == "tcp" and status in ("open", "banner"):
        gathered.add(address, read_port(port))


FORM = Form("masscan list (-oL)", fits, entries)
