"""Reads plain lists: one address, network, name or URL on each line, with or without a port, mixed as they come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from socket import AF_INET, inet_pton
from typing import TypeAlias

from census.facts import Target
from census.targets.addresses import canonical, host_name, network
from census.targets.entries import Block, ListError, Plain, Problems, each_port
from census.targets.streams import Lines

Entry: TypeAlias = Target | Block | Plain

WIDEST = 1 << 24  # addresses of one network
_LAST_PORT = 65535
_COMMENT = re.compile(r"(^|\s)#.*")
_URL = re.compile(r"(?i)(https?)://([^/?#\\]*)")
_NETWORK = re.compile(r"(?i)\[?([0-9a-f:.]+)\]?/([^:\]]*)\]?(?::(.*))?")
_BRACKETS = re.compile(r"\[([^\]]*)\](?::(.*))?")


def entries(path: str, batches: Iterable[Lines], ports: tuple[int, ...], problems: Problems) -> Iterator[Entry]:
    """Every entry of a list; one without a port goes to each of `ports`.

    Lines that are no target are noted and passed over. A network of more than 2**24 addresses raises ListError.
    """
    suffixes = _Suffixes({"": ports})
    for first, lines in batches:
        keys: list[int] = []
        for number, line in enumerate(lines, first):
            # Nearly every line of a large list is a.b.c.d or a.b.c.d:port: these few calls decide the speed of all.
            host = line.partition(":")[0]
            try:
                address = int.from_bytes(inet_pton(AF_INET, host), "big") << 16
                for port in suffixes[line[len(host) :]]:
                    keys.append(address | port)  # noqa: PERF401  extend with a generator takes twice as long
            except (OSError, ValueError):
                yield from _other(path, number, line, ports, problems)
        yield Plain(keys)


class _Suffixes(dict[str, tuple[int, ...]]):
    """From what follows an address on its line, nothing or `:port`, to its ports; each is read once."""

    def __missing__(self, suffix: str) -> tuple[int, ...]:
        self[suffix] = (read_port(suffix[1:]),)
        return self[suffix]


def read_port(text: str) -> int:
    """A port number. Raises ValueError."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= _LAST_PORT:
        raise ValueError(f"{text!r} is no port; write a number from 1 to {_LAST_PORT}")
    return int(text)


def _other(path: str, number: int, line: str, ports: tuple[int, ...], problems: Problems) -> Iterator[Entry]:
    """The entries of a line that is not simply an IPv4 address."""
    text = _COMMENT.sub("", line).strip()
    try:
        found = list(_parsed(text, ports)) if text else []
    except ValueError as error:
        problems.add(path, number, line, str(error))
        return
    for entry in found:
        if isinstance(entry, Block) and entry.count > WIDEST:
            raise ListError(
                f"{path}:{number}: {text} has {entry.count:,} addresses, more than the {WIDEST:,} of one network; "
                f"write the networks in it that you mean"
            )
        yield entry


def _parsed(text: str, ports: tuple[int, ...]) -> Iterator[Target | Block]:
    if "\0" in text:
        raise ValueError("the line has NUL bytes; save the list as UTF-8 text")
    if len(text.split()) > 1:
        raise ValueError("there is more than one word; write one target on a line")
    if "://" in text:
        return iter([_url(text)])
    if "/" in text:
        return iter([_block(text, ports)])
    return _hosts(text, ports)


def _url(text: str) -> Target:
    """The target of a URL; its path is left out, since the questions are ours."""
    url = _URL.match(text)
    if url is None:
        raise ValueError("only http:// and https:// can be asked; write one of them, or HOST:PORT")
    if "@" in url[2]:
        raise ValueError("credentials are never used; write the URL without the part before the @")
    tls = url[1].lower() == "https"
    host, port = _split(url[2])
    address, name = _host(host)
    return Target(address, (443 if tls else 80) if port is None else port, name, tls)


def _block(text: str, ports: tuple[int, ...]) -> Block:
    parts = _NETWORK.fullmatch(text)
    if parts is None:
        raise ValueError("this is no network, and a path goes with http:// or https:// only; write NETWORK/LENGTH")
    found = network(f"{parts[1]}/{parts[2]}")
    port = None if parts[3] is None else read_port(parts[3])
    return Block(int(found.network_address), found.num_addresses, found.version, each_port(ports, port))


def _hosts(text: str, ports: tuple[int, ...]) -> Iterator[Target]:
    host, port = _split(text)
    address, name = _host(host)
    if name is not None and port is None and "." not in name and name != "localhost":
        raise ValueError("this is no target; write NAME:PORT if it is a machine's name")
    return (Target(address, each, name) for each in each_port(ports, port))


def _split(text: str) -> tuple[str, int | None]:
    """Host and port of HOST, HOST:PORT, an IPv6 address, or one in brackets."""
    if brackets := _BRACKETS.fullmatch(text):
        canonical(brackets[1])
        host, port = brackets[1], brackets[2]
    elif text.count(":") > 1:
        host, port = canonical(text), None
    else:
        host, colon, port = text.partition(":")
        port = port if colon else None
    return host, None if port is None else read_port(port)


def _host(host: str) -> tuple[str | None, str | None]:
    """Address or name, the other None."""
    try:
        return canonical(host), None
    except ValueError:
        return None, host_name(host)
