"""The dashboard "A running scan": how far it is, what targets end in, how fast answers come, and each worker."""

from __future__ import annotations

from deploy.grafana.panels import (
    PROMETHEUS,
    Json,
    Section,
    bars,
    dashboard,
    figure,
    lines,
    panel,
    promql,
    says,
    table,
    thresholds,
)  # fmt: skip

_WORKERS = "all workers chosen above that are read at that moment"
_CHOSEN = 'instance=~"$worker"'
_EVERY = "[$__rate_interval]"


def running_scan() -> Json:
    """The page, read anew every ten seconds."""
    return dashboard(
        "census-running-scan", "A running scan",
        "Counters of the worker processes, and the progress as the database knows it.",
        [_progress(), _outcomes(), _exchanges(), _workers()],
        variables=[_worker()], refresh="10s", since="now-1h",
    )  # fmt: skip


def _worker() -> Json:
    return {
        "type": "query", "name": "worker", "label": "Worker", "datasource": PROMETHEUS,
        "query": {"query": "label_values(census_connections_total, instance)", "refId": "worker"},
        "definition": "label_values(census_connections_total, instance)",
        "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
        "refresh": 2, "sort": 1,
    }  # fmt: skip


def _rate(counter: str, *by: str) -> str:
    """Events a second, over all workers chosen, by labels."""
    labels = f" by ({', '.join(by)})" if by else ""
    return f"sum{labels} (rate({counter}{{{_CHOSEN}}}{_EVERY}))"


def _progress() -> Section:
    progress = bars(
        "Progress",
        says("Share of the targets that have their outcome.", unit="target", population="the five latest scans, whole"),
        promql("census_scan_progress_ratio", "scan {{scan}}", now=True),
        unit="percentunit", defaults={"min": 0, "max": 1},
    )  # fmt: skip
    left = figure(
        "Time left",
        says("Seconds until the last target, at the pace of the last ten minutes; empty while nothing moves.",
             unit="second", population="scans that are not done"),
        promql("(1 - census_scan_progress_ratio) / (deriv(census_scan_progress_ratio[10m]) > 0)",
               "scan {{scan}}", now=True),
        unit="s",
    )  # fmt: skip
    pace = figure(
        "Targets a second", says("Targets that got their outcome.", unit="target", population=_WORKERS),
        promql(_rate("census_targets_total"), now=True), unit="ops",
    )  # fmt: skip
    in_flight = figure(
        "In flight", says("Targets being asked at this moment.", unit="target", population=_WORKERS),
        promql(f"sum (census_in_flight{{{_CHOSEN}}})", now=True),
    )  # fmt: skip
    faults = figure(
        "Faults of ours",
        says("Failures of the program itself, not of targets; anything but 0 belongs into a bug report.",
             unit="target", population=f"{_WORKERS}, since they began"),
        promql(f"sum (census_unexpected_errors_total{{{_CHOSEN}}})", now=True),
        defaults=thresholds((None, "green"), (1, "red")),
    )  # fmt: skip
    database = figure(
        "Database",
        says("Whether the database answers census serve.", unit="database", population="all that are read"),
        promql("census_database_up", "{{instance}}", now=True),
        defaults=thresholds((None, "red"), (1, "green")) | {"mappings": [
            {"type": "value", "options": {"0": {"text": "does not answer"}, "1": {"text": "answers"}}},
        ]},
    )  # fmt: skip
    return Section("Progress", [(6, [progress]), (4, [left, pace, in_flight, faults]), (4, [database])])


