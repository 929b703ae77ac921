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
from sqlalchemy import Connection

import census
from census.report.extras import ReportError, need
from census.report.findings import Findings, gather
from census.report.grid import Grid, grid
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


def write_page(connection: Connection, path: Path, scan: int | None = None) -> None:
    """Write the page of one scan, or of all, to a file, which is there whole or not at all; raises ReportError."""
    content = page(connection, scan).encode()
    try:
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    except OSError as error:
        raise ReportError(f"cannot write the page to {path}: {error.strerror}") from error


def page(connection: Connection, scan: int | None = None) -> str:
    """The page of one scan, or of all, as HTML; ReportError if the extra `report` is not installed."""
    for module in ("altair", "vl_convert", "pycountry"):
        need(module, "report", "the report page")
    return render(gather(connection, scan))


def render(findings: Findings) -> str:
    """The page of findings that were gathered before."""
    charts = need("census.report.charts", "report", "the report page")
    drawn = charts.pictures(findings.sections)
    specs = {f"{name}-{n}": spec for name, found in drawn.items() for n, (_, spec) in enumerate(found)}
    scripts = (_library(), (_FOLDER / "page.js").read_text(encoding="utf-8"))
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            findings=findings,
            parts=[_part(findings, name, drawn.get(name, [])) for name in findings.sections],
            specs={name: _data(spec) for name, spec in specs.items()},
            scripts=[Markup(script) for script in scripts],  # noqa: S704  ours and Vega's, nothing of a stranger's in it
            policy=_policy(scripts),
            style=Markup((_FOLDER / "page.css").read_text(encoding="utf-8")),  # noqa: S704  our own style sheet
            made=datetime.now(UTC),
            version=census.__version__,
        )
    )


def _part(findings: Findings, name: str, drawn: list[tuple[str, Mapping[str, Any]]]) -> _Part:
    section = findings.sections[name]
    captions = [(caption, f"{name}-{number}") for number, (caption, _) in enumerate(drawn)]
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
