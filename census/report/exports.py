"""Rows of the census for other programs, streamed out of the database, with addresses as keyed hashes.

The key stays in the user's census folder and never in the database: there are only 2^32 addresses, so whoever holds
rows and key can undo the hashes, and whoever has the rows alone cannot. The same key gives the same hashes, so
exports of one researcher can be joined.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection, CursorResult, text

from census.report.extras import ReportError
from census.report.formats import write_rows

FORMATS = ("jsonl", "csv", "parquet")

# What tells an address: itself, a host name that resolves to it, a certificate that search engines know by its hash.
REVEALING = ("address", "name", "certificate")
_KEY_BYTES = 32
_BATCH = 2_000  # rows in memory at a time

_OF_SCAN = "select * from export.{what} where scan = :scan"
_FILTERED = {
    "targets": _OF_SCAN.format(what="targets"),
    "observations": _OF_SCAN.format(what="observations"),
    "endpoints": """
        select * from export.endpoints where (address, port) in (
            select host(h.address), e.port
            from observation o
            join endpoint e on e.id = o.endpoint_id
            join host h on h.id = e.host_id
            where o.scan_id = :scan and o.sighting_id is not null)""",
    "models": """
        select * from export.models where (address, port, model, coalesce(digest, '')) in (
            select host(h.address), e.port, m.name, coalesce(m.digest, '')
            from (select distinct sighting_id from observation where scan_id = :scan) o
            join sighting s on s.id = o.sighting_id
            join endpoint e on e.id = s.endpoint_id
            join host h on h.id = e.host_id
            join inventory i on i.id = s.inventory_id
            cross join unnest(i.models) member
            join model m on m.id = member)""",
    "sightings": """
        select * from export.sightings where (address, port, coalesce(inventory, 0)) in (
            select host(h.address), e.port, coalesce(s.inventory_id, 0)
            from (select distinct sighting_id from observation where scan_id = :scan) o
            join sighting s on s.id = o.sighting_id
            join endpoint e on e.id = s.endpoint_id
            join host h on h.id = e.host_id)""",
    "inventories": """
        select * from export.inventories where inventory in (
            select s.inventory_id
            from (select distinct sighting_id from observation where scan_id = :scan) o
            join sighting s on s.id = o.sighting_id)""",
    "hosts": """
        select * from export.hosts where address in (
            select host(h.address)
            from (select distinct endpoint_id from observation where scan_id = :scan and sighting_id is not null) o
            join endpoint e on e.id = o.endpoint_id
            join host h on h.id = e.host_id)""",
    "judgements": """
        select * from export.judgements where (software, coalesce(version, '')) in (
            select w.name, coalesce(w.version, '')
            from (select distinct sighting_id from observation where scan_id = :scan) o
            join sighting s on s.id = o.sighting_id
            join software w on w.id = s.software_id)""",
}
_ALL = {what: f"select * from export.{what}" for what in _FILTERED}  # noqa: S608  names from this module
WHATS = tuple(_ALL)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Columns with the number of their type in Postgres, and the rows as they come out of the database."""

    columns: dict[str, int]
    rows: Iterator[Sequence[Any]]


def export(
    connection: Connection,
    what: str,
    output: Path | BinaryIO,
    *,
    form: str = "jsonl",
    scan: int | None = None,
    key: bytes | None,
) -> int:
    """Write the rows of `what` (one of WHATS) as `form` (one of FORMATS); gives how many there were.

    `scan` None is all scans; endpoints and models are those observed in that scan. `key` (see `hash_key`) makes
    `address_hash` of `address`, and the same of names and certificates; None writes them as they are. A file is
    there when it is whole, or not at all. Memory does not grow with the rows. Raises ReportError.
    """
    if what not in _ALL:
        raise ReportError(f"there is nothing called {what!r} to export; there are {', '.join(WHATS)}")
    if form not in FORMATS:
        raise ReportError(f"there is no format {form!r} for an export; there are {', '.join(FORMATS)}")
    counted = _Counted()
    with _select(connection, what, scan) as found, opened(output) as stream:
        rows = found if key is None else _hashed(found, key)
        write_rows(rows.columns, counted.over(rows.rows), form, stream)
    return counted.number


def hash_key(home: Path) -> bytes:
    """The key of this user's hashes, 32 bytes, kept in `home/hash.key`; made when first asked for."""
    path = home / "hash.key"
    with suppress(FileNotFoundError):
        return _checked(path)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written aside and linked: of two programs that begin at once both get the same, whole key.
    handle, aside = tempfile.mkstemp(dir=home, prefix=".hash.key.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        Path(aside).unlink()
    return _checked(path)


def _checked(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ReportError(
            f"{path} holds {len(key)} bytes and no key of {_KEY_BYTES}: put it back from a copy, or delete it and"
            " accept that new exports cannot be joined with old ones"
        )
    return key


def hashed(value: str, key: bytes) -> str:
    """HMAC-SHA-256 in hex, of an address in the form in which Postgres writes it."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


class _Counted:
    """Counts rows while they pass."""

    number = 0

    def over(self, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for row in rows:
            self.number += 1
            yield row


@contextmanager
def _select(connection: Connection, what: str, scan: int | None) -> Iterator[_Rows]:
    """Rows through a cursor on the server; all of them are wanted, which it would plan against by itself."""
    connection.execute(text("select set_config('cursor_tuple_fraction', '1', true)"))
    statement = text(_ALL[what]) if scan is None else text(_FILTERED[what]).bindparams(scan=scan)
    options = {"yield_per": _BATCH}
    with connection.execute(statement, execution_options=options) as result:
        described = cast(CursorResult[Any], result).cursor
        assert described is not None
        assert described.description is not None
        columns = {each[0]: cast(int, each[1]) for each in described.description}
        yield _Rows(columns, (tuple(row) for row in result))


def _hashed(found: _Rows, key: bytes) -> _Rows:
    """The same rows, with each revealing column replaced in place by its hash."""
    columns = {f"{name}_hash" if name in REVEALING else name: kind for name, kind in found.columns.items()}
    secret: list[Callable[[Any], Any] | None] = [
        (lambda value: None if value is None else hashed(value, key)) if name in REVEALING else None
        for name in found.columns
    ]
    rows = (
        tuple(value if hide is None else hide(value) for value, hide in zip(row, secret, strict=True))
        for row in found.rows
    )
    return _Rows(columns, rows)


@contextmanager
def _named(output: Path) -> Iterator[None]:
    """Let what goes wrong while a file is written name it; the system names only files that are opened."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(output)
        raise


@contextmanager
def opened(output: Path | BinaryIO) -> Iterator[BinaryIO]:
    """A stream to write bytes to; a file is there when it is whole, or not at all. Raises ReportError."""
    if not isinstance(output, Path):
        yield output
        return
    if output.exists() and not output.is_file():  # a pipe or a device is written to, not replaced
        with _named(output), output.open("wb") as stream:
            yield stream
        return
    try:
        handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    except OSError as error:
        raise ReportError(f"cannot write {output}: {error.strerror}") from error
    aside = Path(name)
    try:
        with _named(output), os.fdopen(handle, "wb") as stream:
            yield stream
        aside.replace(output)
    finally:
        aside.unlink(missing_ok=True)
