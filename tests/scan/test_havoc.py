"""Real processes, killed at random moments: the result is that of a scan that nobody disturbed."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from tests.support.crowd import crowd
from tests.support.havoc import Havoc, judge, looking_at, prepare

SERVERS, SILENT, RATE = 200, 400, 60


def test_a_scan_that_is_killed_again_and_again_ends_as_if_nothing_had_happened(
    initialised: Path, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    shutil.copytree(initialised, tmp_path / "home")
    blows = ["worker", "postgres", "parent", "worker"]
    random.Random(seed).shuffle(blows)
    havoc = Havoc(tmp_path, seed)
    with crowd(SERVERS) as servers:
        targets = servers.targets(SILENT)
        listed, scope = prepare(tmp_path, targets, RATE)
        havoc.begin("scan", listed, "--scope", scope, "--workers", "2", "--timeout", "2", "--json")
        servers.wait_for(1)
        havoc.rage(blows, (1.0, 2.5))
        havoc.finish(90)
        with looking_at(tmp_path) as url:
            figures = judge(url, servers, SILENT)
    print(figures, dict(havoc.blows))
    # A blow costs what was not yet written: a second of asking, more where the database was slow to take it.
    assert figures["asked_again"] <= sum(havoc.blows.values()) * 3 * RATE * SERVERS / len(targets)
