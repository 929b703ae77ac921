"""Pictures of time: ranks of families and hosts from week to week, and how long hosts stay."""

from __future__ import annotations

import altair as alt

from census.report.charts.drawing import (
    GROUND,
    HUE,
    HUES,
    OTHER_HUE,
    Spec,
    data,
    hues,
    picture,
    rows_of,
    told,
    tooltip,
)
from census.report.sections import Section
from census.report.words import interval, percent, written

_RANKS = 10


def ranks(section: Section) -> Spec | None:
    """A line for each family among the first ten of the latest week; None where there is no second week.

    The names at the ends of the lines are data: families are ours, but nothing here has to rely on that.
    """
    rows = [row for row in rows_of(section) if row["rank"] is not None and row["rank"] <= _RANKS and row["family"]]
    weeks = sorted({row["week"] for row in rows})
    if len(weeks) < 2:  # noqa: PLR2004  one point is no line
        return None
    last = {row["family"]: row["rank"] for row in rows if row["week"] == weeks[-1]}
    values = [
        {**told(row, "family"), "week": row["week"], "rank": row["rank"],
         "hue": HUES[(last[row["family"]] - 1) % len(HUES)] if row["family"] in last else GROUND}
        for row in rows
    ]  # fmt: skip
    # Room right of the last week, for the names.
    week = alt.X("week:O", title="week (its Monday, UTC)", axis=alt.Axis(labelAngle=0, labelOverlap=True),
                 scale=alt.Scale(type="point", padding=0.4, rangeMax=alt.ExprRef("width - 90")))  # fmt: skip
    rank = alt.Y("rank:Q", title="rank", scale=alt.Scale(domain=[_RANKS + 0.4, 0.6], nice=False, zero=False),
                 axis=alt.Axis(values=list(range(1, _RANKS + 1)), grid=False, format="d"))  # fmt: skip
    base = alt.Chart(data(values)).encode(
        x=week, y=rank, color=alt.Color("hue:N", scale=None),
        tooltip=tooltip("name", "week", "rank", "count", "of", "share", "interval"),
    )  # fmt: skip
    ends = alt.Chart(data([value for value in values if value["week"] == weeks[-1]])).encode(x=week, y=rank)
    return picture(
        base.mark_line(strokeWidth=2.5).encode(detail="name:N"),
        base.mark_circle(size=130, opacity=1),
        ends.mark_text(align="left", dx=12).encode(text="name:N"),
        height=34 * _RANKS,
    )


def growth(section: Section) -> Spec:
    """The hosts of each week as a line, above those that are new and below those that are gone.

    In the first week all are new, which says nothing and is left out.
    """
    words = ("seen", "new", "gone")
    rows = rows_of(section)
    values = [
        {"week": row["week"], "what": word, "value": number, "figure": written(abs(number))}
        for row in rows
        for word, number in zip(words, (row["count"], row["new"], -row["gone"]), strict=True)
        if word != "new" or row is not rows[0]
    ]
    base = alt.Chart(data(values)).encode(
        x=alt.X("week:O", title="week (its Monday, UTC)", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("value:Q", title="hosts; gone below nought", axis=alt.Axis(grid=True, tickCount=6)),
        color=hues("what", words, (GROUND, HUE, OTHER_HUE)),
        tooltip=tooltip("week", "what", "figure"),
    )
    seen = base.transform_filter("datum.what == 'seen'")
    return picture(
        base.transform_filter("datum.what != 'seen'").mark_bar(opacity=0.8),
        seen.mark_line(strokeWidth=2.5),
        seen.mark_circle(size=80, opacity=1),
        height=280,
    )


def survival(section: Section) -> Spec:
    """How many hosts are still there after so many days, with the band of the interval."""
    values = [
        {"days": row["days"], "value": row["survival"], "low": row["survival"] if row["low"] is None else row["low"],
         "high": row["survival"] if row["high"] is None else row["high"], "at_risk": written(row["at_risk"]),
         "still_there": percent(row["survival"]), "interval": interval(row["low"], row["high"])}
        for row in rows_of(section)
        if row["survival"] is not None
    ]  # fmt: skip
    base = alt.Chart(data(values)).encode(
        x=alt.X("days:Q", title="days since first seen", axis=alt.Axis(tickCount=7, grid=False)),
        tooltip=tooltip("days", "still_there", "interval", "at_risk"),
    )
    share = alt.Axis(format=".0%", grid=True, tickCount=6)
    return picture(
        base.mark_area(color=HUE, opacity=0.2, interpolate="step-after").encode(
            y=alt.Y("low:Q", title="hosts still there", axis=share, scale=alt.Scale(zero=False)), y2="high:Q"
        ),
        base.mark_line(color=HUE, strokeWidth=2.5, interpolate="step-after").encode(y="value:Q"),
        base.mark_circle(color=HUE, size=50, opacity=1).encode(y="value:Q"),
        height=260,
    )
