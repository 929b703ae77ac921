"""The pictures of the page as Vega-Lite: what strangers say goes in as data, never into an expression.

Texts and lines get their colour from the page's style sheet, for light, dark and paper; marks have hues of middle
lightness that stand on all three, and tell how much by their opacity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

from census.report import places
from census.report.findings import Section, records
from census.report.words import UNKNOWN, interval, percent, written

_HUE = "#2f7fc1"
_OTHER_HUE = "#d0722b"
_GROUND = "#808080"
_STEP = 26  # pixels for one bar
_SIDE = 34  # pixels for one row of a matrix
_BARS = 15
_FAMILIES = 10  # on each side of a matrix
_LABEL = 150  # pixels for the name of a bar
_HALF_A_PERCENT = 0.005
_FIT = alt.AutoSizeParams(type="fit-x", contains="padding")
_TITLES = {"interval": "95 % interval"}

Spec = dict[str, Any]
Row = Mapping[str, Any]


def pictures(sections: Mapping[str, Section]) -> dict[str, list[tuple[str, Spec]]]:
    """For each section its pictures, each a caption (or "") and a Vega-Lite spec; none where nothing was seen."""
    drawers: dict[str, Callable[[], list[tuple[str, Spec]]]] = {
        "funnel": lambda: [("", _funnel(_rows(sections["funnel"])))],
        "countries": lambda: [("", _map(sections["countries"])), ("", _bars(sections["countries"], "country"))],
        "families": lambda: [("", _bars(sections["families"], "family"))],
        "co-deployment": lambda: _matrices(_rows(sections["co-deployment"]), _order(sections["families"])),
        "tool-calling": lambda: [("", _bars(sections["tool-calling"], "advertised"))],
        "inventory": lambda: [("", _bars(sections["inventory"], "models"))],
        "software": lambda: [("", _bars(sections["software"], "software"))],
    }
    return {name: draw() for name, draw in drawers.items() if _is_worth_drawing(sections[name])}


def _is_worth_drawing(section: Section) -> bool:
    return any(row["count"] for row in _rows(section))


def _rows(section: Section) -> list[dict[str, Any]]:
    return records(section.result)


def _order(section: Section) -> list[str]:
    return [row["family"] for row in _rows(section) if row["family"] is not None][:_FAMILIES]


def _bars(section: Section, label: str) -> Spec:
    """A bar with its interval for each of the first rows."""
    values = [_told(row, label) for row in _rows(section)[:_BARS]]
    base = alt.Chart(_data(values)).encode(
        y=_names("name"), tooltip=_tooltip("name", "count", "of", "share", "interval")
    )
    axis = alt.Axis(format=".0%", tickCount=5, grid=True)
    share = alt.X("value:Q", title=f"share of {section.unit}", axis=axis, scale=alt.Scale(domainMin=0))
    return _spec(
        base.mark_bar(color=_HUE, opacity=0.75, height=14).encode(x=share),
        base.mark_rule(color=_GROUND, strokeWidth=2).encode(x="low:Q", x2="high:Q"),
        base.mark_text(align="left", dx=6).encode(x="high:Q", text="share:N"),
        height=_STEP * len(values),
    )


def _funnel(rows: Sequence[Row]) -> Spec:
    """A bar for each stage, with how much of the stage before is left."""
    values = []
    before = None
    for row in rows:
        left = percent(row["count"] / before) if before else ""
        text = f"{row['count']:,}" + (f"  ({left} of the stage before)" if left else "")
        values.append({"name": row["stage"], "value": row["count"], "count": written(row["count"]), "text": text})
        before = row["count"]
    base = alt.Chart(_data(values)).encode(y=_names("name"), tooltip=_tooltip("name", "count"))
    most = max(row["count"] for row in rows)
    # The text of a full bar stands right of it: room is left for that.
    scale = alt.Scale(domain=[0, most * 1.6], nice=False)
    count = alt.X("value:Q", title=None, axis=None, scale=scale)
    return _spec(
        base.mark_bar(color=_HUE, opacity=0.75, height=14).encode(x=count),
        base.mark_text(align="left", dx=6).encode(x=count, text="text:N"),
        height=_STEP * len(values),
    )


def _map(section: Section) -> Spec:
    """Countries filled by their share; those too small for an outline are points."""
    rows = [row for row in _rows(section) if row["country"] is not None]
    known = [{**_told(row, "country"), "country": row["country"]} for row in rows]
    points = places.points()
    small = [
        {**each, "longitude": points[each["country"]][0], "latitude": points[each["country"]][1]}
        for each in known
        if each["country"] in points
    ]
    fields = ["name", "value", "count", "of", "share", "interval"]
    scale = alt.Scale(type="sqrt", range=[0.15, 1], domainMin=0)
    told: dict[str, Any] = {
        "tooltip": _tooltip(*fields[:1], *fields[2:]),
        "fillOpacity": alt.FillOpacity("value:Q", scale=scale, legend=None),
    }
    world = alt.NamedData(name="world", format=alt.TopoDataFormat(type="topojson", feature="countries"))
    found = alt.LookupData(data=_data(known), key="country", fields=fields)
    layers = (
        alt.Chart(world).mark_geoshape(fill=_GROUND, fillOpacity=0.16, stroke=_GROUND, strokeWidth=0.4),
        alt.Chart(world)
        .mark_geoshape(fill=_HUE, stroke=_GROUND, strokeWidth=0.4)
        .transform_lookup(lookup="id", from_=found)
        .transform_filter("isValid(datum.value)")
        .encode(**told),
        alt.Chart(_data(small))
        .mark_circle(color=_HUE, size=60, opacity=1, stroke=_HUE, strokeWidth=1.5)
        .encode(longitude="longitude:Q", latitude="latitude:Q", **told),
    )
    spec = _spec(*layers, height=400, projection={"type": "equalEarth"})
    spec["datasets"]["world"] = places.outlines()  # put in last: Altair copies all that it is given, many times
    return spec


def _matrices(rows: Sequence[Row], order: Sequence[str]) -> list[tuple[str, Spec]]:
    """Two pictures of pairs among the most frequent families: how many hosts have both, and how that is to chance."""
    values = [_pair(row, order) for row in rows if row["a"] in order and row["b"] in order]
    if not values:
        return []
    side = alt.Color("side:N", scale=alt.Scale(domain=["more", "less"], range=[_HUE, _OTHER_HUE]), legend=None)
    strength = alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 2], range=[0.08, 0.8]), legend=None)
    share = alt.Opacity("value:Q", scale=alt.Scale(type="sqrt", range=[0.12, 0.8], domainMin=0), legend=None)
    return [
        ("Share of the hosts with several families that have both, in percent", _matrix(values, "percent", share)),
        (
            "Lift: how many times as often as by chance; blue is more often, orange less",
            _matrix(values, "lift", strength, side),
        ),
    ]


def _pair(row: Row, order: Sequence[str]) -> dict[str, Any]:
    """One cell; the more frequent family is the column, so that the cells are one triangle."""
    column, line = sorted((row["a"], row["b"]), key=order.index)
    lift = row["lift"]
    return {
        **_told(row, "a"),
        "name": f"{written(row['a'])} with {written(row['b'])}",
        "column": written(column),
        "line": written(line),
        "place": [order.index(column), order.index(line)],
        "percent": f"{100 * row['share']:.0f}" if row["share"] >= _HALF_A_PERCENT else "<1",
        "lift": f"{lift:.2f}" if lift is not None else UNKNOWN,
        "strength": min(abs(math.log2(lift)), 2) if lift else 2,
        "side": "more" if lift is not None and lift >= 1 else "less",
    }


def _matrix(values: list[dict[str, Any]], text: str, *shades: alt.Opacity | alt.Color) -> Spec:
    def axis(name: str, place: int) -> dict[str, Any]:
        # Sorted by a number of ours: a list of strangers' names in a sort would become an expression.
        return {"field": name, "type": "nominal", "title": None, "sort": {"field": f"place[{place}]", "op": "min"}}

    base = alt.Chart(_data(values)).encode(
        x=alt.X(**axis("column", 0), axis=alt.Axis(orient="top", labelAngle=-45, labelLimit=90)),
        y=alt.Y(**axis("line", 1), axis=alt.Axis(labelLimit=90)),
        tooltip=_tooltip("name", "count", "of", "share", "interval", "lift"),
    )
    cells = base.mark_rect(color=_HUE, cornerRadius=3).encode(*shades)
    texts = base.mark_text(fontSize=11).encode(text=f"{text}:N")
    lines = len({value["line"] for value in values})
    return _spec(cells, texts, height=_SIDE * lines)


def _told(row: Row, label: str) -> dict[str, Any]:
    """What every picture of shares needs of a row: numbers to draw, and texts to tell."""
    name = written(row[label])
    return {
        "name": places.names().get(name, name) if label == "country" else name,
        "value": row["share"],
        "low": row["low"],
        "high": row["high"],
        "count": written(row["count"]),
        "of": written(row["of"]),
        "share": percent(row["share"]),
        "interval": interval(row["low"], row["high"]),
    }


def _data(values: list[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=values)


def _names(field: str) -> alt.Y:
    """Names from above in the order of the data, not of the alphabet."""
    return alt.Y(f"{field}:N", sort=None, title=None, axis=alt.Axis(labelLimit=_LABEL, labelPadding=6))


def _tooltip(*fields: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:N", title=_TITLES.get(field, field)) for field in fields]


def _spec(*layers: alt.Chart, height: int, **more: Any) -> Spec:
    """Layers as wide as the page lets them be, and so many pixels high."""
    whole = (
        alt.layer(*layers)
        .properties(width="container", height=height, autosize=_FIT)
        .configure(
            background="transparent",
            font="system-ui, sans-serif",
            view=alt.ViewConfig(stroke=None),
            axis=alt.AxisConfig(
                domain=False, ticks=False, labelFontSize=12, titleFontSize=12, titleFontWeight="normal"
            ),
            text=alt.MarkConfig(fontSize=12),
        )
    )
    return {**whole.to_dict(), **more}
