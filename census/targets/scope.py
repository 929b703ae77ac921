"""The scope of a scan: who allowed it, what may be contacted, how fast; read from a TOML file, once."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from census.targets.addresses import Network
from census.targets.toml_table import ScopeError

__all__ = ["Scope", "ScopeError"]

RATE, RATE_PER_NETWORK, PER_HOST, REQUESTS_PER_HOST = 500, 20, 1, 64
_NETWORKS = ("networks", "exclude", "exclude_from_files")
_NAMES = ("hosts", "exclude_names", "exclude_names_from_files")


@dataclass(frozen=True, slots=True)
class Scope:
    """An authorisation and its limits, as the file gives them.

    `valid_from` and `valid_until` are days in UTC, both included. `hosts` and `exclude_names` are lower-case names;
    `ports` is None for every port a list names; what stands in the exclusion files is kept apart from `exclude` and
    `exclude_names`, so that it can be told why a target is left out. Rates are new connections a second, the second
    into one /24 (IPv6: /48); `per_host` is connections to one address at a time, `requests_per_host` requests to one
    endpoint in one scan; one Ollama in `loaded` is asked what it has loaded, None where that goes by the size of the
    scan; with `recall` what hosts of several networks told of a digest is not asked again. `text_hash` is the SHA-256
    of the authorisation record in hex; `lines` are those of the two dates, for messages.
    """

    reference: str
    basis: str
    contact: str
    info: str | None
    valid_from: date
    valid_until: date
    networks: tuple[Network, ...]
    hosts: frozenset[str]
    ports: tuple[int, ...] | None
    exclude: tuple[Network, ...]
    exclude_names: frozenset[str]
    rate: float
    rate_per_network: float
    per_host: int
    requests_per_host: int
    details: bool
    text_hash: str
    source: Path
    lines: tuple[int, int] = (1, 1)
    exclude_from_files: tuple[Network, ...] = ()
    exclude_names_from_files: frozenset[str] = frozenset()
    loaded: int | None = None
    recall: bool = True

    @classmethod
    def read(cls, path: Path | str) -> Scope:
        """The scope in a file. Raises ScopeError, which names file, line, fault and remedy."""
        from census.targets.scope_file import read_scope  # noqa: PLC0415  the reader makes Scopes, so it imports us

        return read_scope(Path(path))

    def to_json(self) -> dict[str, Any]:
        """As it is stored with a scan, for the workers that have no scope file; `from_json` reads it back."""
        stored = {field.name: getattr(self, field.name) for field in fields(self)}
        texts = {name: str(stored[name]) for name in ("valid_from", "valid_until", "source")}
        lists = {name: [str(network) for network in stored[name]] for name in _NETWORKS}
        names = {name: sorted(stored[name]) for name in _NAMES}
        ports = None if self.ports is None else list(self.ports)
        return {**stored, **texts, **lists, **names, "ports": ports, "lines": list(self.lines)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Scope:
        """From what `to_json` made."""
        days = {name: date.fromisoformat(stored[name]) for name in ("valid_from", "valid_until")}
        # A scan of an older version of census has not all of them.
        networks = {name: tuple(map(ip_network, stored.get(name, ()))) for name in _NETWORKS}
        names = {name: frozenset(stored.get(name, ())) for name in _NAMES}
        ports = None if stored["ports"] is None else tuple(stored["ports"])
        rest = {"ports": ports, "source": Path(stored["source"]), "lines": tuple(stored["lines"])}
        return cls(**{**stored, **days, **networks, **names, **rest})

    def check_valid(self, today: date) -> None:
        """Raise ScopeError unless the authorisation holds on this day (UTC)."""
        if today < self.valid_from:
            raise ScopeError(
                f"{self.source}:{self.lines[0]}: the authorisation {self.reference} begins on {self.valid_from}, "
                f"today is {today}; wait until then, or correct valid_from if the permission says so"
            )
        if today > self.valid_until:
            raise ScopeError(
                f"{self.source}:{self.lines[1]}: the authorisation {self.reference} ended on {self.valid_until}, "
                f"today is {today}; have it extended, then write the new valid_until"
            )

    def user_agent(self, version: str) -> str:
        """The User-Agent that says who asks: `census/VERSION (+INFO; CONTACT)`."""
        about = f"+{self.info}; {self.contact}" if self.info else self.contact
        return f"census/{version} ({about})"

    def from_header(self) -> str:
        """The From header: the mail address of a mailto: contact, else the contact as it is."""
        return mailbox(self.contact)


def mailbox(contact: str) -> str:
    """The mail address behind `mailto:`, decoded and without a subject; another contact stays as it is."""
    address = re.match(r"(?i)mailto:([^?]*)", contact)
    return unquote(address[1]) if address else contact
