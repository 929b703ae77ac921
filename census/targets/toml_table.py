"""Reads one table of a TOML file key by key, where every error names file, line, fault and remedy."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from census.errors import UseError

_HEADER = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]")
_WORDS = {
    bool: "true or false",
    str: "a text",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    datetime: "a date with a time",
    date: "a date",
}
_Read = TypeVar("_Read")


class ScopeError(UseError):
    """A scope file that cannot be used: `FILE:LINE: what is wrong; what to write`."""


def kind_of(value: object) -> str:
    """What a TOML value is, in words."""
    return _WORDS.get(type(value), "a time")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, as a remedy; else all of them."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"the known ones are {', '.join(known)}"


def line_of(text: str, table: str, key: str = "", value: str = "") -> int:
    """The line (from 1) on which the table, its key, or a value in the key's list stands; the nearest one known."""
    found, inside = 1, not table
    key_line = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]")
    inline = re.compile(rf"\s*{re.escape(table)}\s*[.=].*\b{re.escape(key)}\b")
    lines = text.split("\n")
    for position, line in enumerate(lines, 1):
        if header := _HEADER.match(line):
            inside = header[1].strip("\"'") == table
            found = position if inside else found
        elif key and ((inside and key_line.match(line)) or (table and inline.match(line))):
            found = position
            break
    if value:
        found = next((n for n, line in enumerate(lines[found - 1 :], found) if value in line), found)
    return found


class Table:
    """One table of a file; `text` is the file's whole text, in which lines are looked up only for an error."""

    def __init__(self, file: Path, text: str, name: str, data: Mapping[str, Any]) -> None:
        self.file, self.text, self.name, self.data = file, text, name, data

    def line(self, key: str) -> int:
        """The line on which a key of this table stands, the table's own if it is missing."""
        return line_of(self.text, self.name, key)

    def fail(self, key: str, wrong: str, remedy: str, value: str = "") -> NoReturn:
        """Raise a ScopeError about a key, or about one value in its list."""
        raise ScopeError(f"{self.file}:{line_of(self.text, self.name, key, value)}: {wrong}; {remedy}")

    def only(self, known: tuple[str, ...]) -> None:
        """Refuse every key that is not known."""
        for key in self.data:
            if key not in known:
                self.fail(key, f"[{self.name}] has no key {key}", did_you_mean(key, known))

    def required(self, key: str, example: str) -> Any:  # a TOML value of any type; the caller checks it
        """The value of a key that must be there."""
        if key not in self.data:
            self.fail("", f"{key} is missing in [{self.name}]", f"write {key} = {example}")
        return self.data[key]

    def string(self, key: str, example: str) -> str:
        """A required text that is not blank and goes on one line."""
        value = self.required(key, example)
        if not isinstance(value, str):
            self.fail(key, f"{key} is {kind_of(value)}, not a text", f"write {key} = {example}")
        if not value.strip():
            self.fail(key, f"{key} is empty", f"write {key} = {example}")
        if not value.isprintable():
            self.fail(key, f"{key} has control characters or line ends", f"write {key} = {example}")
        return value.strip()

    def day(self, key: str) -> date:
        """A required date."""
        value = self.required(key, "2026-12-31")
        if isinstance(value, str):
            self.fail(key, f"{key} is a text, not a date", f"write {key} = 2026-12-31 without quotes")
        if not isinstance(value, date) or isinstance(value, datetime):
            self.fail(key, f"{key} is {kind_of(value)}, not a date", f"write {key} = 2026-12-31")
        return value

    def number(self, key: str, default: float, *, whole: bool = False) -> float:
        """A number above 0, perhaps a whole one; the default where the key is missing."""
        value = self.data.get(key, default)
        remedy = f"write {key} = {default}, or another {'whole ' if whole else ''}number above 0"
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            self.fail(key, f"{key} is {kind_of(value)}, not a {'whole ' if whole else ''}number", remedy)
        if not 0 < value < math.inf:
            self.fail(key, f"{key} is {value}", remedy)
        return value

    def switch(self, key: str, *, default: bool) -> bool:
        """True or false; the default where the key is missing."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            self.fail(key, f"{key} is {kind_of(value)}", f"write {key} = true or {key} = false")
        return value

    def each(self, key: str, read: Callable[[str], _Read], example: str) -> list[_Read]:
        """Every text of a list, read; a ValueError of the reader says what is wrong and what to write."""
        values = self.data.get(key, [])
        if not isinstance(values, list):
            self.fail(key, f"{key} is {kind_of(values)}, not a list", f"write {key} = [{example}]")
        return [self._one(key, value, read, example) for value in values]

    def _one(self, key: str, value: object, read: Callable[[str], _Read], example: str) -> _Read:
        if not isinstance(value, str):
            self.fail(key, f"{key} holds {kind_of(value)}", f"write texts, such as {key} = [{example}]")
        try:
            return read(value)
        except ValueError as error:
            wrong, _, remedy = str(error).partition("; ")
            self.fail(key, f"{key}: {wrong}", remedy, value)
