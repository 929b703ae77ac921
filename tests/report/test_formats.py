"""Rows for other programs: JSON, JSON lines, CSV, Parquet."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from census.report.extras import ReportError
from census.report.formats import write_parquet
from census.report.tables import write
from census.store.statistics import Result

MOMENT = datetime(2026, 11, 2, 12, tzinfo=UTC)
RESULT = Result(
    ("name", "count", "share", "names", "seen", "remote", "none"),
    [('a,"b"', 3, 0.5, ["x", "ü"], MOMENT, True, None), ("c", -1, -0.25, [], MOMENT, False, None)],
)


def written(result: Result, form: str) -> str:
    stream = io.StringIO(newline="")
    write(result, form, stream)
    return stream.getvalue()


def test_json_is_one_array_of_objects() -> None:
    first, second = json.loads(written(RESULT, "json"))
    assert first == {
        "name": 'a,"b"', "count": 3, "share": 0.5, "names": ["x", "ü"], "seen": "2026-11-02T12:00:00+00:00",
        "remote": True, "none": None,
    }  # fmt: skip
    assert second["count"] == -1


def test_no_rows_are_an_empty_array_and_no_lines() -> None:
    nothing = Result(("name",), [])
    assert json.loads(written(nothing, "json")) == []
    assert written(nothing, "jsonl") == ""
    assert written(nothing, "csv") == "name\r\n"


def test_json_lines_are_one_object_each() -> None:
    lines = written(RESULT, "jsonl").splitlines()
    assert [json.loads(line)["name"] for line in lines] == ['a,"b"', "c"]


def test_csv_is_as_rfc_4180_has_it_with_lists_as_json_in_a_cell() -> None:
    text = written(RESULT, "csv")
    assert text.startswith('name,count,share,names,seen,remote,none\r\n"a,""b""",3,0.5,')
    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert json.loads(first["names"]) == ["x", "ü"]
    assert (first["seen"], first["remote"], first["none"]) == ("2026-11-02T12:00:00+00:00", "true", "")
    assert (second["count"], second["share"]) == ("-1", "-0.25")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "'=1", "'a"])
def test_no_text_in_csv_is_a_formula(name: str) -> None:
    rows = csv.reader(io.StringIO(written(Result(("model", "count"), [(name, -1)]), "csv"), newline=""))
    assert list(rows)[1] == [f"'{name}", "-1"]


def test_an_unknown_format_is_refused_by_name() -> None:
    with pytest.raises(ReportError, match="no format 'xml'"):
        written(RESULT, "xml")


def test_parquet_without_its_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ReportError, match=r"pip install 'inference-census\[parquet\]'"):
        write_parquet({"name": 25}, [], io.BytesIO())


def test_parquet_keeps_types_lists_and_nulls() -> None:
    pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    stream = io.BytesIO()
    columns = {"name": 25, "count": 20, "share": 701, "names": 1009, "seen": 1184, "remote": 16, "none": 25}
    write_parquet(columns, RESULT.rows, stream)
    table = parquet.read_table(io.BytesIO(stream.getvalue()))
    assert [tuple(row.values()) for row in table.to_pylist()] == RESULT.rows
    assert str(table.schema.field("seen").type) == "timestamp[us, tz=UTC]"
