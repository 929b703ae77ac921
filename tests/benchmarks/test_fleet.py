"""What the benchmark of a fleet counts and serves: whole process trees, and hosts with models of their own."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
# A process with a child named as a worker is, which holds 50 MB; it says when it has them.
TREE = """
import subprocess, sys
held = "held = b'1' * 50_000_000; print(1, flush=True); input()"
subprocess.run([sys.executable, "-c", held, "census.scan" + ".process"], check=False)
"""


def module(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module(name)


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def test_a_trace_tells_all_the_time_how_far_a_scan_is_and_what_each_process_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = module("fleet_processes", monkeypatch)
    monkeypatch.setattr(processes, "_SAMPLE", 0.01)
    trace, done = tmp_path / "trace", iter(range(100_000))
    with subprocess.Popen([sys.executable, "-c", TREE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as top:
        assert top.stdout is not None
        top.stdout.readline()
        with processes.Trace(trace, top.pid, os.getpid(), lambda: next(done)):
            while len(lines(trace)) < 3:
                time.sleep(0.01)
        assert processes.resident(top.pid) > 50_000_000
        top.communicate(b"\n")
    told = [json.loads(line) for line in lines(trace)]
    assert [line["done"] for line in told] == list(range(len(told)))
    (worker,) = told[0]["workers"]
    assert worker["rss"] >= worker["pss"] > 50 > told[0]["planner"]["pss"] > 0


def listed(servers: ModuleType, number: int) -> tuple[bytes, bytes]:
    """Head and body of the list of models that a live target sends."""
    live = servers._Live(number, asyncio.Transport(), Counter())
    told, _ = servers._answered(servers._place(number), "GET", "/api/tags", b"", False)
    head, _, body = live._own(told).partition(b"\r\n\r\n")
    return head, body


def test_a_third_of_the_ollamas_list_a_model_that_nobody_else_has(monkeypatch: pytest.MonkeyPatch) -> None:
    servers = module("fleet_servers", monkeypatch)
    ollamas = [
        number
        for number in range(3_000)
        if servers.group(number) == "live" and servers._resident(number).behaviour.value == "ollama"
    ]
    heads_and_bodies = [listed(servers, number) for number in ollamas]
    holders = Counter(digest for _, body in heads_and_bodies for digest in set(re.findall(rb"[0-9a-f]{64}", body)))
    own = sum(count == 1 for count in holders.values())
    assert 0.25 < own / len(ollamas) < 0.4
    for head, body in heads_and_bodies:
        told = re.search(rb"Content-Length: (\d+)", head)
        assert told is None or int(told[1]) == len(body)
