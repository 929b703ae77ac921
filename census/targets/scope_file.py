"""Reads a scope file into a `Scope`, and refuses with file, line and remedy whatever is not as it should be."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from census.targets.addresses import Network, exclusion, exclusions, host_name, network
from census.targets.scope import (
    PER_HOST,
    RATE,
    RATE_PER_NETWORK,
    REQUESTS_PER_HOST,
    Scope,
    mailbox,
)
from census.targets.toml_table import ScopeError, Table, did_you_mean, kind_of, line_of

_KEYS = {
    "authorization": ("reference", "basis", "contact", "info", "valid_from", "valid_until"),
    "scope": ("networks", "hosts", "ports", "exclude", "exclude_files"),
    "limits": ("rate", "rate_per_network", "per_host", "requests_per_host"),
    "probe": ("details", "recall", "loaded"),
}
_REQUIRED = ("authorization", "scope")
_HEADER_SAFE = re.compile(r"[ !-'*-\[\]-~]+")  # printable ASCII without ( ) and \, which end a User-Agent's comment
_LAST_PORT = 65535


def read_scope(path: Path) -> Scope:
    """The scope in a file. Raises ScopeError."""
    text = _text(path, f"{path}", "write its path behind --scope")
    tables = _tables(path, text, _document(path, text))
    for name, table in tables.items():
        table.only(_KEYS[name])
    excluded = tables["scope"].each("exclude", exclusion, '"192.0.2.9"')
    from_files = _from_files(tables["scope"])
    return Scope(
        **_authorization(tables["authorization"]),
        networks=_networks(tables["scope"]),
        hosts=frozenset(tables["scope"].each("hosts", host_name, '"llm.example.edu"')),
        ports=_ports(tables["scope"]),
        exclude=_only_networks(excluded),
        exclude_names=_only_names(excluded),
        exclude_from_files=_only_networks(from_files),
        exclude_names_from_files=_only_names(from_files),
        **_limits(tables["limits"]),
        details=tables["probe"].switch("details", default=True),
        recall=tables["probe"].switch("recall", default=True),
        loaded=_loaded(tables["probe"]),
        source=path,
    )


def _text(path: Path, place: str, remedy: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ScopeError(f"{place}: there is no file {path}; {remedy}") from None
    except IsADirectoryError:
        raise ScopeError(f"{place}: {path} is a folder; name a file in it") from None
    except UnicodeDecodeError as error:
        raise ScopeError(f"{place}: {path} is not UTF-8 (byte {error.start}); save it as UTF-8 text") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ScopeError(f"{place}: {path} cannot be read ({reason}); make it a readable file") from None


def _document(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        wrong = re.sub(r"\s*\(at [^)]*\)$", "", str(error))
        raise ScopeError(f"{path}:{line}: this is not TOML ({wrong}); write lines such as key = value") from None
    except RecursionError:
        raise ScopeError(f"{path}:1: this nests too deep; write only the tables {', '.join(_KEYS)}") from None


def _tables(path: Path, text: str, document: Mapping[str, Any]) -> dict[str, Table]:
    """Every known table, empty if it may be missing."""
    for name, data in document.items():
        if name not in _KEYS:
            line = line_of(text, "", name) if not isinstance(data, dict) else line_of(text, name)
            raise ScopeError(f"{path}:{line}: there is no table [{name}]; {_remedy(name)}")
        if not isinstance(data, dict):
            raise ScopeError(
                f"{path}:{line_of(text, name)}: {name} is {kind_of(data)}; write [{name}] once, as a table"
            )
    for name in _REQUIRED:
        if name not in document:
            raise ScopeError(f"{path}:1: the table [{name}] is missing; write [{name}] with {_KEYS[name][0]} and more")
    return {name: Table(path, text, name, document.get(name, {})) for name in _KEYS}


def _remedy(name: str) -> str:
    """What to write in place of an unknown name at the top: it may be a key that lost its table."""
    home = next((table for table, keys in _KEYS.items() if name in keys), None)
    return f"write {name} below [{home}]" if home else did_you_mean(name, _KEYS)


def _authorization(table: Table) -> dict[str, Any]:
    contact = table.string("contact", '"mailto:scans@example.edu"')
    _check_header(table, "contact", contact)
    _check_header(table, "contact", mailbox(contact))
    info = table.string("info", '"https://scans.example.edu"') if "info" in table.data else None
    if info is not None:
        _check_header(table, "info", info)
    begins, ends = table.day("valid_from"), table.day("valid_until")
    if ends < begins:
        table.fail("valid_until", f"valid_until {ends} is before valid_from {begins}", "write the later day there")
    return {
        "reference": table.string("reference", '"IRB 2026-014"'),
        "basis": table.string("basis", '"written permission of the network\'s owner"'),
        "contact": contact,
        "info": info,
        "valid_from": begins,
        "valid_until": ends,
        "text_hash": _hash(table.data),
        "lines": (table.line("valid_from"), table.line("valid_until")),
    }


def _check_header(table: Table, key: str, value: str) -> None:
    """Both go into the User-Agent of every request: nothing in them may end that header, or its comment."""
    if not _HEADER_SAFE.fullmatch(value):
        wrong = f"{key} has nothing but its scheme, or characters that no User-Agent can carry"
        table.fail(key, wrong, "write printable ASCII without parentheses and backslashes")


def _hash(authorization: Mapping[str, Any]) -> str:
    """SHA-256 of the record in a canonical form: the order of keys, spaces and comments do not change it."""
    canonical = json.dumps(authorization, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _networks(table: Table) -> tuple[Network, ...]:
    table.required("networks", '["192.0.2.0/24"]')
    networks = tuple(table.each("networks", network, '"192.0.2.0/24"'))
    if not networks:
        table.fail("networks", "networks is empty, so nothing may be contacted", 'write networks = ["192.0.2.0/24"]')
    return networks


def _ports(table: Table) -> tuple[int, ...] | None:
    if "ports" not in table.data:
        return None
    ports = table.data["ports"]
    if not isinstance(ports, list) or not ports:
        wrong = f"ports is {kind_of(ports)}, not a list" if not isinstance(ports, list) else "ports is empty"
        table.fail("ports", wrong, "write ports = [11434, 8000], or leave it out for every port that a list names")
    for port in ports:
        if isinstance(port, bool) or not isinstance(port, int):
            table.fail("ports", f"ports holds {kind_of(port)}", "write whole numbers, such as ports = [11434, 8000]")
        if not 1 <= port <= _LAST_PORT:
            table.fail("ports", f"{port} is no port", f"write numbers from 1 to {_LAST_PORT}", str(port))
    return tuple(dict.fromkeys(ports))


def _limits(table: Table) -> dict[str, Any]:
    return {
        "rate": table.number("rate", RATE),
        "rate_per_network": table.number("rate_per_network", RATE_PER_NETWORK),
        "per_host": table.number("per_host", PER_HOST, whole=True),
        "requests_per_host": table.number("requests_per_host", REQUESTS_PER_HOST, whole=True),
    }


def _loaded(table: Table) -> int | None:
    return int(table.number("loaded", 1, whole=True)) if "loaded" in table.data else None


def _only_networks(entries: list[Network | str]) -> tuple[Network, ...]:
    return tuple(entry for entry in entries if not isinstance(entry, str))


def _only_names(entries: list[Network | str]) -> frozenset[str]:
    return frozenset(entry for entry in entries if isinstance(entry, str))


def _from_files(table: Table) -> list[Network | str]:
    """What stands in the exclusion files of a scope."""
    entries: list[Network | str] = []
    for name in table.each("exclude_files", str, '"optout.txt"'):
        place = f"{table.file}:{line_of(table.text, table.name, 'exclude_files', name)}"
        file = table.file.parent / name
        text = _text(file, place, "correct the name in exclude_files, which counts from the folder of the scope file")
        try:
            entries += exclusions(text, str(file))
        except ValueError as error:
            raise ScopeError(str(error)) from None
    return entries
