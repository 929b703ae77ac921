"""Reads Shodan's downloads: one JSON record of a service on each line, of which `ip_str` and `port` are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from census.targets.entries import Entry
from census.targets.form import Form, Source, mostly
from census.targets.gathered import Gathered, each_record


class _Service(msgspec.Struct, gc=False):
    ip_str: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    transport: str = "tcp"


_decode = msgspec.json.Decoder(_Service).decode


def fits(lines: list[str]) -> bool:
    """Whether the first lines are records of services."""
    return mostly(lines, lambda line: line.startswith("{") and '"ip_str"' in line)


def entries(source: Source, blocks: Iterable[bytes]) -> Iterator[Entry]:
    """The services of a list; those over UDP are no targets and no problems."""
    return each_record(source, blocks, _read)


def _read(line: bytes, gathered: Gathered) -> None:
    service = _decode(line)
    if service.transport == "tcp":
        gathered.add(service.ip_str, service.port)


FORM = Form("Shodan JSON lines (ip_str, port)", fits, entries)
