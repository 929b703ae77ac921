"""Reads masscan's JSON (-oJ, -oD): one record on a line, however its releases place commas and brackets around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, TypeAlias

import msgspec

from census.targets.entries import Entry
from census.targets.form import Form, Source, mostly
from census.targets.gathered import Gathered, each_record

_AROUND = (b"", b"[", b"]", b",", b"{finished: 1}")  # lines that are no record; the last is no JSON either
_Number: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class _Port(msgspec.Struct, gc=False):
    port: _Number
    proto: str = "tcp"
    status: str = "open"  # a banner has none


class _Data(msgspec.Struct, gc=False):
    status: str = "open"


class _Record(msgspec.Struct, gc=False):
    """A host with its ports (-oJ), or one port with `data` (-oD)."""

    ip: str
    ports: list[_Port] = []
    port: _Number | None = None
    proto: str = "tcp"
    data: _Data | None = None


_decode = msgspec.json.Decoder(_Record).decode


def fits(lines: list[str]) -> bool:
    """Whether the first lines are records, or the brackets of a list that holds none."""
    records = [line for line in lines if line.encode() not in _AROUND]
    if not records:
        return bool(lines)
    return mostly(records, lambda line: '"ip"' in line and '"port' in line and line.lstrip("[, ").startswith("{"))


def entries(source: Source, blocks: Iterable[bytes]) -> Iterator[Entry]:
    """The open TCP ports of a list."""
    return each_record(source, blocks, _read)


def _read(line: bytes, gathered: Gathered) -> None:
    record = line.strip().lstrip(b"[, ").rstrip(b", ")
    if record.endswith(b"}]"):
        record = record[:-1]
    if record in _AROUND:
        return
    host = _decode(record)
    if host.port is not None:
        host.ports.append(_Port(host.port, host.proto, host.data.status if host.data else "open"))
    if not host.ports:
        raise ValueError("it has no port")
    for each in host.ports:
        if each.proto == "tcp" and each.status == "open":
            gathered.add(host.ip, each.port)


FORM = Form("masscan JSON", fits, entries)
