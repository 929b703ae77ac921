"""What the dashboards ask, with the choices filled in as Grafana does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploy.grafana.census import census
from deploy.grafana.panels import POSTGRES, PROMETHEUS, Json
from deploy.grafana.running_scan import running_scan

_WEEKS = ("2026-10-01T00:00:00Z", "2027-12-31T00:00:00Z")


def dashboards() -> tuple[Json, Json]:
    return running_scan(), census()


def panels(page: Json) -> list[Json]:
    """Those that show something: a row only has a heading."""
    return [each for each in page["panels"] if each["type"] != "row"]


def queries(source: Json) -> Iterator[tuple[str, Json, Json]]:
    """Every query of a data source, with the title of its panel, and that panel."""
    for page in dashboards():
        for panel in panels(page):
            yield from (
                (panel["title"], target, panel) for target in panel["targets"] if target["datasource"] == source
            )


def expressions(interval: str) -> dict[str, list[str]]:
    """The PromQL of each panel, for all workers and with rates over this interval."""
    filled: dict[str, list[str]] = {}
    for title, target, _ in queries(PROMETHEUS):
        expression = target["expr"].replace("$worker", ".*").replace("$__rate_interval", interval)
        assert "$" not in expression, expression
        filled.setdefault(title, []).append(expression)
    return filled


def statements(**chosen: str) -> Iterator[tuple[str, str, Json]]:
    """Title, SQL and panel of each query of Postgres, with scan, unit and population as they are chosen."""
    for title, target, panel in queries(POSTGRES):
        yield title, filled(target["rawSql"], chosen), panel


def filled(query: str, chosen: dict[str, str]) -> str:
    """A query as Grafana sends it: choices as quoted texts, its one macro as a range of instants."""
    known = {"scan": "all", "unit": "host", "population": "credible", **chosen}
    query = re.sub(r"\$\{(\w+):sqlstring\}", lambda found: "'" + known[found[1]].replace("'", "''") + "'", query)
    query = re.sub(
        r"\$__timeFilter\((.*)\)$", rf"\1 BETWEEN '{_WEEKS[0]}' AND '{_WEEKS[1]}'", query, flags=re.MULTILINE
    )
    assert "$" not in query, query
    return query
