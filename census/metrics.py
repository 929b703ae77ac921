"""The counters of a running scan, for Prometheus; every label value comes from a closed set.

They live beside the facts because the probe and the scan both count into them. Each process has its own
registry on a port of its own: the multi-process mode of the client would triple the cost of a count.
"""

from __future__ import annotations

import math
import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from census.errors import FailedError

REGISTRY = CollectorRegistry()


class Tally(Collector):
    """A counter without a lock, for what is counted several times a look: one thread alone counts, others read."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str] = ()) -> None:
        self._described = (name, documentation, labels)
        self._counts: defaultdict[tuple[str, ...], int] = defaultdict(int, {} if labels else {(): 0})
        REGISTRY.register(self)

    def count(self, *labels: str) -> None:
        """One more with these labels, which come from closed sets."""
        self._counts[labels] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """What was counted so far; called by the thread that serves it."""
        name, documentation, labels = self._described
        family = CounterMetricFamily(name, documentation, labels=labels)
        for values, number in list(self._counts.items()):
            family.add_metric(values, number)
        yield family

    describe = collect


class Durations(Collector):
    """A histogram of seconds, likewise without a lock; `bounds` are the upper ends of its buckets."""

    def __init__(self, name: str, documentation: str, bounds: Sequence[float]) -> None:
        self._described = (name, documentation)
        self._bounds = [*map(float, bounds), math.inf]
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        REGISTRY.register(self)

    def observe(self, seconds: float) -> None:
        """One more that took so long."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """What was observed so far; called by the thread that serves it."""
        family = HistogramMetricFamily(*self._described)
        below, buckets = 0, []
        for bound, number in zip([*self._bounds[:-1], "+Inf"], list(self._counts), strict=True):
            below += number
            buckets.append((str(bound), below))
        family.add_metric([], buckets, self._sum)
        yield family

    describe = collect


TARGETS = Tally("census_targets", "Targets done, by the outcome they ended in", ["outcome"])
REQUESTS = Tally(
    "census_requests",
    "HTTP requests, by server kind, path (of the allow-list) and class of status",
    ["kind", "path", "status"],
)
RECALLED = Counter(
    "census_recalled", "Models whose details were known from other hosts and not asked again", registry=REGISTRY
)
CONNECTIONS = Tally("census_connections", "Connections attempted")
SLOWDOWNS = Counter(
    "census_slowdowns",
    "Times that the rate into one network was halved, for failures in a row or a Retry-After",
    ["reason"],
    registry=REGISTRY,
)
IN_FLIGHT = Gauge("census_in_flight", "Targets being asked at this moment", registry=REGISTRY)
EXCHANGE_SECONDS = Durations(
    "census_exchange_seconds",
    "Seconds from sending a request to the end of its answer",
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
ROWS_WRITTEN = Counter("census_rows_written", "Rows written to the database, by table", ["table"], registry=REGISTRY)
UNEXPECTED_ERRORS = Counter("census_unexpected_errors", "Faults of ours, not of a target", registry=REGISTRY)


_CLASSES = {1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}


def status_class(status: int) -> str:
    """The class of a status as a label: 1xx to 5xx, `failed` for none (0), and one word for all that HTTP has not.

    A server may send any three digits, and must not make labels by it.
    """
    return "failed" if status == 0 else _CLASSES.get(status // 100, "other")


def unexpected_errors() -> int:
    """How many faults of ours this process has met."""
    return int(REGISTRY.get_sample_value("census_unexpected_errors_total") or 0)


def serve(port: int) -> None:
    """Serve the counters over HTTP, from a thread that lives as long as the process. Raises FailedError.

    It listens on 127.0.0.1, or on the address in CENSUS_METRICS_ADDRESS: that belongs to a machine and not to a scan,
    for each machine has another one under which Prometheus reads it.
    """
    address = os.environ.get("CENSUS_METRICS_ADDRESS") or "127.0.0.1"
    try:
        start_http_server(port, addr=address, registry=REGISTRY)
    except OSError as error:
        raise FailedError(
            f"cannot serve metrics on {address}:{port}: {error.strerror or error}; choose another --metrics-port, or an"
            " address of this machine as CENSUS_METRICS_ADDRESS"
        ) from error