def _outcomes() -> Section:
    over_time = lines(
        "Outcomes", says("Targets a second, by the outcome they ended in.", unit="target", population=_WORKERS),
        promql(_rate("census_targets_total", "outcome"), "{{outcome}}"), unit="ops", stacked=True,
    )  # fmt: skip
    so_far = bars(
        "Outcomes so far",
        says("Targets by outcome.", unit="target", population=f"{_WORKERS}, since they began"),
        promql(f"sort_desc(sum by (outcome) (census_targets_total{{{_CHOSEN}}}))", "{{outcome}}", now=True),
    )
    errors = lines(
        "Errors",
        says("The share that was too slow, broke off, failed at TLS or could not be read, over five minutes. Above a"
             " half it raises an alert.", unit="target that took the connection", population="all workers"),
        promql("census:errors:ratio_rate5m", "errors"), unit="percentunit",
    )  # fmt: skip
    stages = lines(
        "How far targets come",
        says("Targets a second that were asked, that answered at all, and that took the connection.",
             unit="target", population="all workers, over five minutes"),
        promql("sum(census:targets:rate5m)", "all"),
        promql("census:answered:rate5m", "answered", ref="B"),
        promql("census:connected:rate5m", "connected", ref="C"),
        unit="ops",
    )  # fmt: skip
    return Section("Outcomes", [(9, [over_time, so_far]), (8, [errors, stages])])


def _exchanges() -> Section:
    shares = ((0.5, "A"), (0.95, "B"), (0.99, "C"))
    bucket = _rate("census_exchange_seconds_bucket", "le")
    quantiles = lines(
        "Seconds of an exchange",
        says("From sending a request to the end of its answer: the time that half, 95 % and 99 % stay below.",
             unit="exchange", population=_WORKERS),
        *(promql(f"histogram_quantile({share}, {bucket})", f"{share:.0%}", ref=ref) for share, ref in shares),
        unit="s",
    )  # fmt: skip
    spread = panel(
        "heatmap", "Exchanges by their seconds",
        says("How many exchanges took how long.", unit="exchange", population=_WORKERS),
        promql(f"sum by (le) (increase(census_exchange_seconds_bucket{{{_CHOSEN}}}{_EVERY}))", "{{le}}",
               form="heatmap"),
        options={"calculate": False, "yAxis": {"unit": "s"}},
    )  # fmt: skip
    network = lines(
        "Connections and requests",
        says("Attempted a second. A dead target costs one connection and no request.",
             unit="connection, request", population=_WORKERS),
        promql(_rate("census_connections_total"), "connections"),
        promql(_rate("census_requests_total"), "requests", ref="B"),
        unit="ops",
    )  # fmt: skip
    kinds = lines(
        "Requests by server kind",
        says("By the kind that was found and the class of the status.", unit="request", population=_WORKERS),
        promql(_rate("census_requests_total", "kind", "status"), "{{kind}} {{status}}"), unit="ops", stacked=True,
    )  # fmt: skip
    paths = lines(
        "Requests by path",
        says("By path of the allow-list: nothing else can be sent.", unit="request", population=_WORKERS),
        promql(_rate("census_requests_total", "path"), "{{path}}"), unit="ops", stacked=True,
    )  # fmt: skip
    return Section("Exchanges", [(8, [quantiles, spread]), (8, [network]), (9, [kinds, paths])])


def _workers() -> Section:
    present = table(
        "Workers",
        says("1 where a worker process can be read. Those of census scan end with it; those of census worker stay.",
             unit="worker process", population="all in targets/worker*.yml"),
        promql('up{job="census-worker"}', now=True, form="table"),
        fields={"Value": {"displayName": "read"}, "Time": {"custom.hidden": True}, "__name__": {"custom.hidden": True}},
    )  # fmt: skip
    pace = lines(
        "Targets a second, each worker", says("Who falls behind.", unit="target", population=_WORKERS),
        promql(_rate("census_targets_total", "instance"), "{{instance}}"), unit="ops",
    )  # fmt: skip
    in_flight = lines(
        "In flight, each worker", says("Targets being asked.", unit="target", population=_WORKERS),
        promql(f"sum by (instance) (census_in_flight{{{_CHOSEN}}})", "{{instance}}"),
    )  # fmt: skip
    written = lines(
        "Rows written",
        says("Into the database, by table. Equal models and inventories are written once.",
             unit="row", population=_WORKERS),
        promql(_rate("census_rows_written_total", "table"), "{{table}}"), unit="ops",
    )  # fmt: skip
    return Section("Workers", [(8, [pace, in_flight]), (8, [written, present])])
