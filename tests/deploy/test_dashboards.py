"""The dashboards: the files are those that the program makes, panels explain themselves, and their SQL has answers."""

from __future__ import annotations

import re
from itertools import pairwise, product

import pytest
import yaml
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from deploy.grafana.dashboards import FOLDER, files
from deploy.grafana.panels import POSTGRES, PROMETHEUS, Json
from tests.deploy.grafana import dashboards, filled, panels, queries, statements

PAGES = {page["uid"]: page for page in dashboards()}
ALL = [(uid, panel) for uid, page in PAGES.items() for panel in panels(page)]
SQL = [title for title, *_ in queries(POSTGRES)]
NAMES = ("time", "metric")  # of a point, and of the curve that it is in
PROVISIONED = FOLDER.parent / "provisioning"


def test_the_files_are_what_the_program_makes() -> None:
    made = dict(files())
    assert sorted(FOLDER.iterdir()) == sorted(made)
    stale = [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make dashboards`"


def test_the_program_makes_the_same_text_twice() -> None:
    assert list(files()) == list(files())


@pytest.mark.parametrize("panel", [panel for _, panel in ALL], ids=[f"{uid}: {panel['title']}" for uid, panel in ALL])
def test_a_panel_says_what_it_shows_of_which_unit_and_population(panel: Json) -> None:
    what, _, bounds = panel["description"].rpartition("\n\n")
    assert re.fullmatch(r"Unit: .+\. Population: .+\.", bounds)
    assert what.endswith(".")
    assert panel["title"]


@pytest.mark.parametrize("uid", PAGES)
def test_panels_have_numbers_and_places_of_their_own(uid: str) -> None:
    everything = PAGES[uid]["panels"]
    assert len({each["id"] for each in everything}) == len(everything)
    titles = [each["title"] for each in panels(PAGES[uid])]
    assert len(set(titles)) == len(titles)
    cells = [
        (x, y)
        for place in (each["gridPos"] for each in everything)
        for x, y in product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"]))
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_every_query_asks_a_data_source_that_is_provisioned() -> None:
    known = yaml.safe_load((PROVISIONED / "datasources" / "census.yml").read_text(encoding="utf-8"))["datasources"]
    assert {(each["type"], each["uid"]) for each in known} == {tuple(each.values()) for each in (PROMETHEUS, POSTGRES)}
    assert {panel["datasource"]["uid"] for _, panel in ALL} == {each["uid"] for each in known}
    assert all(target["datasource"] == panel["datasource"] for _, panel in ALL for target in panel["targets"])


def test_queries_of_a_panel_have_names_of_their_own() -> None:
    for _, panel in ALL:
        names = [target["refId"] for target in panel["targets"]]
        assert len(set(names)) == len(names), panel["title"]


@pytest.mark.parametrize("title", SQL)
def test_a_query_of_the_census_has_rows_and_the_columns_that_its_panel_names(title: str, village: Connection) -> None:
    [(_, query, panel)] = [each for each in statements() if each[0] == title]
    found = village.execute(text(query))
    columns, rows = list(found.keys()), found.all()
    assert rows
    named = {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]}
    assert named <= set(columns)
    if panel["type"] == "geomap":
        assert {"country", "count"} <= set(columns)
    if panel["type"] == "timeseries":
        assert columns[0] == "time"
        assert all(first[0] <= second[0] for first, second in pairwise(rows))
        values = [value for row in rows for name, value in zip(columns, row, strict=True) if name not in NAMES]
        assert {type(value) for value in values} <= {int, float, type(None)}
    if panel["type"] in ("stat", "bargauge"):
        assert isinstance(rows[0][-1], int | float)


@pytest.mark.parametrize("unit", ["host", "endpoint", "host-day", "observation"])
@pytest.mark.parametrize("population", ["credible", "raw"])
def test_every_choice_is_understood_by_every_query(unit: str, population: str, village: Connection) -> None:
    answers = [
        village.execute(text(query)).all() for _, query, _ in statements(scan="2", unit=unit, population=population)
    ]
    assert sum(map(bool, answers)) > len(answers) / 2


def test_the_choices_change_the_figures(village: Connection) -> None:
    def recognised(**chosen: str) -> int:
        [query] = [query for title, query, _ in statements(**chosen) if title == "Recognised"]
        return int(village.execute(text(query)).scalar_one())

    assert recognised() == 5
    assert recognised(population="raw") == 6
    assert recognised(unit="endpoint") == 6
    assert recognised(scan="3") == 2


def test_a_choice_that_is_no_scan_is_refused_and_not_run(village: Connection) -> None:
    [query] = [query for title, query, _ in statements(scan="1; drop table scan") if title == "Recognised"]
    with pytest.raises(Exception, match="invalid input syntax for type bigint"):
        village.execute(text(query))


def test_all_of_this_is_asked_by_a_role_that_may_only_read(village: Connection) -> None:
    assert str(village.scalar(text("select current_user"))).startswith("reader_")
    with pytest.raises(ProgrammingError, match="permission denied for table scan"):
        village.execute(text("delete from scan"))


def test_scans_can_be_chosen_and_all_of_them_come_first(village: Connection) -> None:
    [scan] = [each for each in PAGES["census"]["templating"]["list"] if each["name"] == "scan"]
    assert village.execute(text(filled(scan["query"], {}))).scalars().all()[0] == "all scans"
    values = [row[1] for row in village.execute(text(filled(scan["query"], {}))).all()]
    assert values == ["all", "3", "2", "1"]
