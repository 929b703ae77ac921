"""The page: what is on it, that it asks nothing of a network, and that no name breaks out of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import resource
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from census.report.asked import QUESTIONS, Asked
from census.report.extras import ReportError
from census.report.findings import gather
from census.report.page import render, write_page
from tests.report.population import LLAMA, QWEN, Listed, Population, neighbourhood

for extra in ("altair", "vl_convert", "pycountry"):
    pytest.importorskip(extra)

# What a single scan, without networks, cannot draw.
UNDRAWN = ("networks", "weekly-ranks")
HOSTILE = "</script <!--<script></script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}<!--\u2028]]>&quot;'\" `${1}`"


def page(connection: Connection, asked: Asked | None = None) -> str:
    return render(gather(connection, asked))


class Elements(HTMLParser):
    """The elements of a page as a browser sees them: scripts with their text, attributes, and all other text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self._script: dict[str, str | None] | None = None
        self._body = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self._script, self._body = dict(attrs), ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._script is not None:
            self.scripts.append((self._script, self._body))
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is None:
            self.text += data
        else:
            self._body += data

    @property
    def specs(self) -> dict[str, Any]:
        return {str(attributes["id"]): json.loads(body) for attributes, body in self.scripts if "id" in attributes}


def test_each_section_has_its_unit_its_number_its_sql_a_picture_and_a_table(connection: Connection) -> None:
    neighbourhood(connection)
    elements = Elements(page(connection))
    sections = [attributes["id"] for tag, attributes in elements.tags if tag == "section"]
    assert sections == [*(each.name for each in QUESTIONS), "with-decoys", "scans"]
    assert "Counted: hosts · population: credible · n = 8 hosts with a model" in elements.text
    assert "Counted: targets · population: all · n = 12 targets" in elements.text
    assert elements.text.count("Counted: ") == elements.text.count(" · n = ") == len(sections) - 1
    for question in QUESTIONS:
        assert f"select * from stats.{question.asks.replace('-', '_')}(" in elements.text
        assert f"create function stats.{question.asks.replace('-', '_')}(" in elements.text
    drawn = [str(attributes["data-spec"]) for _, attributes in elements.tags if "data-spec" in attributes]
    assert set(drawn) == set(elements.specs)
    assert set(sections) - {spec.removeprefix("picture-") for spec in drawn} == {"co-deployment", "scans", *UNDRAWN}
    assert sum(tag == "table" for tag, _ in elements.tags) == len(sections)
    assert "60.0 %  [23.1, 88.2]" in elements.text


