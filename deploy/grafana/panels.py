"""What a dashboard is made of, as Grafana's JSON: queries, panels, sections and the page that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

PROMETHEUS = {"type": "prometheus", "uid": "census-prometheus"}
POSTGRES = {"type": "grafana-postgresql-datasource", "uid": "census-postgres"}
_WIDTH = 24  # columns of a Grafana page

Json = dict[str, Any]


class Section(NamedTuple):
    """A heading, and below it lines of panels: the height of each line, and what stands in it at equal widths."""

    title: str
    lines: Sequence[tuple[int, Sequence[Json]]]


def promql(expression: str, legend: str = "", *, ref: str = "A", now: bool = False, form: str = "time_series") -> Json:
    """A query of Prometheus, over the time shown or of this moment; `legend` may hold `{{label}}`."""
    return {
        "refId": ref, "datasource": PROMETHEUS, "editorMode": "code", "expr": expression,
        "legendFormat": legend, "instant": now, "range": not now, "format": form,
    }  # fmt: skip


def sql(query: str, *, form: str = "table") -> Json:
    """A query of Postgres, whose rows are a table; as `time_series` its column `time` orders them."""
    lines = "\n".join(line.strip() for line in query.strip().splitlines())
    return {
        "refId": "A", "datasource": POSTGRES, "editorMode": "code", "rawQuery": True, "format": form, "rawSql": lines,
    }  # fmt: skip


def says(what: str, *, unit: str, population: str) -> str:
    """The description of a panel: every one tells what it says, of which unit and of which population."""
    return f"{what}\n\nUnit: {unit}. Population: {population}."


def panel(
    kind: str,
    title: str,
    description: str,
    *queries: Json,
    unit: str = "short",
    fields: Mapping[str, Json] | None = None,
    options: Json | None = None,
    defaults: Json | None = None,
    custom: Json | None = None,
) -> Json:
    """A panel of one data source; `fields` has what Grafana calls overrides, by the name of the column."""
    assert queries, title
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": queries[0]["datasource"],
        "targets": list(queries),
        "fieldConfig": {
            "defaults": {"unit": unit, "custom": custom or {}, **(defaults or {})},
            "overrides": [_override(name, each) for name, each in (fields or {}).items()],
        },
        "options": options or {},
    }


def _override(name: str, properties: Json) -> Json:
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key, "value": value} for key, value in properties.items()],
    }


def figure(title: str, description: str, query: Json, *, unit: str = "short", **more: Any) -> Json:
    """One large number."""
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "values": False}, "colorMode": "value", "graphMode": "none"}
    return panel("stat", title, description, query, unit=unit, options=options, **more)


def lines(title: str, description: str, *queries: Json, unit: str = "short", stacked: bool = False) -> Json:
    """Curves over time; a gap stays a gap."""
    custom: Json = {"spanNulls": False, "fillOpacity": 30 if stacked else 0}
    if stacked:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    legend = {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull"], "showLegend": True}
    options = {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
    return panel("timeseries", title, description, *queries, unit=unit, options=options, custom=custom)


def bars(title: str, description: str, query: Json, *, unit: str = "short", rows: bool = False, **more: Any) -> Json:
    """Horizontal bars: one for each series, or for each row of a table (`rows`), as long as its number."""
    options = {
        "orientation": "horizontal", "displayMode": "basic", "showUnfilled": True,
        "reduceOptions": {"calcs": ["lastNotNull"], "values": rows, "limit": 50},
    }  # fmt: skip
    return panel("bargauge", title, description, query, unit=unit, options=options, **more)


def table(title: str, description: str, query: Json, *, fields: Mapping[str, Json] | None = None) -> Json:
    """Rows, as they come."""
    return panel("table", title, description, query, fields=fields, options={"showHeader": True, "cellHeight": "sm"})


def thresholds(*steps: tuple[float | None, str]) -> Json:
    """Colours from values on; the first has no value and is that of all smaller ones."""
    return {"thresholds": {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}}


def dashboard(
    uid: str, title: str, description: str, sections: Sequence[Section], *, variables: Sequence[Json],
    refresh: str, since: str,
) -> Json:  # fmt: skip
    """A page; `since` is where the time shown begins, such as `now-1h`, `refresh` how often it is read anew."""
    return {
        "uid": uid, "title": title, "description": description, "tags": ["census"], "schemaVersion": 39, "version": 1,
        "editable": False, "timezone": "utc", "refresh": refresh, "time": {"from": since, "to": "now"},
        "templating": {"list": list(variables)}, "panels": _laid_out(sections), "annotations": {"list": []},
        "links": [{"type": "dashboards", "tags": ["census"], "title": "Census", "asDropdown": False}],
    }  # fmt: skip


def _laid_out(sections: Sequence[Section]) -> list[Json]:
    """All panels with a number and a place, section below section."""
    laid: list[Json] = []
    y = 0
    for section in sections:
        laid.append(_placed({"type": "row", "title": section.title, "collapsed": False, "panels": []}, 0, y, _WIDTH, 1))
        y += 1
        for height, line in section.lines:
            width = _WIDTH // len(line)
            laid += [_placed(each, n * width, y, width, height) for n, each in enumerate(line)]
            y += height
    return [{"id": number, **each} for number, each in enumerate(laid, 1)]


def _placed(thing: Json, x: int, y: int, width: int, height: int) -> Json:
    return {**thing, "gridPos": {"x": x, "y": y, "w": width, "h": height}}
