from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from census.scan.crew import Crew

# How many blocks the C library has from the system for a large text, after one was freed.
LARGE_BLOCKS = """
import ctypes

class Told(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "free", "small", "blocks", "bytes", *"abcde")]

tell = ctypes.CDLL(None).mallinfo2
tell.restype = Told
bytes(2_000_000)
before = tell().blocks
kept = bytes(2_000_000)
print(tell().blocks - before)
"""


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


def test_ctrl_c_is_not_the_workers_even_while_they_load(capfd: pytest.CaptureFixture[str]) -> None:
    with Crew("postgresql://nobody@127.0.0.1:1/none", None, 2, metrics_port=None, verbose=False) as crew:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            for process in crew._processes:
                os.kill(process.pid, signal.SIGINT)
            time.sleep(0.01)
        assert [process.poll() for process in crew._processes] == [None, None]
    assert "Traceback" not in capfd.readouterr().err


def test_whoever_starts_workers_hears_ctrl_c_himself() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    with Crew(nowhere, None, 1, metrics_port=None, verbose=False), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_worker_gives_large_blocks_back_to_the_system() -> None:
    def blocks(environment: dict[str, str]) -> str:
        return subprocess.check_output([sys.executable, "-c", LARGE_BLOCKS], text=True, env=environment).strip()

    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    with Crew(nowhere, None, 1, metrics_port=None, verbose=False) as crew:
        while not (words := Path(f"/proc/{crew._processes[0].pid}/environ").read_text()):
            time.sleep(0.01)  # its memory is still being made
    theirs = dict(word.split("=", 1) for word in words.split("\0") if word)
    assert (blocks(theirs), blocks({**theirs, "GLIBC_TUNABLES": ""})) == ("1", "0")
