"""Bars with their intervals: shares, stages of the funnel, bands, and figures with decoys beside those without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from census.report import places
from census.report.charts.drawing import (
    GROUND,
    HUE,
    OTHER_HUE,
    STEP,
    Row,
    Spec,
    data,
    hues,
    names,
    picture,
    rows_of,
    shares,
    told,
    tooltip,
)
from census.report.sections import Section
from census.report.words import interval, percent, written

_BARS = 15
_HIGH = 14  # pixels of a bar
# The pictures that have no room for all, and for two of them the column without which a row is not drawn.
_CUT = dict.fromkeys(
    ("countries", "families", "tool-calling-by-family", "tool-calling-by-country", "software"), "count"
)
_CUT |= {"quantization": "count", "networks": "asn", "versions": "version"}
_SCALE_ENDS = {"hhi": "Herfindahl-Hirschman", "gini": "Gini"}


def bars(section: Section, label: str, most: int = _BARS) -> Spec:
    """A bar with its interval for each of the first rows."""
    return _bars([told(row, label) for row in rows_of(section)[:most]])


def left_out(section: Section) -> str:
    """How many rows a picture of bars shows and how many there are, in words; nothing where it has all."""
    column = _CUT.get(section.name)
    number = sum(row[column] is not None for row in rows_of(section)) if column else 0
    return f"The first {_BARS} of {number:,} rows" if number > _BARS else ""


def answers(section: Section, label: str) -> Spec:
    """A bar for those that surely do, and a fainter one for those of which it is not known."""
    values = []
    for row in rows_of(section)[:_BARS]:
        unknown = row["unknown"] / row["of"]
        texts = {"unknown": f"{row['unknown']:,} ({percent(unknown)})"}
        values.append({**told(row, label), **texts, "most": row["share"] + unknown})
    base = alt.Chart(data(values)).encode(
        y=names("name"), tooltip=tooltip("name", "count", "of", "share", "interval", "unknown")
    )
    faint = base.mark_bar(color=GROUND, opacity=0.35, height=_HIGH).encode(x="value:Q", x2="most:Q")
    share = shares("value", "share of hosts (faint: not known)")
    text = alt.Chart(data(values)).transform_calculate(end="max(datum.high, datum.most)")
    return picture(
        base.mark_bar(color=HUE, opacity=0.75, height=_HIGH).encode(x=share),
        faint,
        base.mark_rule(color=GROUND, strokeWidth=2).encode(x="low:Q", x2="high:Q"),
        text.mark_text(align="left", dx=6).encode(y=names("name"), x="end:Q", text="share:N"),
        height=STEP * len(values),
    )


def versions(section: Section) -> Spec | None:
    """The most frequent versions, each with its software; None where no version was told."""
    found = [
        {**row, "both": f"{written(row['software'])} {written(row['version'])}"}
        for row in sorted(rows_of(section), key=lambda row: -row["count"])
        if row["version"] is not None
    ]
    return _bars([told(row, "both") for row in found[:_BARS]]) if found else None


def networks(section: Section) -> Spec | None:
    """The first networks by who runs them, with their numbers (one name may have several); None where none is known."""
    rows = [row for row in rows_of(section) if row["asn"] is not None]
    found = [{**row, "both": f"{written(row['organization'])} (AS{row['asn']})"} for row in rows[:_BARS]]
    return _bars([told(row, "both") for row in found]) if found else None


def signals(section: Section) -> Spec | None:
    """The verdicts that are not `credible`, each above the signals that fired; None where nobody has one."""
    words = ("verdict", "signal")
    values = [
        {**told(row, "verdict"), "name": f"{row['verdict']}: {row['signal'] or 'all'}",
         "what": words[row["signal"] is not None]}
        for row in rows_of(section)
        if row["verdict"] != "credible" and row["count"]
    ]  # fmt: skip
    if not values:
        return None
    return _bars(values, colour=hues("what", words))


def _bars(values: Sequence[Row], colour: Any = None) -> Spec:
    base = alt.Chart(data(values)).encode(y=names("name"), tooltip=tooltip("name", "count", "of", "share", "interval"))
    coloured = {} if colour is None else {"color": colour}
    bar = base.mark_bar(color=HUE, opacity=0.75, height=_HIGH)
    return picture(
        bar.encode(x=shares("value", "share of hosts"), **coloured),
        base.mark_rule(color=GROUND, strokeWidth=2).encode(x="low:Q", x2="high:Q"),
        base.mark_text(align="left", dx=6).encode(x="high:Q", text="share:N"),
        height=STEP * len(values),
    )


def funnel(section: Section) -> Spec:
    """A bar for each stage, with how much of the stage before is left."""
    values: list[dict[str, Any]] = []
    before = None
    for row in rows_of(section):
        left = percent(row["count"] / before) if before else ""
        text = f"{row['count']:,}" + (f" ({left} of these)" if left else "")
        values.append({"name": row["stage"], "value": row["count"], "count": written(row["count"]), "text": text})
        before = row["count"]
    base = alt.Chart(data(values)).encode(y=names("name"), tooltip=tooltip("name", "count"))
    # The text of a full bar stands right of it: room is left for that.
    count = alt.X("value:Q", title=None, axis=None, scale=alt.Scale(nice=False, rangeMax=alt.ExprRef("width - 150")))
    return picture(
        base.mark_bar(color=HUE, opacity=0.75, height=_HIGH).encode(x=count),
        base.mark_text(align="left", dx=6).encode(x=count, text="text:N"),
        height=STEP * len(values),
    )


def bands(section: Section) -> Spec:
    """For each band of `seen` how many hosts are in it, and how many observations are theirs."""
    words = ("hosts", "observations")
    values = []
    for row in rows_of(section):
        name = f"seen {written(row['seen'])} times" if row["seen"] != "1" else "seen once"
        values.append({**told(row, "seen"), "name": name, "what": words[0]})
        share = row["observation_share"] or 0.0
        values.append({"name": name, "what": words[1], "value": share, "share": percent(share),
                       "count": written(row["observations"])})  # fmt: skip
    base = alt.Chart(data(values)).encode(
        y=names("name"),
        yOffset=alt.YOffset("what:N", sort=list(words)),
        tooltip=tooltip("name", "what", "count", "share", "interval"),
    )
    return picture(
        base.mark_bar(opacity=0.75, height=_HIGH).encode(
            x=shares("value", "share of hosts, and of observations"), color=hues("what", words)
        ),
        base.mark_text(align="left", dx=6).encode(x="value:Q", text="share:N"),
        height=STEP * len(values),
    )


def concentration(section: Section) -> Spec:
    """Two measures between nought (even) and one (all in one place) for countries, systems and families."""
    values = [
        {"name": {"asn": "networks", "country": "countries", "family": "families"}[row["dimension"]],
         "value": row[measure], "what": word, "figure": written(row[measure]),
         "as_many_equal_ones": written(row["effective_number"]), "categories": written(row["categories"])}
        for row in rows_of(section)
        for measure, word in _SCALE_ENDS.items()
        if row[measure] is not None
    ]  # fmt: skip
    base = alt.Chart(data(values)).encode(
        y=names("name"), tooltip=tooltip("name", "what", "figure", "as_many_equal_ones", "categories")
    )
    axis = alt.X(
        "value:Q", title="0 is even, 1 is all in one", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5)
    )
    return picture(
        base.mark_circle(size=130, opacity=0.9).encode(x=axis, color=hues("what", list(_SCALE_ENDS.values()))),
        base.mark_text(dy=-13).encode(x=axis, text="figure:N"),
        height=44 * len({value["name"] for value in values}),
    )


def beside(section: Section) -> Spec:
    """Each share without decoys and with them, on one line, with both intervals."""
    values = []
    for row in rows_of(section):
        name = written(row["figure"])
        if row["of_what"] == "countries":
            name = places.names().get(name, name)
        for population, word in (("credible", "without decoys"), ("raw", "with decoys")):
            if row[f"{population}_share"] is None:
                continue
            low, high = row[f"{population}_share_low"], row[f"{population}_share_high"]
            values.append({
                "name": name, "what": word, "value": row[f"{population}_share"], "low": low, "high": high,
                "count": written(row[f"{population}_count"]), "of": written(row[f"{population}_of"]),
                "share": percent(row[f"{population}_share"]), "interval": interval(low, high),
            })  # fmt: skip
    base = alt.Chart(data(values)).encode(
        y=names("name"),
        yOffset=alt.YOffset("what:N", sort=["without decoys", "with decoys"]),
        tooltip=tooltip("name", "what", "count", "of", "share", "interval"),
    )
    colour = hues("what", ("without decoys", "with decoys"), (HUE, OTHER_HUE))
    return picture(
        base.mark_rule(strokeWidth=2, opacity=0.6).encode(x="low:Q", x2="high:Q", color=colour),
        base.mark_circle(size=70, opacity=1).encode(x=shares("value", "share of hosts"), color=colour),
        height=STEP * len({value["name"] for value in values}),
    )
