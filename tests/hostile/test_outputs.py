"""Nothing that a server wrote leaves the census as anything but text: the corpus is scanned, and every output read."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from sqlalchemy import Engine

from census.facts import Outcome
from census.kinds import KINDS
from census.lineage.rules import records
from census.report.exports import export
from census.report.tables import show, write
from census.serve import serving
from census.store.connect import engine
from census.store.embedded import Embedded
from census.store.statistics import STATISTICS, Result, rows
from tests.hostile.corpus import CORPUS
from tests.hostile.documents import NAMES
from tests.hostile.misbehaviour import LIST, Misbehaviour, ollama
from tests.support.program import SCOPE, census, command, surroundings
from tests.support.wire import answer, listen

KEPT = set(NAMES.values())
FAMILIES = set(records()["families"])
MARKUP = "<script>alert(1)</script>"
HONEST = "an honest server"
NAMING = "has names with escapes, overrides, formulas, markup, SQL, paths"
FORBIDDEN = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"-?[0-9.e+-]+")


@dataclass(frozen=True)
class Scanned:
    """A database after a scan of the whole corpus and of honest servers among it."""

    url: str
    folder: Path
    outcomes: dict[str, set[str]]
    printed: str
    told: str

    def run(self, *arguments: str) -> str:
        """What a command prints, which must be text that harms no terminal."""
        done = census(*arguments, folder=self.folder, url=self.url)
        assert done.returncode == 0, done.stderr
        return clean(done.stdout)


def clean(text: str) -> str:
    """A text, once it is sure that it harms no terminal; ends of lines as one character."""
    text = text.replace("\r\n", "\n")
    assert not FORBIDDEN.search(text), FORBIDDEN.search(text)
    return text


@pytest.fixture(scope="module")
def scanned(server: Embedded, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    name = f"test_{uuid.uuid4().hex}"
    yield asyncio.run(_scan(server.create_database(name, template), tmp_path_factory.mktemp("scan")))
    server.drop_database(name)


async def _scan(url: str, folder: Path) -> Scanned:
    """`census scan --verbose`, with workers of its own: what comes to an end with time for it, then what never does."""
    (folder / "scope.toml").write_text(SCOPE)
    outcomes: dict[str, set[str]] = {}
    printed = told = ""
    for never, deadline in ((False, "60"), (True, "3")):
        places: dict[str, str] = {}
        async with contextlib.AsyncExitStack() as stack:
            lines = [line async for line in _listening(stack, places, never=never)]
            (folder / "targets.txt").write_text("\n".join(lines))
            process = await asyncio.create_subprocess_exec(
                *command("scan", folder / "targets.txt", "--scope", folder / "scope.toml", "--verbose", "--json"),
                "--timeout", "30", "--deadline", deadline, "--workers", "2", "--name", f"{MARKUP} {deadline}",
                env=surroundings(folder, url), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            output, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        printed, told = printed + output.decode(), told + errors.decode()
        for row in map(json.loads, exported(url, "targets", "jsonl", addresses=True).splitlines()):
            if name := places.get(f"{row['address']}:{row['port']}"):
                outcomes.setdefault(name, set()).add(row["outcome"])
    return Scanned(url, folder, outcomes, printed, told)


async def _listening(stack: contextlib.AsyncExitStack, places: dict[str, str], *, never: bool) -> AsyncIterator[str]:
    """The lines of a target list, each listened for at an address of its own; `places` says who is where."""
    chosen = [(name, each) for name, each in CORPUS.items() if (each.outcome is Outcome.TOO_SLOW) is never]
    # With a count above those of the long lists, these names are among the first rows of every output.
    chosen += [(NAMING, CORPUS[NAMING])] * 3 + [(HONEST, Misbehaviour(ollama(answer(200, LIST)), Outcome.SERVED))] * 40
    for number, (name, each) in enumerate(chosen):
        address = f"127.{20 + never}.{number // 100}.{number % 100 + 1}"
        wire = await stack.enter_async_context(listen(each.make(), address, tls=each.context))
        places[f"{address}:{wire.port}"] = name
        yield {None: "", True: "https://", False: "http://"}[each.tls] + f"{address}:{wire.port}"


def test_a_scan_of_all_ends_each_in_its_outcome_and_finds_every_honest_server(scanned: Scanned) -> None:
    assert scanned.outcomes == {HONEST: {"served"}} | {name: {each.outcome.word} for name, each in CORPUS.items()}


def test_what_a_scan_says_is_clean_also_with_verbose(scanned: Scanned) -> None:
    clean(scanned.printed)
    assert "faults of ours" not in clean(scanned.told)


@contextlib.contextmanager
def connected(url: str) -> Iterator[Engine]:
    made = engine(url)
    try:
        yield made
    finally:
        made.dispose()


@pytest.fixture(scope="module")
def results(scanned: Scanned) -> dict[str, Result]:
    """All statistics."""
    with connected(scanned.url) as made, made.connect() as connection:
        return {name: rows(connection, name, population="raw") for name in STATISTICS}


def test_every_statistic_is_clean_on_a_terminal(results: dict[str, Result]) -> None:
    for name, result in results.items():
        stream = io.StringIO()
        show(Result(result.columns, result.rows[:200]), Console(file=stream, width=120), name)
        clean(stream.getvalue())


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_every_statistic_is_clean_in_every_format(results: dict[str, Result], form: str) -> None:
    for name, result in results.items():
        stream = io.StringIO(newline="")
        write(result, form, stream)
        text = clean(stream.getvalue())
        if form == "csv":
            assert_no_formula(text)
        if name == "models":
            assert all(each in text for each in KEPT if '"' not in each and "\\" not in each)


def assert_no_formula(text: str) -> None:
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            assert NUMBER.fullmatch(cell) or not FORMULA.match(cell), cell


def exported(url: str, what: str, form: str, *, addresses: bool = False) -> str:
    """What is exported, with addresses as hashes unless they are wanted."""
    stream = io.BytesIO()
    with connected(url) as made, made.connect() as connection:
        export(connection, what, stream, form=form, key=None if addresses else bytes(32))
    return clean(stream.getvalue().decode())


@pytest.mark.parametrize("what", ["targets", "endpoints", "observations", "models"])
def test_every_export_is_clean(scanned: Scanned, what: str) -> None:
    lines = exported(scanned.url, what, "jsonl").splitlines()
    text = exported(scanned.url, what, "csv")
    assert_no_formula(text)
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == len(lines) + 1
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_names_come_back_from_csv_as_they_are_in_json(scanned: Scanned) -> None:
    cells = csv.DictReader(io.StringIO(exported(scanned.url, "models", "csv"), newline=""))
    from_csv = {re.sub("^'", "", row["model"]) for row in cells}
    from_json = {json.loads(line)["model"] for line in exported(scanned.url, "models", "jsonl").splitlines()}
    assert from_csv == from_json
    assert from_json >= KEPT


@pytest.mark.parametrize(
    "arguments", [["stats", "models", "--top", "50"], ["stats", "architectures"], ["report"], ["status"],
                  ["status", "--json"], ["lineage", "unplaced", "--top", "50"]], ids=" ".join
)  # fmt: skip
def test_every_other_command_is_clean(scanned: Scanned, arguments: list[str]) -> None:
    assert scanned.run(*arguments)


class Tags(HTMLParser):
    """The elements and the texts of a page; whatever would run is gathered."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.running: list[str] = []
        self.texts: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self._within = tag
        self.running += [name for name, value in attrs if name.startswith("on") or "javascript:" in (value or "")]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  the parser's signature
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within not in ("script", "style"):
            self.texts.append(data)
        elif "alert(1)" in data and "<" in data and "vega" not in data.lower():
            self.running.append(data[:80])


