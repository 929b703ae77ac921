"""What a server tells of itself at /openapi.json, open even where a key guards the rest: title, version, paths."""

from __future__ import annotations

from typing import Any, Final

from census.exchanges import Exchanges
from census.kinds import openai_list
from census.kinds.reading import answer, mapping, text
from census.kinds.signs import server

PATH: Final = "/openapi.json"


def title(exchanges: Exchanges) -> str | None:
    """The title of its description, None if it was not asked or tells none."""
    return text(_info(exchanges).get("title"))


def version(exchanges: Exchanges) -> str | None:
    """The version of its description, at most 64 characters."""
    return text(_info(exchanges).get("version"), 64)


def serves(exchanges: Exchanges, path: str, method: str = "") -> bool:
    """Whether it describes a path and, where one is named, the method in lower case."""
    found = mapping(answer(exchanges.get(PATH)).get("paths")).get(path)
    return isinstance(found, dict) and (not method or method in found)


def may_tell(exchanges: Exchanges) -> bool:
    """Whether an empty list by uvicorn leaves open who it is: several servers start without a model."""
    listed = openai_list.found(exchanges)
    bare = listed is not None and not listed.misread and not listed.entries
    return bare and "uvicorn" in server(exchanges.get(openai_list.PATH))


def _info(exchanges: Exchanges) -> dict[str, Any]:
    return mapping(answer(exchanges.get(PATH)).get("info"))
