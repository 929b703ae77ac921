"""The map's ground: outlines by the two letters of a country, names, and where places too small for an outline are."""

from __future__ import annotations

import csv
import functools
import json
from pathlib import Path
from typing import Any

from census.report.extras import need

_DATA = Path(__file__).parent / "data"
_WITHOUT_NUMBER = {"Kosovo": "XK"}  # in use, though ISO 3166 never gave it a number


@functools.cache
def outlines() -> dict[str, Any]:
    """The outlines as TopoJSON, each country's `id` its two letters; what has none keeps its outline alone.

    Antarctica is left out: it takes a tenth of the map, and there are no networks.
    """
    topology: dict[str, Any] = json.loads((_DATA / "countries-110m.json").read_text(encoding="utf-8"))
    shapes = topology["objects"]["countries"]["geometries"]
    letters = {country.numeric: country.alpha_2 for country in _countries()}
    for shape in shapes:
        name = shape.pop("properties")["name"]
        shape["id"] = letters.get(shape.get("id"), _WITHOUT_NUMBER.get(name, ""))
    topology["objects"] = {
        "countries": {"type": "GeometryCollection", "geometries": [shape for shape in shapes if shape["id"] != "AQ"]}
    }
    return topology


@functools.cache
def points() -> dict[str, tuple[float, float]]:
    """Longitude and latitude, in degrees, of the countries without an outline."""
    with (_DATA / "small-places.csv").open(encoding="utf-8", newline="") as lines:
        return {row["country"]: (float(row["longitude"]), float(row["latitude"])) for row in csv.DictReader(lines)}


@functools.cache
def names() -> dict[str, str]:
    """The usual English name of each country by its two letters."""
    return {each.alpha_2: getattr(each, "common_name", each.name) for each in _countries()} | {"XK": "Kosovo"}


def _countries() -> Any:
    return need("pycountry", "report", "the map").countries