def assert_harmless(html: str) -> None:
    tags = Tags()
    tags.feed(html)
    assert tags.running == []
    assert not tags.elements & {"img", "svg", "iframe", "object", "embed", "link", "form"}
    assert any(MARKUP in text for text in tags.texts)
    assert not any(name in html for name in KEPT if "<" in name and name != MARKUP)


def test_what_is_served_is_metrics_of_closed_sets_and_the_page(scanned: Scanned) -> None:
    pytest.importorskip("altair")

    async def get(session: aiohttp.ClientSession, path: str) -> str:
        async with session.get(path) as response:
            return clean(await response.text())

    async def talk(made: Engine) -> tuple[str, str]:
        async with serving(made, "127.0.0.1", 0) as address, aiohttp.ClientSession(address) as session:
            async with asyncio.timeout(120):
                while "</html>" not in (html := await get(session, "/")):  # noqa: ASYNC110  a thread makes it
                    await asyncio.sleep(0.1)
                return await get(session, "/metrics"), html

    with connected(scanned.url) as made:
        metrics, html = asyncio.run(talk(made))
    assert_harmless(html)
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    assert labels["software"] <= {kind.name for kind in KINDS} | {"unknown", "other"}
    assert labels["family"] | labels.get("a", set()) <= FAMILIES | {"unknown", "other"}
    assert labels["country"] == {"unknown"}
    assert not any(name in metrics for name in KEPT)
