"""Ollama's versions, and the five epochs in which it decided about tools by different rules."""

from __future__ import annotations

import enum
import functools
from typing import Final

from packaging.version import InvalidVersion, Version

Release = tuple[int, int, int]

SHOW_TELLS: Final[Release] = (0, 6, 4)  # the first with `capabilities` in POST /api/show
LIST_TELLS: Final[Release] = (0, 30, 0)  # the first with `capabilities` in GET /api/tags


class Epoch(enum.IntEnum):
    """What makes a model one with tools, for the versions from one change of the rule to the next.

    A template's answer holds for every host with the same manifest digest within one epoch, and only there.
    """

    NO_TOOLS = 1  # the server has no tools API, whatever the template says
    TEMPLATE = 2  # the template names the tools; show does not say so
    SHOW = 3  # the same rule, and show says so
    PARSER = 4  # or a built-in parser knows tools
    LIST = 5  # or the chat template inside the GGUF does; the list says so, with gaps


# The release below which no server could run a model of a family: that which brought the engine, less two minor ones,
# for llama.cpp ran some families a little earlier. deepseek2 is missing: llama.cpp ran it a year before the engine.
ENGINES: Final[dict[str, Release]] = {
    "mllama": (0, 3, 12),
    "gemma3": (0, 4, 0),
    "mistral3": (0, 4, 5),
    "llama4": (0, 4, 7),
    "qwen25vl": (0, 5, 0),
    "qwen3": (0, 5, 1),
    "gemma3n": (0, 7, 3),
    "gptoss": (0, 9, 1),
    "qwen3vl": (0, 10, 7),
    "deepseekocr": (0, 11, 0),
    "gemma4": (0, 18, 0),
}

_FIRST: Final[tuple[tuple[Release, Epoch], ...]] = (
    (LIST_TELLS, Epoch.LIST),
    ((0, 12, 0), Epoch.PARSER),
    (SHOW_TELLS, Epoch.SHOW),
    ((0, 2, 6), Epoch.TEMPLATE),
    ((0, 0, 1), Epoch.NO_TOOLS),
)

_TOLD_SINCE: Final[tuple[Release, ...]] = ((0, 9, 0), (0, 14, 0), (0, 20, 0))  # capabilities thinking, image, audio
_CHANGES: Final = (*(first for first, _ in _FIRST), *_TOLD_SINCE)


@functools.lru_cache(maxsize=1024)
def release_of(version: str | None) -> Release | None:
    """The release that a version belongs to, None if it tells none.

    A release candidate belongs to its release. None for development builds: those say 0.0.0, or carry a commit,
    and may have the fields of any release.
    """
    try:
        parsed = Version(version or "")
        numbers = (*parsed.release, 0, 0)[:3]
    except (InvalidVersion, ValueError):
        return None
    if parsed.epoch or parsed.is_devrelease or parsed.local or not any(numbers):
        return None
    return (numbers[0], numbers[1], numbers[2])


def rules_of(version: str | None) -> str | None:
    """The first release that told of models as this one does, such as `0.6.4`; None if the version is unknown.

    Within an epoch only the words for capabilities have changed, and which built-in parsers there are (`own_rules_of`).
    """
    release = release_of(version)
    if release is None:
        return None
    return ".".join(map(str, max(first for first in _CHANGES if release >= first)))


def own_rules_of(version: str | None) -> str | None:
    """The rules for models with a built-in parser, such as `=0.13.5`: each release has other parsers."""
    release = release_of(version)
    return None if release is None else "=" + ".".join(map(str, release))


def epoch_of(version: str | None) -> Epoch | None:
    """The epoch of a version, None if it is unknown."""
    release = release_of(version)
    if release is None:
        return None
    return next(epoch for first, epoch in _FIRST if release >= first)
