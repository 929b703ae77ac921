"""Reads Censys' hosts: one JSON record of a host on each line, of which `ip` and the ports of `services` are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from census.targets.entries import Entry
from census.targets.form import Form, Source, mostly
from census.targets.gathered import Gathered, each_record


class _Service(msgspec.Struct, gc=False):
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    transport_protocol: str | None = None


class _Host(msgspec.Struct, gc=False):
    ip: str
    services: list[_Service]


_decode = msgspec.json.Decoder(_Host).decode


def fits(lines: list[str]) -> bool:
    """Whether the first lines are records of hosts."""
    return mostly(lines, lambda line: line.startswith("{") and '"ip"' in line and '"services"' in line)


def entries(source: Source, blocks: Iterable[bytes]) -> Iterator[Entry]:
    """The services of all hosts; those over UDP and QUIC are no targets and no problems."""
    return each_record(source, blocks, _read)


def _read(line: bytes, gathered: Gathered) -> None:
    host = _decode(line)
    for service in host.services:
        if (service.transport_protocol or "TCP").upper() == "TCP":
            gathered.add(host.ip, service.port)


FORM = Form("Censys JSON lines (ip, services[].port)", fits, entries)