def test_it_asks_nothing_of_any_network(connection: Connection) -> None:
    neighbourhood(connection)
    elements = Elements(page(connection))
    assert not [attributes for _, attributes in elements.tags if {"src", "srcset"} & attributes.keys()]
    assert all(str(attributes["href"]).startswith("#") for _, attributes in elements.tags if "href" in attributes)
    assert "url(" not in elements.text
    (policy,) = [a["content"] for tag, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in policy
    assert not re.search(r'"url"', json.dumps(elements.specs))


def test_its_policy_names_just_the_two_scripts_that_are_in_it(connection: Connection) -> None:
    elements = Elements(page(connection))
    bodies = [body for attributes, body in elements.scripts if attributes.get("type") != "application/json"]
    hashes = [base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in bodies]
    policy = next(str(a["content"]) for _, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert len(hashes) == 2


def test_a_hostile_name_is_shown_and_breaks_out_of_nothing(connection: Connection) -> None:
    neighbourhood(connection)
    innocent = Elements(page(connection))
    population = Population(connection)
    models = [LLAMA, Listed("x", HOSTILE)]
    population.seen(population.scan(HOSTILE), "127.0.9.1", models, software=HOSTILE, country=HOSTILE)
    html = page(connection)
    elements = Elements(html)
    shown = HOSTILE.replace("\u2028", "<U+2028>")
    assert elements.text.count(shown) >= 4  # country, family, pair and software
    assert {tag for tag, _ in elements.tags} == {tag for tag, _ in innocent.tags}
    assert not [body for attributes, body in elements.scripts if "id" in attributes and "<" in body]
    assert "img" not in {tag for tag, _ in elements.tags}
    assert len(elements.scripts) == len(innocent.scripts)
    assert {value["name"] for value in _values(elements.specs["picture-software"])} == {"Ollama", shown}
    assert "\u2028" not in html.partition("<script>")[0]


def test_no_name_stands_in_an_expression(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    evil = "datum.x || alert(1)"
    population.seen(scan, "127.0.0.1", [LLAMA, QWEN, Listed("x", evil)], software=evil, country=evil)
    for name, spec in Elements(page(connection)).specs.items():
        assert (evil in json.dumps(spec)) == (name.removeprefix("picture-") in NAMED), name
        assert evil not in json.dumps(_without_data(spec)), name


# The pictures in which names of countries, families or software are; the lift has pairs of families.
NAMED = {
    "map", "countries", "families", "co-deployment-share", "co-deployment-lift", "software", "versions",
    "tool-calling-by-family", "tool-calling-by-country", "with-decoys",
}  # fmt: skip


def test_the_map_fills_countries_and_marks_places_without_an_outline(connection: Connection) -> None:
    neighbourhood(connection)
    spec = Elements(page(connection)).specs["picture-map"]
    outlines = {shape["id"] for shape in _outlines(spec)}
    assert {"US", "CN", "DE", "FR", "XK"} <= outlines
    assert len(outlines - {""}) > 170
    values = _values(spec)
    assert {(value["country"], value["count"]) for value in values if "country" in value} >= {("US", "3"), ("SG", "1")}
    assert {value["country"] for value in values if "longitude" in value} == {"SG"}


def test_a_table_that_is_cut_says_where_the_rest_is(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    for number in range(70):
        population.seen(scan, f"127.0.0.{number + 1}", [LLAMA], software=f"server {number:02}")
    text = Elements(page(connection)).text
    assert "and 10 more: census stats software" in text
    assert text.count("The first 15 of 70 rows") == 2  # of software, and of its versions


def test_a_picture_that_shows_all_does_not_say_that_it_is_cut(connection: Connection) -> None:
    neighbourhood(connection)
    assert "The first 15 of" not in Elements(page(connection)).text


def test_an_empty_census_has_a_page_without_pictures(connection: Connection) -> None:
    elements = Elements(page(connection))
    assert elements.text.count("Nothing was seen.") == elements.text.count("Counted: ")
    assert "No scan was found; made" in " ".join(elements.text.split())
    assert elements.specs == {}


def test_the_page_is_written_whole_and_a_place_that_is_none_is_a_sentence(
    connection: Connection, tmp_path: Path
) -> None:
    scan = neighbourhood(connection)
    write_page(gather(connection, Asked(scan)), tmp_path / "census.html")
    html = (tmp_path / "census.html").read_text(encoding="utf-8")
    assert f"select * from stats.families(scan =&gt; {scan});" in html
    assert html.rstrip().endswith("</html>")
    with pytest.raises(ReportError, match="cannot write the page to"):
        write_page(gather(connection), tmp_path / "nowhere" / "census.html")
    assert [each.name for each in tmp_path.iterdir()] == ["census.html"]


def test_a_page_for_which_there_is_no_room_leaves_nothing_behind(connection: Connection, tmp_path: Path) -> None:
    findings, before = gather(connection), resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "census.html").write_text("from before")
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))  # bytes of a file; the page has more
    try:
        with pytest.raises(ReportError, match="cannot write the page to"):
            write_page(findings, tmp_path / "census.html")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("census.html", "from before")]


@pytest.mark.parametrize("missing", ["altair", "vl_convert", "pycountry"])
def test_without_the_extra_it_says_what_to_install(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ReportError, match=r"pip install 'inference-census\[report\]'"):
        page(connection)


def _values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """All rows of data in a spec."""
    return [row for data in spec["datasets"].values() if isinstance(data, list) for row in data]


def _outlines(spec: dict[str, Any]) -> list[dict[str, Any]]:
    shapes: list[dict[str, Any]] = spec["datasets"]["world"]["objects"]["countries"]["geometries"]
    return shapes


def _without_data(spec: Any) -> Any:
    if isinstance(spec, list):
        return [_without_data(each) for each in spec]
    if isinstance(spec, dict):
        return {key: _without_data(each) for key, each in spec.items() if key not in {"values", "datasets"}}
    return spec
