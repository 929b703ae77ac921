"""The charts of a report as files: that all are there, that they say what they count, that names do nothing in them."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy import Connection

from census.report import charts
from census.report.extras import ReportError
from census.report.files import write_charts
from census.report.findings import gather
from tests.report.population import LLAMA, Listed, Population, neighbourhood

for extra in ("altair", "vl_convert", "pycountry"):
    pytest.importorskip(extra)

HOSTILE = "</text><script>alert(1)</script>"


def texts(file: Path) -> list[str]:
    root: Element = fromstring(file.read_text(encoding="utf-8"))
    assert {each.tag.rpartition("}")[2] for each in root.iter()} <= {
        "svg", "g", "path", "text", "rect", "line", "defs", "clipPath", "linearGradient", "stop", "title", "tspan",
    }  # fmt: skip
    return ["".join(each.itertext()) for each in root.iter() if each.tag.rpartition("}")[2] in {"text", "tspan"}]


def test_each_picture_is_an_svg_and_a_png_that_say_what_they_count(connection: Connection, tmp_path: Path) -> None:
    neighbourhood(connection)
    population = Population(connection)
    population.seen(population.scan(), "127.0.7.7", [LLAMA, Listed("x", HOSTILE)], software=HOSTILE, country="DE")
    findings = gather(connection)
    written = write_charts(findings, tmp_path / "charts")
    names = {picture.name for drawn in charts.pictures(findings.sections).values() for picture in drawn}
    assert {file.name for file in written} == {f"{name}.{kind}" for name in names for kind in ("svg", "png")}
    assert sorted(written) == sorted((tmp_path / "charts").iterdir())
    for name in names:
        said = texts(tmp_path / "charts" / f"{name}.svg")
        assert any(line.startswith("Counted: ") and ", n = " in line for line in said), name
        head = (tmp_path / "charts" / f"{name}.png").read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">I", head[16:20])[0] >= 1440, name
    assert any(line.startswith("</text><scr") for line in texts(tmp_path / "charts" / "software.svg"))
    assert "Counted: hosts, population: credible, n = 9 hosts with a model" in texts(tmp_path / "charts/families.svg")


def test_a_folder_that_cannot_be_made_is_a_sentence(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"cannot write charts to .*file/charts: Not a directory; name a folder"):
        write_charts(gather(connection), tmp_path / "file" / "charts")


def test_an_empty_census_has_no_charts(connection: Connection, tmp_path: Path) -> None:
    assert write_charts(gather(connection), tmp_path / "charts") == []
