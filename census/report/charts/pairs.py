"""Matrices of pairs of families: how many hosts have both, and how that is to chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from census.report.charts.drawing import HUE, OTHER_HUE, Picture, Row, Spec, data, picture, rows_of, told, tooltip
from census.report.sections import Section
from census.report.words import UNKNOWN, interval, written

_SIDE = 34  # pixels for one row of a matrix
_FAMILIES = 10  # on each side
_HALF_A_PERCENT = 0.005
_FITTING = "width < 330 ? 8.5 : 11"  # pixels of a text, so that it fits its cell on a telephone too


def matrices(section: Section, families: Section) -> list[Picture]:
    """Two pictures of pairs among the most frequent families; none where there is no pair."""
    order = [row["family"] for row in rows_of(families) if row["family"] is not None][:_FAMILIES]
    values = [_pair(row, order) for row in rows_of(section) if row["a"] in order and row["b"] in order]
    if not values:
        return []
    side = alt.Color("side:N", scale=alt.Scale(domain=["more", "less"], range=[HUE, OTHER_HUE]), legend=None)
    strength = alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 2], range=[0.08, 0.8]), legend=None)
    share = alt.Opacity("value:Q", scale=alt.Scale(type="sqrt", range=[0.12, 0.8], domainMin=0), legend=None)
    return [
        Picture(
            "co-deployment-share",
            f"Share of the {section.of} that have both, in percent",
            _matrix(values, "percent", share),
        ),
        Picture(
            "co-deployment-lift",
            "Lift: how many times as often as by chance; blue is more often, orange less",
            _matrix(values, "lift", strength, side),
        ),
    ]


def _pair(row: Row, order: Sequence[str]) -> dict[str, Any]:
    """One cell; the more frequent family is the column, so that the cells are one triangle."""
    column, line = sorted((row["a"], row["b"]), key=order.index)
    lift = row["lift"]
    return {
        **told(row, "a"),
        "name": f"{written(row['a'])} with {written(row['b'])}",
        "column": written(column),
        "line": written(line),
        "place": [order.index(column), order.index(line)],
        "percent": f"{100 * row['share']:.0f}" if row["share"] >= _HALF_A_PERCENT else "<1",
        "lift": f"{lift:.2f}" if lift is not None else UNKNOWN,
        "interval_of_lift": _ends(row),
        "strength": min(abs(math.log2(lift)), 2) if lift else 2,
        "side": "more" if lift is not None and lift >= 1 else "less",
    }


def _ends(row: Row) -> str:
    low, high = row["lift_low"], row["lift_high"]
    return interval(None, None) if low is None or high is None else f"[{low:.2f}, {high:.2f}]"


def _matrix(values: list[dict[str, Any]], text: str, *shades: alt.Opacity | alt.Color) -> Spec:
    def axis(name: str, place: int) -> dict[str, Any]:
        # Sorted by a number of ours: a list of strangers' names in a sort would become an expression.
        return {"field": name, "type": "nominal", "title": None, "sort": {"field": f"place[{place}]", "op": "min"}}

    base = alt.Chart(data(values)).encode(
        x=alt.X(**axis("column", 0), axis=alt.Axis(orient="top", labelAngle=-45, labelLimit=90)),
        y=alt.Y(**axis("line", 1), axis=alt.Axis(labelLimit=90)),
        tooltip=tooltip("name", "count", "of", "share", "interval", "lift", "interval_of_lift"),
    )
    cells = base.mark_rect(color=HUE, cornerRadius=3).encode(*shades)
    texts = base.mark_text(fontSize=alt.ExprRef(_FITTING)).encode(text=f"{text}:N")
    lines = len({value["line"] for value in values})
    return picture(cells, texts, height=_SIDE * lines)
