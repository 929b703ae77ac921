"""Reads ZMap's CSV: with a header, of which `saddr` and `sport` or `port` are read, or bare `ADDRESS,PORT` lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from census.targets.columns import fields
from census.targets.entries import Entry
from census.targets.form import Form, Source, mostly
from census.targets.gathered import Gathered, each_line
from census.targets.plain import read_port

_ADDRESS = "saddr"
_PORTS = ("sport", "port")  # of the answer, so its source is the port that was asked
_BARE = re.compile(r"\s*[0-9a-fA-F.:]+\s*,\s*[0-9]{1,5}\s*")


def fits(lines: list[str]) -> bool:
    """Whether the list begins with ZMap's header, or most of its first lines are an address and a port."""
    return bool(lines) and (_is_header(lines[0]) or mostly(lines, lambda line: bool(_BARE.fullmatch(line))))


def entries(source: Source, blocks: Iterable[bytes]) -> Iterator[Entry]:
    """The addresses of a list, each on its port or on those of the source."""
    return each_line(source, blocks, _Rows(source.ports).read)


def _is_header(line: str) -> bool:
    return _ADDRESS in line.replace('"', "").replace(" ", "").split(",")


class _Rows:
    """Where the columns are that matter: known from the header, without one address and port."""

    def __init__(self, ports: tuple[int, ...]) -> None:
        self._ports = ports
        self._address, self._port = 0, 1
        self._success: int | None = None
        self._width = 2

    def read(self, _number: int, line: str, gathered: Gathered) -> None:
        """Read the header or a row."""
        if not line or line.isspace() or line.startswith("#"):
            return
        row = fields(line)
        if _ADDRESS in row:
            self._place(row)
            return
        if len(row) < self._width:
            raise ValueError(f"the row has {len(row)} of {self._width} columns; write them all")
        if self._success is not None and row[self._success] == "0":
            return
        for port in self._ports if self._port < 0 else (read_port(row[self._port]),):
            gathered.add(row[self._address], port)

    def _place(self, header: list[str]) -> None:
        self._width = len(header)
        self._address = header.index(_ADDRESS)
        self._port = next((header.index(name) for name in _PORTS if name in header), -1)
        self._success = header.index("success") if "success" in header else None


FORM = Form("ZMap CSV (saddr, perhaps sport)", fits, entries)
