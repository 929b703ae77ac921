"""A scan asks each model of old Ollamas of a few networks only, says so in the rows, and believes no lie for long."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from census.scan.settings import loaded_by_size
from census.targets.scope import Scope
from tests.support.asking import rows_of
from tests.support.scanning import create, scope, work
from tests.support.wire import Handler, Wire, answers, listen, page

DIGEST = "b" * 64
DETAILS = {"format": "gguf", "family": "qwen2", "parameter_size": "7.6B", "quantization_level": "Q4_K_M"}
LISTED = {"name": "qwen2.5:7b", "model": "qwen2.5:7b", "size": 4683087332, "digest": DIGEST, "details": DETAILS}


def ollama(*, decoy: bool = False) -> Handler:
    """An Ollama of 0.6.8 with a model that has tools; a decoy says that it has none, and answers any path."""
    show = {
        "details": DETAILS,
        "template": "{{ .Tools }}",
        "capabilities": ["completion", *([] if decoy else ["tools"])],
    }
    pages = {
        "/api/tags": page({"models": [LISTED]}), "/api/version": page({"version": "0.6.8"}),
        "/api/ps": page({"models": []}), "/api/show": page(show),
    }  # fmt: skip
    return answers(pages, page({"ok": True}) if decoy else None)


async def scan(url: str, folder: Path, handlers: Sequence[Handler], allowed: Scope) -> list[list[str]]:
    """Scans of one host after another, each in a network of its own; gives the paths that each was asked."""
    async with contextlib.AsyncExitStack() as stack:
        wires: list[Wire] = []
        for each, handler in enumerate(handlers):
            address = f"127.2.{each}.1"
            wires.append(await stack.enter_async_context(listen(handler, address)))
            await work(url, create(url, folder, [f"{address}:{wires[-1].port}"], allowed))
        return [[path for _, path in wire.requests] for wire in wires]


def told(url: str) -> list[tuple[Any, ...]]:
    return rows_of(url, "select address, tools, tools_source, recalled from export.models order by address")


@pytest.fixture(autouse=True)
def _nobody_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be asked what is known, or what it has loaded."""
    monkeypatch.setattr("census.probe.draws._drawn", lambda: 0.999)


def test_who_lists_what_two_networks_told_is_not_asked_and_its_row_says_so(database_url: str, tmp_path: Path) -> None:
    asked = asyncio.run(scan(database_url, tmp_path, [ollama() for _ in range(4)], scope(tmp_path)))
    assert ["/api/show" in paths for paths in asked] == [True, True, False, False]
    assert told(database_url) == [
        ("127.2.0.1", "yes", "show", False),
        ("127.2.1.1", "yes", "show", False),
        ("127.2.2.1", "yes", "digest", True),
        ("127.2.3.1", "yes", "digest", True),
    ]
    assert rows_of(database_url, "select (select count(*) from model), (select count(*) from inventory)") == [(1, 1)]
    assert rows_of(database_url, "select address from export.sightings where recalled = 1 order by 1") == [
        ("127.2.2.1",), ("127.2.3.1",),
    ]  # fmt: skip


def test_without_recall_every_host_is_asked_itself(database_url: str, tmp_path: Path) -> None:
    async def at_once(allowed: Scope) -> list[bool]:
        """One scan of four hosts, one after another; says who was asked about its model."""
        async with contextlib.AsyncExitStack() as stack:
            wires = [await stack.enter_async_context(listen(ollama(), f"127.3.{each}.1")) for each in range(4)]
            targets = [f"127.3.{each}.1:{wire.port}" for each, wire in enumerate(wires)]
            await work(database_url, create(database_url, tmp_path, targets, allowed, rate=4))
            return ["/api/show" in [path for _, path in wire.requests] for wire in wires]

    asyncio.run(scan(database_url, tmp_path, [ollama() for _ in range(3)], scope(tmp_path)))
    file = tmp_path / "scope.toml"
    file.write_text(f"{file.read_text()}\n[probe]\nrecall = false\n")
    assert asyncio.run(at_once(Scope.read(file))) == [True] * 4
    assert [row[-1] for row in told(database_url)] == [False, False, True, *[False] * 4]
    assert rows_of(database_url, "select count(*) from saying") == [(2 + 4,)], "others may have what was told"


def test_what_decoys_tell_of_a_digest_is_believed_of_nobody_else(database_url: str, tmp_path: Path) -> None:
    handlers = [ollama(decoy=True), ollama(decoy=True), ollama(), ollama(), ollama()]
    scope(tmp_path)
    file = tmp_path / "scope.toml"
    file.write_text(f"{file.read_text()}\n[probe]\nloaded = 1000\n")
    asked = asyncio.run(scan(database_url, tmp_path, handlers, Scope.read(file)))
    assert [row[1:] for row in told(database_url)] == [
        ("no", "show", False), ("no", "show", False),
        ("yes", "show", False), ("yes", "show", False), ("yes", "digest", True),
    ]  # fmt: skip
    # Only who gave a sign of pretending is asked what it has loaded, unless it is drawn.
    assert ["/api/ps" in paths for paths in asked] == [True, True, False, False, False]
    assert rows_of(database_url, "select running from export.observations order by address") == [
        (0,), (0,), (None,), (None,), (None,),
    ]  # fmt: skip


def test_an_endpoint_that_was_asked_itself_once_stays_so(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def again() -> None:
        async with listen(ollama(), "127.2.9.1") as last:
            target = [f"127.2.9.1:{last.port}"]
            for drawn in (False, True, False):
                monkeypatch.setattr("census.probe.draws._drawn", lambda it=drawn: 0.0 if it else 0.999)
                await work(database_url, create(database_url, tmp_path, target))
                recalled.append(rows_of(database_url, "select recalled from export.models where address = '127.2.9.1'"))

    recalled: list[list[tuple[Any, ...]]] = []
    asyncio.run(scan(database_url, tmp_path, [ollama(), ollama()], scope(tmp_path)))
    asyncio.run(again())
    assert recalled == [[(True,)], [(False,)], [(False,)]]
    assert rows_of(database_url, "select count(*), max(observations) from sighting") == [(3, 3)]


def test_all_are_asked_what_they_have_loaded_in_a_small_scan_and_one_in_ten_in_a_large_one() -> None:
    assert [loaded_by_size(targets) for targets in (1, 1_999, 2_000, 9_999, 10_000, 10**8)] == [1, 1, 2, 9, 10, 10]
