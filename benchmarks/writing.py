"""How fast observations are written, beside a plain COPY of the rows that come of them, in one run.

    python benchmarks/writing.py [--observations 20000] [--batch 1000] [--json]

Observations of new hosts with four models each, drawn by Zipf's law, are written in batches by the writer of scans;
then the rows that stand in the tables for it are copied into empty tables with the same indexes: once with the same
foreign keys, as whoever loads these tables by COPY would have them checked, and once without any. A Markdown table goes
to standard output: wall time, CPU seconds of this process and of the server's process behind it, and the ratios.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import Connection

from census.facts import Model, Observation, Outcome, Target, Tools
from census.places import Places
from census.scan.process import calm
from census.store import claims
from census.store.connect import connect
from census.store.embedded import Embedded
from census.store.migrate import upgrade
from census.store.writer import Batch, Writer

_TABLES = ("model", "inventory", "host", "endpoint", "sighting", "observation")
_MODELS = 3000
_EACH = 4  # models of a host
_SCAN = """
insert into scan (reference, basis, contact, valid_from, valid_until, authorization_hash, settings, lists, places,
    seed, version, targets, began)
values ('benchmark', 'b', 'c', now(), now(), '0', '{}', '{}', '[]', 1, '0', 0, now()) returning id
"""

# Columns that the database computes are left to it.
_SENT = """
select quote_ident(attname) from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
"""
_KEYS = "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'f'"

Spent = tuple[float, float, float]  # seconds: wall, this process, the server's


def observations(count: int) -> list[Observation]:
    """What hosts of as many addresses list."""
    draw = random.Random(7)
    weights = list(itertools.accumulate(1 / rank for rank in range(1, _MODELS + 1)))
    models = [_model(number) for number in range(_MODELS)]
    made = []
    for address in draw.sample(range(1 << 24, 1 << 31), count):
        listed = tuple(dict.fromkeys(draw.choices(models, cum_weights=weights, k=_EACH)))
        text = ".".join(map(str, address.to_bytes(4, "big")))
        version = draw.choice(("0.5.7", "0.6.8", "0.9.6", "0.13.5"))
        made.append(
            Observation(
                Target(text, 11434), Outcome.SERVED, datetime.now(UTC), text, "Ollama", version, listed,
                running=1, latency_ms=draw.uniform(1, 300),
            )
        )  # fmt: skip
    return made


def _model(number: int) -> Model:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return Model(
        f"qwen2.5-{number}:7b", digest, 4683087332, "gguf", "qwen2", 7615616512, "Q4_K_M", 32768, None,
        ("completion", "tools"), Tools.YES, "show", "model", remote=False, template_hash=digest,
    )  # fmt: skip


def spent(connection: Connection[Any], work: Callable[[], None]) -> Spent:
    """What a piece of work takes."""
    before = (time.perf_counter(), time.process_time(), _of_server(connection))
    work()
    wall, here, there = (time.perf_counter(), time.process_time(), _of_server(connection))
    return wall - before[0], here - before[1], there - before[2]


def _of_server(connection: Connection[Any]) -> float:
    told = Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text(encoding="ascii")
    return int(told.split()[0]) / 1e9


def write(connection: Connection[Any], seen: Sequence[Observation], batch: int) -> None:
    """All observations as the batches of one scan."""
    row = connection.execute(_SCAN).fetchone()
    assert row is not None
    pieces = [seen[start : start + batch] for start in range(0, len(seen), batch)]
    claims.add_chunks(
        connection, row[0], (([each.target for each in piece], bytes(len(piece)), False) for piece in pieces)
    )
    writer = Writer(connection, Places([]).locate)
    for number, piece in enumerate(pieces):
        connection.execute("update chunk set attempt = 1 where number = %s", (number,))
        writer.write(Batch(row[0], number, 1, bytes(each.outcome for each in piece), piece, 0, 0))


def copied(connection: Connection[Any], *, keys: bool) -> Callable[[], None]:
    """A plain COPY of what is stored into tables of the same kind; the rows are fetched beforehand."""
    stored, copies = {}, "keyed_" if keys else "bare_"
    for table in _TABLES:
        names = ", ".join(name for (name,) in connection.execute(_SENT, (table,)))
        cursor = connection.execute(f"select {names} from {table}".encode())  # noqa: S608  our own names
        types = [column.type_code for column in cursor.description or ()]
        stored[table] = (names, types, cursor.fetchall())
        connection.execute(f"create table {copies}{table} (like {table} including all)".encode())
        for (key,) in connection.execute(_KEYS, (table,)).fetchall() if keys else ():
            connection.execute(f"alter table {copies}{table} add {key}".encode())

    def copy() -> None:
        for table, (names, types, rows) in stored.items():
            with (
                connection.cursor() as cursor,
                cursor.copy(f"copy {copies}{table} ({names}) from stdin".encode()) as out,
            ):
                out.set_types(types)
                for row in rows:
                    out.write_row(row)

    return copy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--observations", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="the ratio of the CPU seconds of both as one object")
    given = parser.parse_args()
    seen = observations(given.observations)
    calm()  # as a worker is
    with tempfile.TemporaryDirectory() as folder, Embedded(Path(folder) / "server") as server:
        upgrade(server.url)
        with connect(server.url) as connection:
            writing = spent(connection, lambda: write(connection, seen, given.batch))
            keyed = spent(connection, copied(connection, keys=True))
            bare = spent(connection, copied(connection, keys=False))
    if given.json:
        print(json.dumps({"writing": sum(keyed[1:]) / sum(writing[1:])}))
        return
    print("| | seconds | CPU here | CPU of Postgres | observations a second |")
    print("|---|--:|--:|--:|--:|")
    for name, took in (("writer", writing), ("COPY, keys checked", keyed), ("COPY without keys", bare)):
        print(f"| {name} | {took[0]:.2f} | {took[1]:.2f} | {took[2]:.2f} | {given.observations / took[0]:,.0f} |")
    for name, copying in (("reached of COPY, keys checked", keyed), ("reached of COPY without keys", bare)):
        ratios = [f"{copy / own:.2f}" for own, copy in zip(writing, copying, strict=True)]
        print(f"| {name} | {' | '.join(ratios)} | |")


if __name__ == "__main__":
    main()
