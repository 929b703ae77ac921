"""`census demo`: weeks that are made up and say so, one scan that is made, and nothing that stays of a run before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from census.store.scans import DEMO
from tests.support.program import census
from tests.support.seeds import own_seed

ENDPOINTS = "80"
SEED = str(own_seed(37))


def _demo(url: str, folder: Path) -> str:
    page = folder / "page.html"
    done = census("demo", "--endpoints", ENDPOINTS, "--seed", SEED, "--html", page, folder=folder, url=url)
    assert done.returncode == 0, done.stderr
    assert page.stat().st_size > 10_000
    return done.stderr


def test_each_demo_makes_up_four_weeks_and_scans_the_fifth(database_url: str, tmp_path: Path) -> None:
    _demo(database_url, tmp_path)
    assert "making up 4 weekly scans" in _demo(database_url, tmp_path)
    with psycopg.connect(database_url) as connection:
        scans = connection.execute(
            "select name, reference, began, ended is not null from scan order by began"
        ).fetchall()
        known = connection.execute("select count(*) from sighting where observations >= 4").fetchone()
    assert [reference for _, reference, _, _ in scans] == [DEMO] * 5
    assert all(ended for *_, ended in scans)
    assert all(name == f"simulated {began:%Y-%m-%d}" for name, _, began, _ in scans[:4])
    assert scans[4][0] == "demo"
    assert datetime.now(UTC) - scans[0][2] > timedelta(days=27)
    assert known is not None
    assert known[0] > 20
