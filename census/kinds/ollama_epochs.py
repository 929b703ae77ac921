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

_THINKING_TOLD: Final[Release] = (0, 9, 0)  # the first to name it among the capabilities
_NUMBERS_TOLD: Final[Release] = (0, 1, 45)  # the first to give exact numbers in show
_CHANGES: Final = tuple(sorted((*(first for first, _ in _FIRST), _NUMBERS_TOLD, _THINKING_TOLD)))
_LIKE: Final[tuple[Release, Release]] = ((0, 2, 6), (0, 12, 0))  # within, newer answers say all that older ones do


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


def rules_of(version: str | None, *, parser: bool = False) -> str | None:
    """The first release that told of models as this one does, such as `0.6.4`; None if the version is unknown.

    Of models with a built-in parser only the same release tells alike, such as `=0.13.5`, for each has other parsers.
    """
    release = release_of(version)
    if release is None:
        return None
    return f"={_written(release)}" if parser else _written(max(first for first in _CHANGES if release >= first))


@functools.lru_cache(maxsize=1024)
def rules_that_tell(version: str | None) -> tuple[str, ...]:
    """Under which rules others have told what this version would say of a model, the best first.

    From 0.2.6 on it was the template that decided. Newer releases tell more of it than older ones did, and a parser,
    which changes that, is told of under rules of its own; so newer answers can be read as older ones.
    """
    own, exact = rules_of(version), rules_of(version, parser=True)
    if own is None or exact is None:
        return ()
    first = max(each for each in _CHANGES if (release_of(version) or each) >= each)
    newer = [_written(each) for each in _CHANGES if first < each <= _LIKE[1]] if first >= _LIKE[0] else []
    return (own, *newer, exact)


def _written(release: Release) -> str:
    return ".".join(map(str, release))


def epoch_of(version: str | None) -> Epoch | None:
    """The epoch of a version, None if it is unknown."""
    release = release_of(version)
    if release is None:
        return None
    return next(epoch for first, epoch in _FIRST if release >= first)
