"""The map: countries filled by their share, and points for those that are too small for an outline."""

from __future__ import annotations

from typing import Any

import altair as alt

from census.report import places
from census.report.charts.drawing import GROUND, HUE, Spec, data, picture, rows_of, told, tooltip
from census.report.sections import Section

_FIELDS = ("name", "value", "count", "of", "share", "interval")


def world(section: Section) -> Spec | None:
    """Countries filled by their share; those too small for an outline are points; None where none is known."""
    known = [{**told(row, "country"), "country": row["country"]} for row in rows_of(section) if row["country"]]
    if not known:
        return None
    outlines = alt.NamedData(name="world", format=alt.TopoDataFormat(type="topojson", feature="countries"))
    found = alt.LookupData(data=data(known), key="country", fields=list(_FIELDS))
    told_of = _told(f"share of {section.of}", max(each["value"] for each in known))
    layers = [
        alt.Chart(outlines).mark_geoshape(fill=GROUND, fillOpacity=0.16, stroke=GROUND, strokeWidth=0.4),
        alt.Chart(outlines)
        .mark_geoshape(fill=HUE, stroke=GROUND, strokeWidth=0.4)
        .transform_lookup(lookup="id", from_=found)
        .transform_filter("isValid(datum.value)")
        .encode(**told_of),
    ]
    if small := _small(known):
        points = alt.Chart(data(small)).mark_circle(color=HUE, size=60, stroke=HUE, strokeWidth=1.5)
        layers.append(points.encode(longitude="longitude:Q", latitude="latitude:Q", **told_of))
    spec = picture(*layers, height=420, projection={"type": "equalEarth"})
    spec["datasets"]["world"] = places.outlines()  # put in last: Altair copies all that it is given, many times
    return spec


def _small(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    points = places.points()
    return [
        {**each, "longitude": points[each["country"]][0], "latitude": points[each["country"]][1]}
        for each in known
        if each["country"] in points
    ]


def _told(title: str, most: float) -> dict[str, Any]:
    """How a country is filled, the same for points, and what is told of it."""
    scale = alt.Scale(type="sqrt", range=[0.15, 1], domain=[0, most])
    legend = alt.Legend(
        title=title, format=".0%", orient="bottom", direction="horizontal", symbolType="square", symbolSize=180,
        symbolFillColor=HUE, symbolStrokeColor=HUE, symbolStrokeWidth=0.4, tickCount=5,
    )  # fmt: skip
    return {
        "tooltip": tooltip(*_FIELDS[:1], *_FIELDS[2:]),
        "opacity": alt.Opacity("value:Q", scale=scale, legend=legend),
    }
