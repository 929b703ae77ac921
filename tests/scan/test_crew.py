from __future__ import annotations

import os
import signal
import time

from census.scan.crew import Crew


def test_a_worker_that_is_killed_is_replaced_but_not_for_ever_at_its_start() -> None:
    with Crew("postgresql://nobody@127.0.0.1:1/none", None, 1, metrics_port=None, verbose=False) as crew:
        killed = []
        while crew.tend():
            [process] = crew._processes
            if process.pid not in killed:
                killed.append(process.pid)
                os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.01)
            assert len(killed) < 20
        assert len(killed) == 5
        assert crew.codes == [-signal.SIGKILL]
