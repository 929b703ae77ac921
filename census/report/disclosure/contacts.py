"""Whom to write to: networks with their contacts, from a CSV file that the user keeps, in the manner of WHOIS."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

from census.errors import UseError
from census.targets.addresses import Network, network

LANGUAGES = ("en", "de")
_HEADER = ("network", "contact", "language")
_FIELDS = (2, 3)
_MOST_TOLD = 10


class ContactsError(UseError):
    """The file of contacts cannot be read; names each line and what to write there."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A network, whom to write to about it (an address of mail or a page), and in which of LANGUAGES."""

    network: Network
    contact: str
    language: str


def read(path: Path) -> list[Contact]:
    """The contacts of a CSV file with the columns network, contact and, if wanted, language; a header may be there.

    Lines that are empty or begin with # are left out. Raises ContactsError.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ContactsError(f"cannot read {path}: {reason}") from error
    found: dict[Network, tuple[int, Contact]] = {}
    wrong: list[str] = []
    for place, line in enumerate(lines, 1):
        fields = [field.strip() for field in next(csv.reader([line], skipinitialspace=True), [])]
        if not any(fields) or fields[0].startswith("#") or (place == 1 and fields[0].lower() == _HEADER[0]):
            continue
        try:
            contact = _contact(fields)
        except ValueError as error:
            wrong.append(f"{path}:{place}: {error}")
            continue
        if contact.network in found:
            first = found[contact.network][0]
            wrong.append(f"{path}:{place}: {contact.network} stands in line {first} already; keep one")
        found[contact.network] = (place, contact)
    if wrong:
        more = [f"{path}: {len(wrong) - _MOST_TOLD} more lines like these"] if len(wrong) > _MOST_TOLD else []
        raise ContactsError("\n".join([*wrong[:_MOST_TOLD], *more]))
    if not found:
        raise ContactsError(f"{path} has no contact: write lines such as 192.0.2.0/24,abuse@example.net,en")
    return [contact for _, contact in found.values()]


def _contact(fields: Sequence[str]) -> Contact:
    if len(fields) not in _FIELDS:
        raise ValueError(f"{len(fields)} columns; write network,contact or network,contact,language")
    whom, language = fields[1], (fields[2].lower() if len(fields) == _FIELDS[1] and fields[2] else LANGUAGES[0])
    if not whom.isprintable() or not ("@" in whom or "://" in whom):
        raise ValueError(f"{whom!r} is no contact; write an address of mail such as abuse@example.net, or a URL")
    if language not in LANGUAGES:
        raise ValueError(f"there is no text in {language!r}; write one of {', '.join(LANGUAGES)}, or leave it out")
    return Contact(network(fields[0]), whom, language)


class Book:
    """Finds the contact of an address: that of the smallest network it is in."""

    def __init__(self, contacts: Iterable[Contact]) -> None:
        self._contacts: Mapping[Network, Contact] = {each.network: each for each in contacts}
        lengths = {(each.network.version, each.network.prefixlen) for each in self._contacts.values()}
        self._lengths = sorted(lengths, reverse=True)

    def find(self, address: str) -> Contact | None:
        """The contact, None where no network of the file has the address."""
        version = ip_address(address).version
        for of, length in self._lengths:
            if of == version and (known := self._contacts.get(ip_network((address, length), strict=False))):
                return known
        return None
