"""Reads what zgrab2 takes as input: CSV lines of `IP, DOMAIN, TAG, PORT`, of which all but one may be left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from census.targets import plain
from census.targets.addresses import host_name
from census.targets.columns import fields
from census.targets.entries import Entry
from census.targets.form import Form, Source, mostly
from census.targets.gathered import Gathered, each_line

_WIDTH = 4


def fits(lines: list[str]) -> bool:
    """Whether most of the first lines can be read so, and one of them has more than one field."""
    lines = [text for line in lines if (text := plain.without_comment(line))]
    return any("," in line and _can_be_read(line) for line in lines) and mostly(lines, _can_be_read)


def entries(source: Source, blocks: Iterable[bytes]) -> Iterator[Entry]:
    """The targets of a list. The IP is what is contacted; the domain only where there is no IP."""
    return each_line(source, blocks, partial(_read, source))


def _can_be_read(line: str) -> bool:
    try:
        _target(line)
    except ValueError:
        return False
    return True


def _read(source: Source, number: int, line: str, gathered: Gathered) -> None:
    if text := plain.without_comment(line):
        target = _target(text)
        found = plain.parsed(target, source.ports)
        gathered.others.extend(plain.not_too_wide(source.path, number, target, entry) for entry in found)


def _target(line: str) -> str:
    """The target of a line in plain form. Raises ValueError."""
    if "," not in line:
        target = line
    else:
        row = fields(line)
        if len(row) > _WIDTH:
            raise ValueError(f"the line has {len(row)} fields; write IP, DOMAIN, TAG, PORT")
        ip, domain, _, port = row + [""] * (_WIDTH - len(row))
        target = _joined(ip, domain, port)
    for _ in plain.parsed(target, (1,)):
        pass
    return target


def _joined(ip: str, domain: str, port: str) -> str:
    if not (ip or domain):
        raise ValueError("the line has neither IP nor domain; write one of them")
    if domain:
        host_name(domain)
    host = ip or domain
    if ip and plain.host(ip.partition("/")[0])[0] is None:
        raise ValueError(f"{ip!r} is no IP address or network; write one, or leave the first field empty")
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{plain.read_port(port)}" if port else host


FORM = Form("zgrab2 CSV (IP, DOMAIN, TAG, PORT)", fits, entries)
