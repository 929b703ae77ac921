"""NVIDIA NIM: lists as vLLM does, under its own owner or behind its own web server; its metadata names it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from census.exchanges import CANARY_PATH, Exchanges, Question
from census.facts import Reading
from census.kinds import openai_list
from census.kinds.kind import Kind, Wishes, next_get
from census.kinds.reading import answer, text
from census.kinds.signs import server, version

METADATA: Final = "/v1/metadata"
VERSION: Final = "/version"  # vLLM's
_RELEASE: Final = "/v1/version"
_RELATIVES: Final = ("sglang", "aphrodite", "pygmalionai", "fastchat", "lmdeploy", "tensorrt_llm")


def tells(exchanges: Exchanges) -> bool:
    """Whether the metadata are those of a NIM: its models, and the licence or the assets of its container."""
    told = answer(exchanges.get(METADATA))
    return isinstance(told.get("modelInfo"), list) and ("licenseInfo" in told or "assetInfo" in told)


def _recognise(exchanges: Exchanges) -> str | None:
    return "its metadata" if tells(exchanges) and openai_list.every(exchanges, _is_entry) else None


def _is_entry(entry: Mapping[str, Any]) -> bool:
    return openai_list.is_granted(entry) and "root" in entry and entry.get("owned_by") not in _RELATIVES


def _confirm(exchanges: Exchanges) -> Question | None:
    likely = openai_list.every(exchanges, _is_entry) and not _is_plain(exchanges)
    return next_get(exchanges, METADATA) if likely else None


def _is_plain(exchanges: Exchanges) -> bool:
    """A plain vLLM answers by uvicorn itself, and is not known to lack its version."""
    told = exchanges.get(VERSION)
    lacking = told is not None and told.status == HTTPStatus.NOT_FOUND
    by_uvicorn = "uvicorn" in server(exchanges.get(openai_list.PATH))
    return openai_list.owned_by(exchanges, "vllm") and by_uvicorn and not lacking


def _ask(exchanges: Exchanges, _wishes: Wishes) -> Question | None:
    return next_get(exchanges, _RELEASE, CANARY_PATH)


def _read(exchanges: Exchanges) -> Reading:
    told = version(exchanges, _RELEASE, "release") or text(answer(exchanges.get(METADATA)).get("version"), 64)
    return openai_list.reading(exchanges, openai_list.rooted, told)


KIND = Kind(
    name="NIM",
    ports=(8000,),
    asks=tuple(("GET", path) for path in (openai_list.PATH, VERSION, METADATA, _RELEASE, CANARY_PATH)),
    tells="models, the context they are served with, version",
    recognise=_recognise,
    confirm=_confirm,
    ask=_ask,
    read=_read,
)
