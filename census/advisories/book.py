"""The advisories of advisories.toml, read once, and what each says of a version."""

from __future__ import annotations

import enum
import functools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from packaging.version import Version

from census.advisories.versions import Clause, builds, clauses, holds, releases

# The software that advisories are known for, by the name of its kind, and how its versions are read.
_POINTS: Final[Mapping[str, Callable[[str], tuple[Version, ...]]]] = {
    "Ollama": releases, "vLLM": releases, "llama.cpp": builds,
}  # fmt: skip


class Affected(enum.IntEnum):
    """Whether a version has a weakness; of several versions the highest counts."""

    NO = 0
    UNKNOWN = 1
    YES = 2

    @property
    def word(self) -> str:
        """The word that statistics use."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Advisory:
    """One published weakness: `ranges` are the affected versions by each source, by the source's short name.

    `unfixed`: no source names a release with the fix, so what lies beyond the ranges is unknown and not "no".
    """

    id: str
    software: str
    about: str
    ranges: Mapping[str, str]
    clauses: tuple[tuple[Clause, ...], ...]
    unfixed: bool = False

    def affects(self, version: str | None) -> Affected:
        """What the sources together say of a version, as a server tells it; unknown where they disagree."""
        points = _POINTS[self.software](version or "")
        told = {holds(point, within) for point in points for within in self.clauses}
        if told == {True}:
            return Affected.YES
        return Affected.NO if told == {False} and not self.unfixed else Affected.UNKNOWN


def records() -> dict[str, Any]:
    """advisories.toml as it stands."""
    return tomllib.loads(resources.files(__package__).joinpath("advisories.toml").read_text("utf-8"))


@functools.cache
def advisories() -> tuple[Advisory, ...]:
    """All that are judged by version, in the order of the file."""
    return tuple(
        Advisory(
            id=entry["id"],
            software=entry["software"],
            about=entry["about"],
            ranges=entry["ranges"],
            clauses=tuple(map(clauses, entry["ranges"].values())),
            unfixed=entry.get("unfixed", False),
        )
        for entry in records()["advisory"]
    )


def judged(software: str, version: str | None) -> dict[str, Affected]:
    """What each advisory for a software says of a version, by its id; empty for software that none is known for.

    Left out is what would be unknown for all: a version that cannot be placed has no entry.
    """
    if software not in _POINTS or not _POINTS[software](version or ""):
        return {}
    return {each.id: each.affects(version) for each in advisories() if each.software == software}


def texts() -> list[str]:
    """The texts of the data and the rules by which versions are judged: when one changes, judge anew."""
    files = sorted(resources.files(__package__).iterdir(), key=lambda file: file.name)
    return [file.read_text("utf-8") for file in files if file.name.endswith((".toml", ".py"))]
