"""Reads nmap's XML (-oX) as a stream: the open TCP ports of each host; what declares entities is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from census.targets.entries import Entry, ListError
from census.targets.form import Form, Source
from census.targets.gathered import LONGEST_RECORD, Gathered
from census.targets.plain import read_port
from census.targets.streams import CutOffError

_ROOT = "nmaprun"
_DEEPEST = 64  # elements within each other; nmap has about eight
_CUT = "the XML ends before </nmaprun>; let nmap finish, or use what is there with --partial"


def fits(lines: list[str]) -> bool:
    """Whether the list is XML that names nmap's root in its first lines; masscan's -oX has the same form."""
    return lines[:1] != [] and lines[0].startswith("<") and any(f"<{_ROOT}" in line for line in lines)


def entries(source: Source, blocks: Iterable[bytes]) -> Iterator[Entry]:
    """The open TCP ports of a list; a host that was only found to be up goes to each port of the source."""
    hosts = _Hosts(source)
    parser = DefusedXMLParser(target=hosts)
    hosts.expat = parser.parser
    fed = 0
    try:
        for block in blocks:
            fed += len(block)
            parser.feed(block)
            if fed - max(0, hosts.expat.CurrentByteIndex) > LONGEST_RECORD + len(block):
                raise hosts.error("one piece of the XML is longer than 8 MiB; give nmap's own output")
            yield from hosts.taken()
        _close(parser, hosts)
    except CutOffError:
        if not source.partial:
            raise
        source.note(hosts.line, "", _CUT)
    except DefusedXmlException:
        raise hosts.error("the XML declares entities, which nmap never does, and is refused; give nmap's own") from None
    except (ParseError, ValueError, LookupError) as error:
        raise hosts.error(f"this is no XML that can be read ({error}); give nmap's own output") from None
    yield from hosts.taken()


def _close(parser: Any, hosts: _Hosts) -> None:
    """End the parsing; what is left open then was cut off, since all that came could be read."""
    try:
        parser.close()
    except ParseError:
        raise CutOffError(f"{hosts.source.path}:{hosts.line}: {_CUT}") from None


class _Hosts:
    """What the parser calls for each element; keeps one host at a time and no tree."""

    expat: Any  # known only when the parser is made
    _address: str
    _port: str
    _up: bool
    _scanned: bool

    def __init__(self, source: Source) -> None:
        self.source = source
        self._gathered = Gathered()
        self._depth = 0
        self._forget()

    @property
    def line(self) -> int:
        """The line (from 1) that the parser has come to."""
        return int(self.expat.CurrentLineNumber)

    def error(self, why: str) -> ListError:
        """A ListError about the line that the parser has come to."""
        return ListError(f"{self.source.path}:{self.line}: {why}")

    def taken(self) -> Iterator[Entry]:
        """What was gathered since the last call."""
        gathered, self._gathered = self._gathered, Gathered()
        return gathered.entries()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth == 1 and tag != _ROOT:
            raise self.error(f"the root of the XML is not <{_ROOT}>; give nmap's own output")
        if self._depth > _DEEPEST:
            raise self.error(f"more than {_DEEPEST} elements are within each other; give nmap's own output")
        if tag == "host":
            self._forget()
        elif tag == "status":
            self._up = attributes.get("state") == "up"
        elif tag == "address" and attributes.get("addrtype") != "mac":
            self._address = self._address or attributes.get("addr", "")
        elif tag == "ports":
            self._scanned = True
        elif tag == "port":
            self._port = attributes.get("portid", "") if attributes.get("protocol") == "tcp" else ""
        elif tag == "state" and attributes.get("state") == "open" and self._port:
            self._add(self._port)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1
        if tag == "port":
            self._port = ""
        elif tag == "host" and self._up and not self._scanned:
            for port in self.source.ports:
                self._add(str(port))

    def close(self) -> None:
        """Nothing is left to do at the end."""

    def _forget(self) -> None:
        self._address, self._port, self._up, self._scanned = "", "", False, False

    def _add(self, port: str) -> None:
        try:
            self._gathered.add(self._address, read_port(port))
        except ValueError as error:
            self.source.note(self.line, self._address, str(error))


FORM = Form("nmap XML", fits, entries)
