"""The page in a real browser: it draws all, says no error, asks for nothing, and no name does anything in it."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from census.report.findings import gather
from census.report.page import write_page
from tests.report.population import LLAMA, QWEN, Listed, Population, neighbourhood
from tests.store.statistics.history import draw
from tests.support.chromium import Page, chromium

pytestmark = pytest.mark.system

SCREENS = {"light": (1200, False), "dark": (1200, True), "telephone": (360, False), "small telephone": (320, True)}
HOSTILE = (
    "</script><script>window.broken = 1; alert(1)</script>",
    "<img src=//127.0.0.1:9/x onerror='window.broken = 2'>",
    '" onmouseover=window.broken=3 x=\'" autofocus onfocus=window.broken=4 ',
    "javascript:window.broken=5",
    "]]><svg/onload=window.broken=6><!--",
    "\u202ecod\u2066.exe\u2069\u200f\u2028",
)
# For each picture its name and how many marks it has, of whatever sort.
MARKS = """[...document.querySelectorAll('[data-spec]')].map(each =>
    [each.dataset.spec, each.querySelectorAll('svg .mark-rect path, svg .mark-symbol path, svg .mark-shape path,'
        + ' svg .mark-line path, svg .mark-area path').length])"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def browse(folder: Path, look: Callable[[Page], Coroutine[Any, Any, None]]) -> Page:
    """Let `look` use a browser; gives what the browser noted."""

    async def run() -> Page:
        async with chromium(folder) as page:
            await look(page)
            return page

    return asyncio.run(run())


@pytest.fixture
def lived(connection: Connection, tmp_path: Path) -> Path:
    """The page of a history of weeks, with places, networks and decoys."""
    draw(3, hosts=40).write(connection)
    file = tmp_path / "census.html"
    write_page(gather(connection), file)
    return file


def test_every_picture_is_drawn_without_an_error_or_a_request_on_every_screen(lived: Path, tmp_path: Path) -> None:
    found: dict[str, dict[str, Any]] = {}

    async def look(page: Page) -> None:
        for name, (width, dark) in SCREENS.items():
            await page.show(lived, width=width, dark=dark)
            found[name] = {
                "marks": dict(await page.value(MARKS)),
                "overflow": await page.value(OVERFLOW),
                "ground": await page.value("getComputedStyle(document.body).backgroundColor"),
                "ink": await page.value("getComputedStyle(document.querySelector('.drawing svg text')).fill"),
            }

    noted = browse(tmp_path, look)
    assert noted.logged == []
    assert set(noted.requested) == {lived.as_uri()}
    for name, told in found.items():
        assert len(told["marks"]) > 20, name
        assert min(told["marks"].values()) > 0, (name, told["marks"])
        assert told["overflow"] <= 0, name
    assert found["light"]["ground"] != found["dark"]["ground"]
    assert found["light"]["ink"] != found["dark"]["ink"]


def test_on_paper_all_pictures_stand_and_nothing_that_only_a_screen_can_use(lived: Path, tmp_path: Path) -> None:
    told: dict[str, Any] = {}

    async def look(page: Page) -> None:
        await page.show(lived)
        await page.call("Emulation.setEmulatedMedia", media="print")
        told["ground"] = await page.value("getComputedStyle(document.body).backgroundColor")
        told["shown"] = await page.value(
            "[...document.querySelectorAll('nav, details.sql, details.data, .drawing summary')]"
            ".filter(each => each.getClientRects().length).length"
        )
        told["paper"] = await page.call("Page.printToPDF", printBackground=True)

    assert browse(tmp_path, look).logged == []
    assert told["ground"] == "rgb(255, 255, 255)"
    assert told["shown"] == 0
    assert len(told["paper"]["data"]) > 50_000


def test_names_of_hostile_servers_are_seen_and_do_nothing(connection: Connection, tmp_path: Path) -> None:
    neighbourhood(connection)
    population = Population(connection)
    for number, name in enumerate(HOSTILE, 1):
        models = [LLAMA, QWEN, Listed(f"m{number}", name), Listed(name)]
        population.seen(population.scan(name), f"127.0.8.{number}", models, software=name, version=name, country=name)
    file = tmp_path / "hostile.html"
    write_page(gather(connection), file)
    told: dict[str, Any] = {}

    async def look(page: Page) -> None:
        await page.show(file)
        told["broken"] = await page.value("window.broken")
        told["images"] = await page.value("document.querySelectorAll('img, iframe, object, embed').length")
        told["scripts"] = await page.value("document.querySelectorAll('script:not([type])').length")
        told["tables"] = await page.value("document.querySelector('main').textContent")
        told["pictures"] = await page.value(
            "[...document.querySelectorAll('#software svg text')].map(each => each.textContent).join('\\n')"
        )
        for event in ("mouseover", "mousemove", "focus"):
            await page.value(
                "document.querySelectorAll('svg path, svg text').forEach(each =>"
                f" each.dispatchEvent(new MouseEvent('{event}', {{bubbles: true}})))"
            )
        told["later"] = await page.value("window.broken")

    noted = browse(tmp_path, look)
    assert noted.logged == []
    assert set(noted.requested) == {file.as_uri()}
    assert (told["broken"], told["later"], told["images"], told["scripts"]) == (None, None, 0, 2)
    for name in HOSTILE[:-1]:
        assert name in told["tables"]
    assert "<U+202E>cod<U+2066>.exe<U+2069><U+200F><U+2028>" in told["tables"]
    assert not {"\u202e", "\u2066", "\u2028"} & set(told["tables"] + told["pictures"])


def test_a_machine_without_chromium_is_told_which_package_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    support = importlib.import_module("tests.support.chromium")
    monkeypatch.setattr(support.shutil, "which", lambda _name: None)

    async def look(_page: Page) -> None:
        raise AssertionError("there is no browser")

    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        browse(tmp_path, look)
