"""Where a process serves its counters."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from census import metrics
from tests.support.ports import free_ports

_SERVE = """
import sys, urllib.request
from census import metrics
from census.errors import FailedError
port, address = int(sys.argv[1]), sys.argv[2]
try:
    metrics.serve(port)
except FailedError as error:
    sys.exit(f"FailedError: {error}")
print(urllib.request.urlopen(f"http://{address}:{port}/metrics", timeout=10).read().decode())
"""


def served(port: int, address: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Serve the counters in a process of its own, and read them at an address."""
    return subprocess.run(
        [sys.executable, "-c", _SERVE, str(port), address], env={**os.environ, **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_counters_are_on_loopback_by_default() -> None:
    assert "census_unexpected_errors_total 0.0" in served(free_ports(1), "127.0.0.1").stdout
    assert "refused" in served(free_ports(1), "127.0.0.2").stderr


def test_counters_are_where_the_environment_says() -> None:
    ran = served(free_ports(1), "127.0.0.2", CENSUS_METRICS_ADDRESS="127.0.0.2")
    assert "census_connections_total 0.0" in ran.stdout, ran.stderr


def test_a_tally_tells_how_often_each_of_its_labels_was_counted() -> None:
    tally = metrics.Tally("census_test_words", "Words of a test", ["word"])
    for word in ("refused", "served", "served"):
        tally.count(word)
    told = {word: metrics.REGISTRY.get_sample_value("census_test_words_total", {"word": word}) for word in
            ("refused", "served", "empty")}  # fmt: skip
    assert told == {"refused": 1, "served": 2, "empty": None}


def test_durations_are_told_as_a_histogram_whose_buckets_hold_all_that_are_shorter() -> None:
    durations = metrics.Durations("census_test_seconds", "Seconds of a test", (0.5, 1))
    for seconds in (0.1, 0.5, 0.7, 20):
        durations.observe(seconds)
    value = metrics.REGISTRY.get_sample_value
    assert [value("census_test_seconds_bucket", {"le": bound}) for bound in ("0.5", "1.0", "+Inf")] == [2, 3, 4]
    assert value("census_test_seconds_count") == 4
    assert value("census_test_seconds_sum") == pytest.approx(21.3)


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = served(port, "127.0.0.1")
    assert f"FailedError: cannot serve metrics on 127.0.0.1:{port}: Address already in use" in ran.stderr
    assert "another --metrics-port" in ran.stderr


def test_an_address_of_another_machine_is_a_sentence() -> None:
    ran = served(free_ports(1), "127.0.0.1", CENSUS_METRICS_ADDRESS="192.0.2.1")
    assert "FailedError: cannot serve metrics on 192.0.2.1" in ran.stderr
