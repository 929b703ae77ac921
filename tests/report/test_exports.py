"""Exports: which rows, and that no address leaves unless it was asked for."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from census.report.exports import WHATS, export, hash_key
from census.report.extras import ReportError
from tests.report.population import GEMMA, LLAMA, NOW, QWEN, Listed, Population, neighbourhood

KEY = bytes(range(32))
OF_HOSTS = [what for what in WHATS if what not in {"inventories", "judgements"}]  # belong to whoever has them
PROMISED = {
    "targets": {"scan", "address", "port", "outcome"},
    "endpoints": {
        "address", "port", "first_seen", "last_seen", "observations", "software", "version", "country", "region",
        "asn", "decoy",
    },
    "observations": {
        "scan", "address", "port", "observed_at", "outcome", "software", "version", "models", "tools", "decoy",
        "latency_ms",
    },
    "models": {
        "scan", "address", "port", "model", "digest", "family", "developer", "origin", "architecture", "quantization",
        "parameters", "context_length", "capabilities", "tools", "tools_source", "remote",
    },
    "sightings": {"address", "port", "inventory", "models", "first_seen", "last_seen", "observations", "decoy"},
    "inventories": {"inventory", "model", "digest", "family", "tools"},
    "hosts": {"population", "address", "first_seen", "last_seen", "gone_at", "observations"},
    "judgements": {"software", "version", "advisory", "affected"},
}  # fmt: skip


def exported(connection: Connection, what: str, **options: Any) -> list[dict[str, Any]]:
    stream = io.BytesIO()
    number = export(connection, what, stream, **{"key": None, **options})
    rows = [json.loads(line) for line in stream.getvalue().decode().splitlines()]
    assert len(rows) == number
    return rows


@pytest.mark.parametrize("what", WHATS)
def test_the_promised_columns_are_there_with_addresses(connection: Connection, what: str) -> None:
    neighbourhood(connection)
    rows = exported(connection, what)
    assert all(row.keys() >= PROMISED[what] for row in rows)
    assert what not in OF_HOSTS or "127.0.0.1" in {row["address"] for row in rows}


@pytest.mark.parametrize("what", OF_HOSTS)
def test_without_addresses_a_keyed_hash_stands_in_the_same_place(connection: Connection, what: str) -> None:
    neighbourhood(connection)
    plain, secret = exported(connection, what), exported(connection, what, key=KEY)
    names = [f"{name}_hash" if name in {"address", "name", "certificate"} else name for name in plain[0]]
    assert list(secret[0]) == names
    expected = hmac.new(KEY, b"127.0.0.1", hashlib.sha256).hexdigest()
    assert expected in {row["address_hash"] for row in secret}


def test_nothing_that_tells_an_address_is_left(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    population.seen(scan, "127.9.9.9", [LLAMA], name="llm.example.edu", certificate="ab" * 32)
    for what in WHATS:
        stream = io.BytesIO()
        export(connection, what, stream, key=KEY)
        for telling in (b"127.9.9.9", b"llm.example.edu", b"ab" * 32):
            assert telling not in stream.getvalue()


def test_a_target_that_is_only_a_name_has_no_address_and_no_hash_of_one(connection: Connection) -> None:
    neighbourhood(connection)
    unresolved = [row for row in exported(connection, "targets", key=KEY) if row["outcome"] == "unresolved"]
    assert [(row["address_hash"], len(row["name_hash"])) for row in unresolved] == [(None, 64)]


def test_one_scan_has_what_was_observed_in_it(connection: Connection) -> None:
    first = neighbourhood(connection)
    population = Population(connection)
    second = population.scan("second")
    population.seen(second, "127.0.0.1", [LLAMA, GEMMA])
    population.seen(second, "127.0.1.1", [QWEN])
    population.failed(second, "127.0.0.2")
    assert {row["address"] for row in exported(connection, "endpoints", scan=second)} == {"127.0.0.1", "127.0.1.1"}
    assert len(exported(connection, "endpoints", scan=first)) == 10
    assert {row["scan"] for row in exported(connection, "observations", scan=second)} == {second}
    assert exported(connection, "targets", scan=second) == []
    models = {(row["address"], row["model"]) for row in exported(connection, "models", scan=second)}
    assert models == {("127.0.0.1", LLAMA.name), ("127.0.0.1", GEMMA.name), ("127.0.1.1", QWEN.name)}
    assert {row["address"] for row in exported(connection, "hosts", scan=second)} == {"127.0.0.1", "127.0.1.1"}
    judged = {(row["software"], row["version"]) for row in exported(connection, "judgements", scan=second)}
    assert judged == {("Ollama", "0.9.0")}


def test_turns_tell_the_order_of_changes_of_one_endpoint_within_a_day(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    for version, hours in (("0.6.0", 3), ("0.5.0", 1), ("0.9.0", 2)):
        population.seen(scan, "127.0.0.1", [LLAMA], version=version, at=NOW - timedelta(hours=hours))
    population.seen(scan, "127.0.0.2", [LLAMA])
    connection.execute(text("update sighting s set last_seen = :now where s.id = 1"), {"now": NOW})
    rows = exported(connection, "sightings")
    turns = {(row["address"], row["version"]): (row["first_turn"], row["last_turn"]) for row in rows}
    assert turns.pop(("127.0.0.2", "0.9.0")) == (1, 1)
    assert {version: turn for (_, version), turn in turns.items()} == {
        "0.6.0": (1, 4), "0.9.0": (2, 2), "0.5.0": (3, 3),
    }  # fmt: skip


def test_csv_has_lists_as_json_and_defuses_formulas(connection: Connection) -> None:
    population = Population(connection)
    population.seen(population.scan(), "127.0.0.1", [Listed("=cmd|'/c calc'!A1", None, capabilities=("completion",))])
    stream = io.BytesIO()
    export(connection, "models", stream, form="csv", key=KEY)
    (row,) = csv.DictReader(io.StringIO(stream.getvalue().decode(), newline=""))
    assert row["model"] == "'=cmd|'/c calc'!A1"
    assert json.loads(row["capabilities"]) == ["completion"]


def test_a_file_is_there_whole_or_not_at_all(connection: Connection, tmp_path: Path) -> None:
    neighbourhood(connection)
    output = tmp_path / "models.jsonl"
    assert export(connection, "models", output, key=KEY) == len(output.read_text().splitlines()) == 15
    output.write_text("from before")
    with pytest.raises(ReportError):
        export(connection, "models", output, form="xml", key=KEY)
    connection.execute(text("create or replace function stats.tools_word(tools smallint) returns text"
                            " language plpgsql as $$ begin raise exception 'broken'; end $$"))  # fmt: skip
    with pytest.raises(Exception, match="broken"):
        export(connection, "observations", output, key=KEY)
    assert output.read_text() == "from before"
    assert [each.name for each in tmp_path.iterdir()] == ["models.jsonl"]


def test_a_file_that_cannot_be_written_and_an_unknown_word_are_sentences(
    connection: Connection, tmp_path: Path
) -> None:
    with pytest.raises(ReportError, match="cannot write"):
        export(connection, "models", tmp_path / "no such folder" / "x", key=KEY)
    with pytest.raises(ReportError, match="nothing called 'owners'"):
        export(connection, "owners", tmp_path / "x", key=KEY)


def test_rows_are_fetched_while_they_are_written(connection: Connection) -> None:
    population = Population(connection)
    scan = population.scan()
    population.chunk(scan, [(f"127.1.{n // 250}.{n % 250}", 11434, None, None) for n in range(5000)])

    class Watched(io.BytesIO):
        cursors = 0

        def write(self, data: Any) -> int:
            named = text("select count(*) from pg_cursors where name <> ''")
            self.cursors = max(self.cursors, connection.scalar(named) or 0)
            return super().write(data)

    stream = Watched()
    assert export(connection, "targets", stream, key=KEY) == 5000
    assert stream.cursors == 1  # the database still holds the rest while the first rows are written


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: hash_key(home), range(16)))
    assert [len(key) for key in keys] == [32]
    assert stat.S_IMODE((home / "hash.key").stat().st_mode) == 0o600
    assert [each.name for each in home.iterdir()] == ["hash.key"]


def test_a_damaged_key_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "hash.key").write_bytes(b"short")
    with pytest.raises(ReportError, match=r"hash\.key holds 5 bytes"):
        hash_key(tmp_path)
