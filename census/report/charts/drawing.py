"""What all pictures have in common: their colours, sizes and axes, and how a row becomes data that can be drawn.

What strangers say goes in as data, never into an expression. Texts and lines get their colour from the page's style
sheet, for light, dark and paper; marks have hues of middle lightness that stand on all three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from census.report import places
from census.report.sections import Section, records
from census.report.words import interval, percent, written

HUE = "#2f7fc1"
OTHER_HUE = "#d0722b"
GROUND = "#808080"
# Ten families that are told apart on light and dark, neighbours in rank by hue and lightness.
HUES = ("#2f7fc1", "#d0722b", "#3a9a5b", "#b4519e", "#8c7a1e", "#c74a4a", "#2a9da8", "#7c67c4", "#9a6b4f", "#7d8790")
STEP = 26  # pixels for one bar
_LABEL = 230  # pixels for the name of a bar
_FIT = alt.AutoSizeParams(type="fit-x", contains="padding")
_TITLES = {"interval": "95 % interval"}

Spec = dict[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its name among all of the page (also of its files), a caption (or ""), and a Vega-Lite spec."""

    name: str
    caption: str
    spec: Spec


def rows_of(section: Section) -> list[dict[str, Any]]:
    """The rows of a section by the names of their columns."""
    return records(section.result)


def told(row: Row, label: str) -> dict[str, Any]:
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


def data(values: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows as data of a picture."""
    return alt.InlineData(values=list(values))


def names(field: str) -> alt.Y:
    """Names from above in the order of the data, not of the alphabet."""
    return alt.Y(f"{field}:N", sort=None, title=None, axis=alt.Axis(labelPadding=6))


def shares(field: str, title: str) -> alt.X:
    """An axis of shares in percent, from nought, with room at its end for the figure of the longest bar."""
    axis = alt.Axis(format=".0%", tickCount=5, grid=True)
    scale = alt.Scale(domainMin=0, rangeMax=alt.ExprRef("width - 50"))
    return alt.X(f"{field}:Q", title=title, axis=axis, scale=scale)


def tooltip(*fields: str) -> list[alt.Tooltip]:
    """What is told of a mark, each field under its name."""
    return [alt.Tooltip(f"{field}:N", title=_TITLES.get(field, field.replace("_", " "))) for field in fields]


def hues(field: str, words: Sequence[str], colours: Sequence[str] = (HUE, OTHER_HUE), title: str | None = None) -> Any:
    """Colours for words of ours, with a legend above the picture."""
    scale = alt.Scale(domain=list(words), range=list(colours))
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend(orient="top", title=title, symbolType="square"))


def picture(*layers: alt.Chart | alt.LayerChart, height: int, **more: Any) -> Spec:
    """Layers as wide as the page lets them be, and so many pixels high."""
    whole = (
        alt.layer(*layers)
        .properties(width="container", height=height, autosize=_FIT)
        .configure(
            background="transparent",
            font="system-ui, sans-serif",
            view=alt.ViewConfig(stroke=None),
            axis=alt.AxisConfig(
                domain=False,
                ticks=False,
                labelFontSize=12,
                titleFontSize=12,
                titleFontWeight="normal",
                labelLimit=_LABEL,
            ),
            legend=alt.LegendConfig(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=260),
            text=alt.MarkConfig(fontSize=12),
        )
    )
    return {**whole.to_dict(), **more}
