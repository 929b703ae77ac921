"""The pictures of the page as Vega-Lite: which section has which."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from census.report.charts import bars, pairs, times, world
from census.report.charts.drawing import Picture, Spec
from census.report.sections import Section

_DRAWN: Mapping[str, Callable[[Section], Spec | None]] = {
    "funnel": bars.funnel,
    "countries": lambda section: bars.bars(section, "country"),
    "networks": bars.networks,
    "concentration": bars.concentration,
    "families": lambda section: bars.bars(section, "family"),
    "weekly-ranks": times.ranks,
    "tool-calling": lambda section: bars.bars(section, "advertised"),
    "tool-calling-by-family": lambda section: bars.answers(section, "family"),
    "tool-calling-by-country": lambda section: bars.answers(section, "country"),
    "inventory": lambda section: bars.bars(section, "models"),
    "parameter-sizes": lambda section: bars.bars(section, "band"),
    "quantization": lambda section: bars.bars(section, "quantization"),
    "software": lambda section: bars.bars(section, "software"),
    "versions": bars.versions,
    "growth": times.growth,
    "persistence": bars.bands,
    "survival": times.survival,
    "decoys": bars.signals,
    "with-decoys": bars.beside,
}


def pictures(sections: Mapping[str, Section]) -> dict[str, list[Picture]]:
    """For each section its pictures; none where nothing was seen, or where one would show nothing."""
    return {name: _of(name, sections) for name, section in sections.items() if section.says_something}


def _of(name: str, sections: Mapping[str, Section]) -> list[Picture]:
    section = sections[name]
    if name == "co-deployment":
        return pairs.matrices(section, sections["families"])
    spec = _DRAWN[name](section)
    found = [] if spec is None else [Picture(name, bars.left_out(section), spec)]
    drawn = world.world(section) if name == "countries" else None
    return found if drawn is None else [Picture("map", "", drawn), *found]
