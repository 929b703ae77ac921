"""A scan by real processes that is killed fifty times; prints its seed and what the blows cost."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.support.crowd import crowd
from tests.support.havoc import Havoc, judge, looking_at, prepare

SERVERS, SILENT, RATE = 500, 4500, 40
BLOWS = ["worker"] * 25 + ["postgres"] * 10 + ["parent"] * 10 + ["terminate"] * 5


@pytest.mark.system
def test_fifty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(10**6))
    print(f"\nseed {seed} (SOAK_SEED={seed} repeats it)")
    blows = BLOWS.copy()
    random.Random(seed).shuffle(blows)
    havoc = Havoc(tmp_path, seed)
    began = time.monotonic()
    with crowd(SERVERS) as servers:
        listed, scope = prepare(tmp_path, servers.targets(SILENT), RATE)
        havoc.begin("scan", listed, "--scope", scope, "--workers", "2", "--timeout", "2", "--json")
        servers.wait_for(1)
        havoc.rage(blows, (0.3, 2.5))
        havoc.finish(600)
        with looking_at(tmp_path) as url:
            figures = judge(url, servers, SILENT)
        most = servers.most_in(1.0)
    print(f"{dict(havoc.blows)} in {time.monotonic() - began:.0f} s; {figures}; most servers in a second: {most}")
    assert sum(havoc.blows.values()) == len(BLOWS)
    assert most <= RATE * 1.1 + 2
    share = SERVERS / (SERVERS + SILENT)
    assert figures["asked_again"] <= len(BLOWS) * 3 * RATE * share
