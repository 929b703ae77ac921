"""Versions as servers tell them, put in order: releases of Ollama and vLLM, build numbers of llama.cpp."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Final

from packaging.version import InvalidVersion, Version

_LONGEST: Final = 64  # characters; nobody's version is longer
_FIRST_BUILD: Final = 1000  # a shallow clone of llama.cpp counts the few commits it has, from 1

_BUILD: Final = re.compile(r"b?([0-9]{1,9})(?:-[0-9a-f]{4,40})?")
_CLAUSE: Final = re.compile(r"(<=|>=|==|<|>) ?b?([0-9][0-9a-z.]*)")
_COMPARE: Final[Mapping[str, Callable[[Version, Version], bool]]] = {
    "<": operator.lt, "<=": operator.le, "==": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip

Clause = tuple[str, Version]


def clauses(text: str) -> tuple[Clause, ...]:
    """A range such as `>=0.5.2, <0.8.5`, `<b2740`, or `*` for every version; a ValueError if it is none."""
    if text == "*":
        return ()
    found = [_CLAUSE.fullmatch(part.strip()) for part in text.split(",")]
    if None in found:
        raise ValueError(f"{text!r} is no range of versions")
    return tuple((match[1], Version(match[2])) for match in found if match)


def holds(version: Version, within: tuple[Clause, ...]) -> bool:
    """Whether a version lies in a range, by order alone."""
    return all(_COMPARE[sign](version, bound) for sign, bound in within)


def releases(text: str) -> tuple[Version, ...]:
    """Where a version of Ollama or vLLM stands, as one or two points; none when that cannot be told.

    A release candidate may have the fix of its release or not, so it stands at both. What was built between two
    releases (`.dev`) may have any fix of the next one, and builds without a tag call themselves 0.0.0: no point.
    """
    try:
        version = Version(text if len(text) <= _LONGEST else "")
    except InvalidVersion:
        return ()
    if version.is_devrelease or not any(version.release):
        return ()
    public = Version(version.public)  # +cu118 is the same release, built for something
    return (public, Version(version.base_version)) if version.is_prerelease else (public,)


def builds(text: str) -> tuple[Version, ...]:
    """Where a build of llama.cpp stands (`b6800-1a2b3c4d`, `b6800`, `6800`); none when that cannot be told."""
    match = _BUILD.fullmatch(text)
    if match is None or int(match[1]) < _FIRST_BUILD:
        return ()
    return (Version(match[1]),)
