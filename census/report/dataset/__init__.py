"""A census as a folder for an archive: rows, statistics, and all that a reviewer needs to count again without it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from census.errors import UseError
from census.report import anonymity, dictionary
from census.report.dataset import papers
from census.report.dataset.rows import LEFT_OUT, Veil, veiled
from census.report.exports import WHATS
from census.report.extras import ReportError, need
from census.report.formats import write_parquet
from census.report.tables import write_bytes
from census.store.statistics import STATISTICS

POPULATIONS = ("credible", "raw")
# Statistics that an option makes another of: the name of the file, whose it is, and the option.
_VARIANTS = (
    ("co-deployment-triples", "co-deployment", {"triples": True}),
    ("software-versions", "software", {"versions": True}),
)


class FolderError(UseError):
    """The folder cannot be made there; says what to name instead."""


def write(connection: Connection, folder: Path, *, key: bytes | None, bound: int) -> papers.Made:
    """Write the dataset of the whole database into a new folder, which is there when it is whole, or not at all.

    `key` None writes addresses and all else as it is; `bound` is the least number of units that a row of a statistic
    may stand for, and of hosts that a value must have to be told. Give a connection that sees one moment. Raises
    FolderError, ReportError.
    """
    need("pyarrow", "parquet", "a dataset")
    if folder.exists() or folder.is_symlink():
        raise FolderError(f"{folder} is there already, and nothing is overwritten: name a new folder, or move that one")
    try:
        aside = Path(tempfile.mkdtemp(dir=folder.absolute().parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise ReportError(f"cannot write {folder}: {error.strerror}") from error
    try:
        made = _fill(connection, aside, key=key, bound=bound)
        if key is not None:
            aside.chmod(0o755)
        try:
            aside.rename(folder)
        except OSError as error:
            raise FolderError(f"{folder} was made by somebody else meanwhile: name a new folder") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return made


def _fill(connection: Connection, folder: Path, *, key: bytes | None, bound: int) -> papers.Made:
    veil = None if key is None else Veil.over(connection, key, bound)
    (folder / "data").mkdir()
    rows = {what: _write_rows(connection, what, folder / "data" / f"{what}.parquet", veil) for what in WHATS}
    for population in POPULATIONS:
        _write_statistics(connection, folder / "statistics" / population, population, bound)
    book = dictionary.dictionary(connection, addresses=key is None)
    with (folder / "dictionary.csv").open("wb") as stream:
        write_bytes(dictionary.only(book, WHATS, () if veil is None else LEFT_OUT), "csv", stream)
    made = papers.Made(rows, bound, addresses=key is None)
    papers.write(connection, folder, made)
    return made


def _write_rows(connection: Connection, what: str, path: Path, veil: Veil | None) -> int:
    count = 0

    def counted(rows: Any) -> Any:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    with veiled(connection, what, veil) as (columns, rows), path.open("wb") as stream:
        write_parquet(columns, counted(rows), stream)
    return count


def _write_statistics(connection: Connection, folder: Path, population: str, bound: int) -> None:
    """Every statistic by host and over all scans, as CSV for people and as Parquet for programs."""
    folder.mkdir(parents=True)
    asked: list[tuple[str, str, dict[str, Any]]] = [*((name, name, {}) for name in STATISTICS), *_VARIANTS]
    for file, name, options in asked:
        folded = anonymity.publish(connection, name, bound, population=population, **options)
        for form in ("csv", "parquet"):
            with (folder / f"{file}.{form}").open("wb") as stream:
                write_bytes(folded.result, form, stream)
