"""The counters of a running scan, for Prometheus; every label value comes from a closed set.

They live beside the facts because the probe and the scan both count into them. Each process has its own
registry on a port of its own: the multi-process mode of the client would triple the cost of a count.
"""

from __future__ import annotations

import functools
import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from census.errors import FailedError

REGISTRY = CollectorRegistry()

TARGETS = Counter("census_targets", "Targets done, by the outcome they ended in", ["outcome"], registry=REGISTRY)
REQUESTS = Counter(
    "census_requests",
    "HTTP requests, by server kind, path (of the allow-list) and class of status",
    ["kind", "path", "status"],
    registry=REGISTRY,
)
RECALLED = Counter(
    "census_recalled", "Models whose details were known from other hosts and not asked again", registry=REGISTRY
)
CONNECTIONS = Counter("census_connections", "Connections attempted", registry=REGISTRY)
SLOWDOWNS = Counter(
    "census_slowdowns",
    "Times that the rate into one network was halved, for failures in a row or a Retry-After",
    ["reason"],
    registry=REGISTRY,
)
IN_FLIGHT = Gauge("census_in_flight", "Targets being asked at this moment", registry=REGISTRY)
EXCHANGE_SECONDS = Histogram(
    "census_exchange_seconds",
    "Seconds from sending a request to the end of its answer",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
ROWS_WRITTEN = Counter("census_rows_written", "Rows written to the database, by table", ["table"], registry=REGISTRY)
UNEXPECTED_ERRORS = Counter("census_unexpected_errors", "Faults of ours, not of a target", registry=REGISTRY)


@functools.cache
def child(metric: Counter, *labels: str) -> Counter:
    """The counter behind these labels, as `metric.labels` gives it and in a tenth of the time; they are closed sets."""
    return metric.labels(*labels)


def status_class(status: int) -> str:
    """The class of a status as a label: 1xx to 5xx, `failed` for none (0), and one word for all that HTTP has not.

    A server may send any three digits, and must not make labels by it.
    """
    if status == 0:
        return "failed"
    return f"{status // 100}xx" if 100 <= status < 600 else "other"  # noqa: PLR2004  the range of HTTP's statuses


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
