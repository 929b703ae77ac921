"""The census as one HTML page that carries all it needs and asks nothing of any network.

Names in it come from hostile servers. They are escaped by the template, data for pictures is JSON without a `<`,
and the page's own policy lets no script run but the two whose hashes it names.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import census
from census.report.extras import ReportError, need
from census.report.findings import Findings
from census.report.grid import Grid, grid
from census.report.sections import Section
from census.report.words import written

_FOLDER = Path(__file__).parent
_ROWS = 60  # in the table below a picture; `census stats` and the SQL have all


@dataclass(frozen=True, slots=True)
class _Part:
    """A section with its pictures (caption, number of its data) and its table."""

    section: Any
    pictures: list[tuple[str, str]]
    table: Grid
    more: int


def write_page(findings: Findings, path: Path) -> None:
    """Write the page of what was found to a file, which is there whole or not at all; raises ReportError."""
    content = render(findings).encode()
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        aside = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            aside.chmod(0o644)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise ReportError(f"cannot write the page to {path}: {error.strerror}") from error


def check() -> None:
    """Raise ReportError if the extra `report` is not installed: better before the database is asked than after."""
    for module in ("altair", "vl_convert", "pycountry"):
        need(module, "report", "the report page")


def render(findings: Findings) -> str:
    """The page of what was found, as HTML; ReportError if the extra `report` is not installed."""
    check()
    charts = need("census.report.charts", "report", "the report page")
    drawn = charts.pictures(findings.sections)
    specs = {f"picture-{each.name}": _data(each.spec) for found in drawn.values() for each in found}
    scripts = (_library(), (_FOLDER / "page.js").read_text(encoding="utf-8"))
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            findings=findings,
            parts=[_part(section, drawn.get(name, [])) for name, section in findings.sections.items()],
            specs=specs,
            scripts=[Markup(script) for script in scripts],  # noqa: S704  ours and Vega's, nothing of a stranger's in it
            policy=_policy(scripts),
            style=Markup((_FOLDER / "page.css").read_text(encoding="utf-8")),  # noqa: S704  our own style sheet
            made=datetime.now(UTC),
            version=census.__version__,
        )
    )


def _part(section: Section, drawn: list[Any]) -> _Part:
    captions = [(each.caption, f"picture-{each.name}") for each in drawn]
    return _Part(section, captions, grid(section.result, _ROWS), max(0, len(section.result.rows) - _ROWS))


def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    environment.filters["written"] = written
    return environment


def _data(spec: Mapping[str, Any]) -> Markup:
    """JSON that ends no script element and opens no comment in it: ASCII only, and no angle bracket."""
    text = json.dumps(spec, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704  see above


@functools.cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, of the version that the pictures are written for."""
    altair = need("altair", "report", "the report page")
    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    bundle: str = need("vl_convert", "report", "the report page").javascript_bundle(vl_version=version)
    return bundle.replace("</script", "<\\/script").replace("<!--", "\\x3c!--")


def _policy(scripts: tuple[str, ...]) -> str:
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
