"""The data dictionary: every column that leaves the database, with its type, unit and meaning."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from census.report.exports import REVEALING
from census.store import meanings
from census.store.statistics import Result

COLUMNS = ("file", "column", "type", "unit", "meaning")


def dictionary(connection: Connection, *, addresses: bool) -> Result:
    """A row for each column of each export and statistic, in their order, by the names that they have in files.

    With `addresses` False the columns that reveal a host are those of keyed hashes. A statistic's file is named as it
    is on the command line, with its folder before it.
    """
    rows = [
        (each.table, _name(each.column, addresses=addresses), each.type, each.unit, each.meaning)
        for each in meanings.described(connection, "export")
    ]
    rows += [
        (f"statistics/{each.table.replace('_', '-')}", each.column, each.type, each.unit, each.meaning)
        for each in meanings.described(connection, "stats")
    ]
    return Result(COLUMNS, list(rows))


def only(book: Result, files: Sequence[str], left_out: Sequence[str]) -> Result:
    """The rows of a dictionary that are about these files or a statistic, without columns that were left out."""
    rows = [
        row for row in book.rows if row[0].startswith("statistics/") or (row[0] in files and row[1] not in left_out)
    ]
    return Result(book.columns, rows)


def _name(column: str, *, addresses: bool) -> str:
    return f"{column}_hash" if column in REVEALING and not addresses else column
