"""Reads addresses, networks and host names from text, each in its one canonical form, with a remedy in each error."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from socket import AF_INET, AF_INET6, inet_pton
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

IPV4, IPV6 = 4, 6  # versions, as they stand beside the value of an address
BITS = {IPV4: 32, IPV6: 128}

_MAPPED = 0xFFFF  # the upper 96 bits of ::ffff:a.b.c.d, an IPv4 address in the clothes of IPv6
_MAPPED_BITS = 96
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_NAME = 253
_MOST_TOLD = 20  # faulty lines of a file that an error names


def number(address: str | Address) -> tuple[int, int]:
    """The version (4 or 6) and value of an address; ::ffff:a.b.c.d is its IPv4. Raises ValueError."""
    if not isinstance(address, str):
        return _unmapped(int(address)) if address.version == IPV6 else (IPV4, int(address))
    try:
        return IPV4, int.from_bytes(inet_pton(AF_INET, address), "big")
    except (OSError, ValueError):
        return _number6(address)


def _number6(address: str) -> tuple[int, int]:
    if "%" in address:
        raise ValueError(f"{address!r} has a zone, which means something on one machine only; leave out the % part")
    try:
        return _unmapped(int.from_bytes(inet_pton(AF_INET6, address), "big"))
    except (OSError, ValueError):
        raise ValueError(f"{address!r} is no IP address; write one such as 192.0.2.7 or 2001:db8::7") from None


def _unmapped(value: int) -> tuple[int, int]:
    return (IPV4, value & 0xFFFFFFFF) if value >> 32 == _MAPPED else (IPV6, value)


def text_of(version: int, value: int) -> str:
    """The canonical text of an address given as `number` gives it."""
    return str(IPv4Address(value) if version == IPV4 else IPv6Address(value))


def canonical(address: str | Address) -> str:
    """The one text of an address, IPv4 for ::ffff:a.b.c.d. Raises ValueError for zones and nonsense."""
    return text_of(*number(address))


def network(text: str) -> Network:
    """The network or single address that the text names. Raises ValueError that says what to write."""
    base, slash, length = text.partition("/")
    version, value = number(base)
    bits = _prefix(text, length, version) if slash else BITS[version]
    meant = (IPv4Network if version == IPV4 else IPv6Network)((value, bits), strict=False)
    if int(meant.network_address) != value:
        raise ValueError(f"{text!r} has host bits set; write {meant} for the network, {base} for the one address")
    return meant


def _prefix(text: str, length: str, version: int) -> int:
    """The prefix length that is written as `length`, counted within the version that the address turned out to be."""
    skipped = _MAPPED_BITS if version == IPV4 and ":" in text else 0
    if re.fullmatch("[0-9]{1,3}", length) and skipped <= int(length) <= skipped + BITS[version]:
        return int(length) - skipped
    most = skipped + BITS[version]
    raise ValueError(f"{text!r} has no prefix length; write a number from {skipped} to {most} behind the slash")


def host_name(text: str) -> str:
    """A DNS name in lower case without its final dot. Raises ValueError that says what to write.

    A last label that is a number is refused: resolvers take such names (`10.1`, `0x7f000001`) for addresses.
    """
    name = text.lower().removesuffix(".")
    if not name.isascii():
        raise ValueError(f"{text!r} has letters beyond ASCII; write the name in its xn-- form")
    labels = name.split(".")
    if len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)) or _NUMBER.fullmatch(labels[-1]):
        raise ValueError(f"{text!r} is neither an address nor a host name; write one such as llm.example.edu")
    return name


def exclusion(text: str) -> Network | str:
    """What an opt-out names: a network (also of one address) or a host name. Raises ValueError."""
    if "/" in text or ":" in text:
        return network(text)
    try:
        return network(text)
    except ValueError:
        return host_name(text)


def exclusions(text: str, source: str) -> list[Network | str]:
    """The opt-outs of a file, one on a line, with # comments.

    Raises ValueError with a line for each line that is none, which begins with `source` and its number.
    """
    entries, wrong = [], []
    for place, line in enumerate(text.split("\n"), 1):
        entry = re.sub(r"(^|\s)#.*", "", line).strip()
        try:
            entries += [exclusion(entry)] if entry else []
        except ValueError as error:
            wrong.append(f"{source}:{place}: {error}")
    if len(wrong) > _MOST_TOLD:
        wrong[_MOST_TOLD:] = [f"{source}: {len(wrong) - _MOST_TOLD} more lines like these"]
    if wrong:
        raise ValueError("\n".join(wrong))
    return entries


def written(entry: Network | str) -> str:
    """An opt-out as it is stored and shown: a single address without its prefix length."""
    return entry if isinstance(entry, str) else str(entry).removesuffix(f"/{BITS[entry.version]}")
