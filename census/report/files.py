"""The pictures of a report as files for a paper: SVG and PNG, dark on white, each with what it counts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from census.report.extras import ReportError, need
from census.report.findings import Findings
from census.report.sections import Section
from census.report.words import written

_WIDTH = 720  # pixels of an SVG; the PNG has twice as many
_SCALE = 2
_FONT = "DejaVu Sans, Liberation Sans, Arial, sans-serif"
_INK, _FAINT, _LINE = "#1c2126", "#5c666f", "#d9dddf"


def write_charts(findings: Findings, folder: Path) -> list[Path]:
    """Write each picture as `NAME.svg` and `NAME.png` into a folder, made if it is not there; gives the files.

    ReportError if the extra `report` is not installed, or the folder cannot be written to.
    """
    convert = need("vl_convert", "report", "writing charts")
    written_files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, spec in _specs(findings):
            svg, png = folder / f"{name}.svg", folder / f"{name}.png"
            svg.write_text(convert.vegalite_to_svg(spec, allowed_base_urls=[]), encoding="utf-8")
            png.write_bytes(convert.vegalite_to_png(spec, scale=_SCALE, allowed_base_urls=[]))
            written_files += [svg, png]
    except OSError as error:
        raise ReportError(f"cannot write charts to {folder}: {error.strerror}; name a folder of yours") from error
    return written_files


def _specs(findings: Findings) -> Iterator[tuple[str, dict[str, Any]]]:
    charts = need("census.report.charts", "report", "writing charts")
    for name, drawn in charts.pictures(findings.sections).items():
        for picture in drawn:
            yield picture.name, _on_paper(picture.spec, findings.sections[name], picture.caption)


def _on_paper(spec: dict[str, Any], section: Section, caption: str) -> dict[str, Any]:
    """A picture that stands alone: of a fixed width, with a title, and colours that need no style sheet."""
    alone = copy.copy(spec)
    alone["width"] = _WIDTH
    if "projection" in spec:
        alone["height"] = _WIDTH // 2
    alone["background"] = "white"
    alone["padding"] = 16
    alone["title"] = {
        "text": section.title, "subtitle": [*([caption] if caption else []), counted(section)], "anchor": "start",
        "offset": 14, "fontSize": 16, "subtitleFontSize": 12, "color": _INK, "subtitleColor": _FAINT,
    }  # fmt: skip
    config = copy.deepcopy(spec["config"])
    config |= {"background": "white", "font": _FONT}
    config["axis"] |= {"labelColor": _INK, "titleColor": _FAINT, "gridColor": _LINE}
    config["legend"] |= {"labelColor": _INK, "titleColor": _FAINT}
    config["text"] |= {"color": _INK}
    alone["config"] = config
    return alone


def counted(section: Section) -> str:
    """What a section counts, in one line."""
    line = f"Counted: {section.unit}, population: {section.population}"
    if section.n is None:
        return line
    least, most = section.n
    number = written(least) if least == most else f"{written(least)} to {written(most)}"
    return f"{line}, n = {number} {section.of}"
