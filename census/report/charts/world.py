"""The map: countries filled by their share, and points for those that are too small for an outline."""

from __future__ import annotations

from typing import Any

import altair as alt

from census.report import places
from census.report.charts.drawing import GROUND, HUE, Spec, data, picture, rows_of, told, tooltip
from census.report.sections import Section

_FIELDS = ("name", "value", "count", "of", "share", "interval")


def world(section: Section) -> Spec:
    """Countries filled by their share; those too small for an outline are points."""
    known = [{**told(row, "country"), "country": row["country"]} for row in rows_of(section) if row["country"]]
    outlines = alt.NamedData(name="world", format=alt.TopoDataFormat(type="topojson", feature="countries"))
    found = alt.LookupData(data=data(known), key="country", fields=list(_FIELDS))
    told_of = _told(f"share of {section.of}")
    layers = (
        alt.Chart(outlines).mark_geoshape(fill=GROUND, fillOpacity=0.16, stroke=GROUND, strokeWidth=0.4),
        alt.Chart(outlines)
        .mark_geoshape(fill=HUE, stroke=GROUND, strokeWidth=0.4)
        .transform_lookup(lookup="id", from_=found)
        .transform_filter("isValid(datum.value)")
        .encode(**told_of),
        alt.Chart(data(_small(known)))
        .mark_circle(color=HUE, size=60, stroke=HUE, strokeWidth=1.5)
        .encode(longitude="longitude:Q", latitude="latitude:Q", **told_of),
    )
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


def _told(title: str) -> dict[str, Any]:
    """How a country is filled, the same for points, and what is told of it."""
    scale = alt.Scale(type="sqrt", range=[0.15, 1], domainMin=0)
    legend = alt.Legend(
        title=title, format=".0%", orient="bottom", direction="horizontal", symbolType="square", symbolSize=180,
        symbolFillColor=HUE, symbolStrokeColor=HUE, symbolStrokeWidth=0.4, tickCount=5,
    )  # fmt: skip
    return {
        "tooltip": tooltip(*_FIELDS[:1], *_FIELDS[2:]),
        "opacity": alt.Opacity("value:Q", scale=scale, legend=legend),
    }
