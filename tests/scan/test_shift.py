from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from census.scan.settings import Settings
from census.scan.shift import Shift
from census.store.door import Door
from tests.support.scanning import scope


def files(given: list[str] | None, named: tuple[str, ...], folder: Path, times: int = 1) -> list[Path]:
    """Which place files a worker opens that was given some, for a scan that names some."""
    door = Door("postgresql://nobody@127.0.0.1:1/none")
    settings = Settings(scope(folder), 1.0, places=named)

    async def choose() -> list[Path]:
        shift = Shift(door, asyncio.Event(), 1, given)
        return [shift._place_files(settings) for _ in range(times)][-1]

    try:
        return asyncio.run(choose())
    finally:
        door.close(1)


def test_a_worker_takes_its_own_place_files_else_the_scans_else_the_usual_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CENSUS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("census.scan.shift.usual_folders", lambda home: [home])
    here, elsewhere = tmp_path / "here.mmdb", str(tmp_path / "elsewhere.mmdb")
    here.touch()
    assert files([str(here)], (elsewhere,), tmp_path) == [here]
    assert files(None, (str(here), elsewhere), tmp_path) == [here]
    assert files(None, (), tmp_path) == []
    assert caplog.records == []
    with caplog.at_level(logging.WARNING):
        assert files(None, (elsewhere,), tmp_path, times=3) == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "--geoip" in caplog.text
    usual = tmp_path / "home/usual.mmdb"
    usual.parent.mkdir()
    usual.touch()
    assert files(None, (elsewhere,), tmp_path) == [usual]
