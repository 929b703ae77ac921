"""`census export` as a person runs it, with the remarks that a person gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from census.report.exports import WHATS
from census.store.connect import engine
from tests.store.village import settle
from tests.support.program import census


@pytest.mark.parametrize("what", WHATS)
def test_every_export_can_be_had_with_its_remarks(database_url: str, tmp_path: Path, what: str) -> None:
    made = engine(database_url)
    with made.begin() as connection:
        settle(connection)
    made.dispose()
    done = census("export", what, folder=tmp_path, url=database_url)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()]
