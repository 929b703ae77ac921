"""The census as Prometheus metrics; no target can make a series of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection, text

from census.report.sections import records
from census.report.words import UNKNOWN, inert
from census.store.statistics import rows

_MOST = 50  # values of a label; the others are counted together
_LONGEST = 100  # characters of a label's value
_OTHER = "other"

_PROGRESS = text("""
    select latest.id, coalesce(sum(length(c.outcomes) - open.targets), 0)::double precision
            / nullif(sum(length(c.outcomes)), 0)
    from (select id, ended from scan order by id desc limit 5) latest
    left join chunk c on c.scan_id = latest.id
    left join lateral (
        select length(c.outcomes) - coalesce(sum(n), 0) as targets from unnest(c.counts) n
    ) open on true
    group by latest.id
    order by latest.id
""")

_NEW_ENDPOINTS = text("""
    with last as (select max(id) as id from scan)
    select p.country, count(distinct e.id)
    from last
    join observation o on o.scan_id = last.id and o.sighting_id is not null
    join endpoint e on e.id = o.endpoint_id and stats.credible(e.verdict)
    join host h on h.id = e.host_id
    left join place p on p.id = h.place_id
    where not exists (
        select from observation earlier
        where earlier.endpoint_id = e.id and earlier.scan_id < last.id and earlier.sighting_id is not null)
    group by p.country
""")


class Series(Collector):
    """Metric families that were read at one moment."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = tuple(families)

    def collect(self) -> Iterator[Metric]:
        """The families, for the registry."""
        yield from self._families


def metrics(connection: Connection) -> bytes:
    """All metrics of the database in Prometheus' text format; runs the statistics, so keep what it gives."""
    registry = CollectorRegistry()
    registry.register(Series(_families(connection)))
    return generate_latest(registry)


def state(*, answers: bool, read_at: datetime) -> bytes:
    """Whether the database answers at this moment, and when `metrics` were read from it."""
    registry = CollectorRegistry()
    up = GaugeMetricFamily("census_database_up", "1 if the database answers within two seconds, else 0", value=answers)
    meaning = "When the other metrics were read: the last change of the data that was seen, as Unix time"
    read = GaugeMetricFamily("census_read_timestamp_seconds", meaning, value=read_at.timestamp())
    registry.register(Series([up, read]))
    return generate_latest(registry)


def _families(connection: Connection) -> Iterator[Metric]:
    progress = GaugeMetricFamily(
        "census_scan_progress_ratio", "Share of a scan's targets that are done; the five latest scans", labels=["scan"]
    )
    for scan, ratio in connection.execute(_PROGRESS):
        progress.add_metric([str(scan)], 1.0 if ratio is None else ratio)
    yield progress
    new = [((country,), count) for country, count in connection.execute(_NEW_ENDPOINTS)]
    yield _gauge("census_new_endpoints", "Credible endpoints first seen in the last scan", ["country"], new)
    yield _statistic(connection, "countries", "census_hosts", "Credible hosts recognised", ["country"])
    yield _statistic(connection, "families", "census_family_hosts", "Credible hosts with the family", ["family"])
    yield _statistic(
        connection, "co-deployment", "census_co_deployment_hosts", "Credible hosts with both families", ["a", "b"]
    )
    yield _statistic(
        connection, "tool-calling", "census_tool_calling_hosts", "Credible hosts by advertising tools", ["advertised"]
    )
    yield _statistic(connection, "software", "census_software_hosts", "Credible hosts that run it", ["software"])


def _statistic(connection: Connection, statistic: str, name: str, meaning: str, labels: list[str]) -> Metric:
    found = records(rows(connection, statistic))
    counts = [(tuple(row[label] for label in labels), row["count"]) for row in found]
    return _gauge(name, f"{meaning}; over all scans, 'other' is the sum beyond the first {_MOST}", labels, counts)


def _gauge(
    name: str, meaning: str, labels: list[str], counts: Iterable[tuple[Sequence[str | None], int]]
) -> GaugeMetricFamily:
    """The largest counts by their labels; those of equal labels, and all smaller ones, are added up."""
    ordered = sorted(counts, key=lambda each: -each[1])
    sums: Counter[tuple[str, ...]] = Counter()
    for place, (values, count) in enumerate(ordered):
        kept = tuple(_label(value) for value in values) if place < _MOST else (_OTHER,) * len(labels)
        sums[kept] += count
    gauge = GaugeMetricFamily(name, meaning, labels=labels)
    for values, count in sums.items():
        gauge.add_metric(values, count)
    return gauge


def _label(value: str | None) -> str:
    return UNKNOWN if value is None else inert(value)[:_LONGEST]
