"""Rows for other programs: JSON, JSON lines, CSV and Parquet, each written while the rows come in."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, TextIO

from census.report.extras import ReportError, need

TEXT_FORMATS = ("json", "jsonl", "csv")

# A spreadsheet takes a cell that begins so for a formula, some after blanks or in full-width signs, and names come from
# strangers. An apostrophe before it makes a text of it; one before a text that has an apostrophe of its own tells both
# apart, so that whoever reads takes one away wherever there is one.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n']")
_ROW_GROUP = 20_000  # rows of Parquet kept in memory at a time

# Types of Postgres by number, as Arrow calls them; whatever else there may be is written as text.
_ARROW = {16: "bool", 20: "int64", 21: "int16", 23: "int32", 700: "float", 701: "double"}
_TIMESTAMP = 1184
_TEXT_ARRAY = 1009
_TEXT, _WHOLE, _REAL = 25, 20, 701


def write_text(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: str, stream: TextIO) -> None:
    """Write rows as `json` (one array of objects), `jsonl` or `csv` (RFC 4180); another form is a ReportError."""
    if form == "csv":
        _write_csv(columns, rows, stream)
    elif form == "jsonl":
        stream.writelines(f"{_object(columns, row)}\n" for row in rows)
    elif form == "json":
        _write_json(columns, rows, stream)
    else:
        raise ReportError(f"there is no format {form!r}; there are {', '.join(TEXT_FORMATS)}")


def write_rows(columns: Mapping[str, int], rows: Iterable[Sequence[Any]], form: str, stream: BinaryIO) -> None:
    """Write rows as bytes in any format, `columns` with the number of each one's type in Postgres."""
    if form == "parquet":
        write_parquet(columns, rows, stream)
        return
    encoded = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        write_text(tuple(columns), rows, form, encoded)
    finally:
        encoded.detach()


def write_parquet(columns: Mapping[str, int], rows: Iterable[Sequence[Any]], stream: BinaryIO) -> None:
    """Write rows as Parquet, `columns` with the number of each one's type in Postgres; ReportError without pyarrow."""
    arrow = need("pyarrow", "parquet", "writing Parquet")
    parquet = need("pyarrow.parquet", "parquet", "writing Parquet")
    schema = arrow.schema([(name, _arrow_type(arrow, number)) for name, number in columns.items()])
    rest = iter(rows)
    with parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        while group := list(islice(rest, _ROW_GROUP)):
            values = zip(zip(*group, strict=True), schema, strict=True)
            arrays = [arrow.array(each, type=field.type) for each, field in values]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))


def type_of(values: Iterable[Any]) -> int:
    """The number of the type in Postgres that fits values which did not come from there; lists are of texts."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return _WHOLE
    if kinds == {list}:
        return _TEXT_ARRAY
    return _REAL if kinds and kinds <= {int, float} else _TEXT


def _arrow_type(arrow: Any, number: int) -> Any:
    if number == _TIMESTAMP:
        return arrow.timestamp("us", tz="UTC")
    if number == _TEXT_ARRAY:
        return arrow.list_(arrow.string())
    return arrow.type_for_alias(_ARROW.get(number, "string"))


def _write_json(columns: Sequence[str], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    before = "[\n"
    for row in rows:
        stream.write(before + _object(columns, row))
        before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def _object(columns: Sequence[str], row: Sequence[Any]) -> str:
    return json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> Any:
    """One value for a cell: numbers as they are, null empty, lists as JSON, and no text that is a formula."""
    match value:
        case None | bool():
            return {None: "", True: "true", False: "false"}[value]
        case int() | float():
            return value
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=_plain)
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text
