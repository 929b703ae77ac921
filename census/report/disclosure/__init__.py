"""Disclosure: for each network a file for its contact, which says what was seen there; nothing is ever sent."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from sqlalchemy import Connection, text

from census.errors import UseError
from census.report.disclosure.contacts import Book, Contact
from census.report.extras import ReportError
from census.report.tables import write_bytes
from census.report.words import inert
from census.store.statistics import Result

COLUMNS = ("address", "port", "observed_at", "software", "version", "models", "tools", "advisories")
_FOLDER = Path(__file__).parent

# Decoys and what asks for a key are not told: the first are somebody's trap, the others are not open.
_SEEN = text("""
    select distinct on (h.address, e.port)
        host(h.address) as address, e.port, o.observed_at, w.name as software, w.version, i.size as models,
        stats.tools_word(i.tools) as tools,
        array(select j.advisory_id from judgement j where j.software_id = w.id and j.affected = 2 order by 1)
            as advisories,
        exists (
            select from exclusion x
            where h.address <<= x.network or e.name = x.entry or right(e.name, length(x.entry) + 1) = '.' || x.entry
        ) as opted_out
    from observation o
    join sighting s on s.id = o.sighting_id
    join inventory i on i.id = s.inventory_id
    join endpoint e on e.id = o.endpoint_id and stats.credible(e.verdict)
    join host h on h.id = e.host_id
    left join software w on w.id = s.software_id
    where o.scan_id = :scan
    order by h.address, e.port, o.observed_at desc
""")
_BY_WHOM = text("select id, reference, basis, contact, began, ended, settings from scan where id = :scan")


class FolderError(UseError):
    """The folder cannot be made there; says what to name instead."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many networks have a file, how many endpoints stand in them, in none, and were left out for an opt-out."""

    networks: int
    endpoints: int
    unmatched: int
    opted_out: int


def write(connection: Connection, scan: int, contacts: Iterable[Contact], folder: Path) -> Written:
    """Write for each network with open endpoints a CSV and a text, and two summaries, into a new folder.

    The folder is for its owner alone, for it holds addresses, and is there whole or not at all. Endpoints whose
    address opted out are in no file. Raises FolderError, ReportError.
    """
    if folder.exists() or folder.is_symlink():
        raise FolderError(f"{folder} is there already, and nothing is overwritten: name a new folder, or move that one")
    seen = [dict(row) for row in connection.execute(_SEEN, {"scan": scan}).mappings()]
    by_whom = dict(connection.execute(_BY_WHOM, {"scan": scan}).mappings().one())
    book, found, unmatched = Book(contacts), dict[Contact, list[dict[str, Any]]](), []
    for endpoint in (each for each in seen if not each["opted_out"]):
        contact = book.find(endpoint["address"])
        if contact is None:
            unmatched.append(endpoint)
        else:
            found.setdefault(contact, []).append(endpoint)
    _write_aside(folder, found, unmatched, by_whom)
    told = sum(map(len, found.values()))
    return Written(len(found), told, len(unmatched), len(seen) - told - len(unmatched))


def _write_aside(
    folder: Path,
    found: Mapping[Contact, Sequence[dict[str, Any]]],
    unmatched: Sequence[dict[str, Any]],
    by_whom: Mapping[str, Any],
) -> None:
    try:
        aside = Path(tempfile.mkdtemp(dir=folder.absolute().parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise ReportError(f"cannot write {folder}: {error.strerror}") from error
    try:
        summary = []
        for contact, endpoints in found.items():
            name = str(contact.network).replace("/", "_").replace(":", "-")
            _table(aside / f"{name}.csv", endpoints)
            (aside / f"{name}.txt").write_text(_letter(contact, endpoints, by_whom, f"{name}.csv"), encoding="utf-8")
            hosts = len({each["address"] for each in endpoints})
            summary.append((str(contact.network), contact.contact, contact.language, hosts, len(endpoints), name))
        columns = ("network", "contact", "language", "hosts", "endpoints", "files")
        with (aside / "summary.csv").open("wb") as stream:
            write_bytes(Result(columns, summary), "csv", stream)
        _table(aside / "without-contact.csv", unmatched)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _table(path: Path, endpoints: Sequence[Mapping[str, Any]]) -> None:
    rows = [tuple(each[column] for column in COLUMNS) for each in endpoints]
    with path.open("wb") as stream:
        write_bytes(Result(COLUMNS, rows), "csv", stream)


def _letter(contact: Contact, endpoints: Sequence[Mapping[str, Any]], by_whom: Mapping[str, Any], table: str) -> str:
    """The text for a contact; what servers said of themselves is in it without control characters."""
    lines = [{**each, "software": inert(f"{each['software'] or '?'} {each['version'] or ''}".strip())}
             for each in endpoints]  # fmt: skip
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=False,  # noqa: S701  the text is plain, no HTML
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    template = environment.get_template(f"{contact.language}.txt.j2")
    return template.render(
        contact=contact, endpoints=lines, by_whom=by_whom, table=table, info=_info(by_whom["settings"]),
        hosts=len({each["address"] for each in endpoints}),
    ) + "\n"  # fmt: skip


def _info(settings: Any) -> str | None:
    """The page about the study, where the scope named one."""
    return settings.get("scope", {}).get("info") if isinstance(settings, dict) else None
