"""Reads plain lists: one address, network, name or URL on each line, with or without a port, mixed as they come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from socket import AF_INET, inet_pton

from census.facts import Target
from census.targets.addresses import canonical, host_name, network
from census.targets.entries import Block, Entry, ListError, Plain, each_port
from census.targets.form import Form, Source
from census.targets.streams import decoded, whole_lines

WIDEST = 1 << 24  # addresses of one network
LAST_PORT = 65535
_COMMENT = re.compile(r"(^|\s)#.*")
_URL = re.compile(r"(?i)(https?)://([^/?#\\]*)")
_NETWORK = re.compile(r"(?i)\[?([0-9a-f:.]+)\]?/([^:\]]*)\]?(?::(.*))?")
_BRACKETS = re.compile(r"\[([^\]]*)\](?::(.*))?")


def fits(lines: list[str]) -> bool:
    """Whether one of the first lines is a target, or none of them is more than a comment."""
    texts = [text for line in lines if (text := without_comment(line))]
    return not texts or any(map(_can_be_read, texts))


def entries(source: Source, blocks: Iterable[bytes]) -> Iterator[Entry]:
    """Every entry of a list; one without a port goes to each of the source's.

    Lines that are no target are noted and passed over. A network of more than 2**24 addresses raises ListError.
    """
    suffixes = _Suffixes({"": source.ports})
    for first, lines in decoded(whole_lines(source, blocks)):
        keys: list[int] = []
        for number, line in enumerate(lines, first):
            # Nearly every line of a large list is a.b.c.d or a.b.c.d:port: these few calls decide the speed of all.
            host = line.partition(":")[0]
            try:
                address = int.from_bytes(inet_pton(AF_INET, host), "big") << 16
                for port in suffixes[line[len(host) :]]:
                    keys.append(address | port)  # noqa: PERF401  extend with a generator takes twice as long
            except (OSError, ValueError):
                yield from _other(source, number, line)
        yield Plain(keys)


class _Suffixes(dict[str, tuple[int, ...]]):
    """From what follows an address on its line, nothing or `:port`, to its ports; each is read once."""

    def __missing__(self, suffix: str) -> tuple[int, ...]:
        self[suffix] = (read_port(suffix[1:]),)
        return self[suffix]


@lru_cache(LAST_PORT)
def read_port(text: str) -> int:
    """A port number. Raises ValueError."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= LAST_PORT:
        raise ValueError(f"{text!r} is no port; write a number from 1 to {LAST_PORT}")
    return int(text)


def without_comment(line: str) -> str:
    """A line without what stands behind # and without blanks around it."""
    return _COMMENT.sub("", line).strip()


def _can_be_read(text: str) -> bool:
    try:
        return any(True for _ in parsed(text, (1,)))
    except ValueError:
        return False


def _other(source: Source, number: int, line: str) -> Iterator[Entry]:
    """The entries of a line that is not simply an IPv4 address."""
    text = without_comment(line)
    try:
        found = list(parsed(text, source.ports)) if text else []
    except ValueError as error:
        source.note(number, line, str(error))
        return
    for entry in found:
        yield not_too_wide(source.path, number, text, entry)


def not_too_wide(path: str, number: int, text: str, entry: Target | Block) -> Target | Block:
    """The entry; raises ListError if it is a network of more than 2**24 addresses."""
    if isinstance(entry, Block) and entry.count > WIDEST:
        raise ListError(
            f"{path}:{number}: {text} has {entry.count:,} addresses, more than the {WIDEST:,} of one network; "
            f"write the networks in it that you mean"
        )
    return entry


def parsed(text: str, ports: tuple[int, ...]) -> Iterator[Target | Block]:
    """The entries of a line without comment, one without a port on each of `ports`. Raises ValueError."""
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
    written, port = _split(url[2])
    address, name = host(written)
    return Target(address, (443 if tls else 80) if port is None else port, name, tls)


def _block(text: str, ports: tuple[int, ...]) -> Block:
    parts = _NETWORK.fullmatch(text)
    if parts is None:
        raise ValueError("this is no network, and a path goes with http:// or https:// only; write NETWORK/LENGTH")
    found = network(f"{parts[1]}/{parts[2]}")
    port = None if parts[3] is None else read_port(parts[3])
    return Block(int(found.network_address), found.num_addresses, found.version, each_port(ports, port))


def _hosts(text: str, ports: tuple[int, ...]) -> Iterator[Target]:
    written, port = _split(text)
    address, name = host(written)
    if name is not None and port is None and "." not in name and name != "localhost":
        raise ValueError("this is no target; write NAME:PORT if it is a machine's name")
    return (Target(address, each, name) for each in each_port(ports, port))


def _split(text: str) -> tuple[str, int | None]:
    """Host and port of HOST, HOST:PORT, an IPv6 address, or one in brackets."""
    if brackets := _BRACKETS.fullmatch(text):
        canonical(brackets[1])
        written, port = brackets[1], brackets[2]
    elif text.count(":") > 1:
        written, port = canonical(text), None
    else:
        written, colon, port = text.partition(":")
        port = port if colon else None
    return written, None if port is None else read_port(port)


def host(text: str) -> tuple[str | None, str | None]:
    """Address or name, the other None. Raises ValueError."""
    try:
        return canonical(text), None
    except ValueError:
        return None, host_name(text)


FORM = Form("plain (address, network, host:port or URL on a line)", fits, entries)
