"""What lies beside the rows of a dataset: where it comes from, how to cite it, how to count again, and checksums."""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

import census
from census.store.statistics import STATISTICS

_SQL = Path(__file__).with_name("sql")
_QUERIES = tuple(sorted(path.stem for path in _SQL.glob("*.sql") if path.stem != "interval"))

# Neither seed nor basis nor settings: with the lists the seed tells in which order hosts were asked, a basis may name
# a network's owner, and settings hold who is excluded.
_SCANS = text("""
    select id as scan, uuid::text, name, reference, contact, authorization_hash,
        encode(sha256(convert_to(settings::text, 'UTF8')), 'hex') as settings_hash,
        version, places, targets, began, ended
    from scan order by id
""")
_LAID = text("select digest from laid")
_PRUNED = text("select max(before) from pruning")
_LINEAGE = text("select max(digest) from lineage")


@dataclass(frozen=True, slots=True)
class Made:
    """What a dataset holds: rows of each file, the bound of its counts, and whether addresses are as they are."""

    rows: Mapping[str, int]
    bound: int
    addresses: bool


def write(connection: Connection, folder: Path, made: Made) -> None:
    """Write all papers; checksums last, for they are over everything else."""
    scans = [dict(row) for row in connection.execute(_SCANS).mappings()]
    (folder / "README.md").write_text(_readme(scans, made), encoding="utf-8")
    (folder / "CITATION.cff").write_text(_citation(scans), encoding="utf-8")
    host = "address" if made.addresses else "address_hash"
    interval = (_SQL / "interval.sql").read_text(encoding="utf-8")
    (folder / "sql").mkdir()
    for name in _QUERIES:
        query = (_SQL / f"{name}.sql").read_text(encoding="utf-8").replace("HOST", host)
        (folder / "sql" / f"{name}.sql").write_text(f"{interval}\n{query}", encoding="utf-8")
    told = json.dumps(_manifest(connection, folder, scans, made), indent=2, ensure_ascii=False, default=_plain)
    (folder / "manifest.json").write_text(f"{told}\n", encoding="utf-8")
    sums = [f"{_sum(path)}  {name}\n" for name, path in _files(folder)]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def _manifest(connection: Connection, folder: Path, scans: list[dict[str, Any]], made: Made) -> dict[str, Any]:
    return {
        "dataset": 1,
        "made_at": datetime.now(UTC),
        "census": census.__version__,
        "sql": connection.scalar(_LAID),
        "lineage": connection.scalar(_LINEAGE),
        "pruned_before": connection.scalar(_PRUNED),
        "addresses": made.addresses,
        "min_count": made.bound,
        "scans": scans,
        "rows": dict(made.rows),
        "statistics": {name: each.definition for name, each in STATISTICS.items()},
        "files": {name: {"sha256": _sum(path), "bytes": path.stat().st_size} for name, path in _files(folder)},
    }


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _files(folder: Path) -> list[tuple[str, Path]]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(path.relative_to(folder).as_posix(), path) for path in paths]


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _days(scans: list[dict[str, Any]]) -> str:
    began = sorted(scan["began"] for scan in scans)
    return f"{began[0]:%Y-%m-%d} to {began[-1]:%Y-%m-%d}" if began else "without scans"


def _citation(scans: list[dict[str, Any]]) -> str:
    """Citation File Format 1.2.0; a JSON string is a string of YAML too, whatever is in it."""
    contacts = sorted({scan["contact"] for scan in scans}) or ["unknown"]
    authors = "".join(f"  - name: {json.dumps(f'Census team, {contact}')}\n" for contact in contacts)
    return (
        "cff-version: 1.2.0\n"
        "message: If you use this dataset, please cite it; its authors put their names here before it is published.\n"
        "type: dataset\n"
        f"title: Census of exposed AI inference hosts, {_days(scans)}\n"
        f"date-released: '{datetime.now(UTC):%Y-%m-%d}'\n"
        f"authors:\n{authors}"
    )


def _readme(scans: list[dict[str, Any]], made: Made) -> str:
    files = "\n".join(f"| `data/{name}.parquet` | {count:,} |" for name, count in made.rows.items())
    queries = textwrap.fill(", ".join(f"`{name}`" for name in _QUERIES), 120, break_on_hyphens=False)
    return f"""# Census of exposed AI inference hosts, {_days(scans)}

{len(scans)} scans, made with census {census.__version__}. `manifest.json` says which, under which authorisation, with
which place databases, and what each statistic means; `dictionary.csv` has every column with type, unit and meaning.
`sha256sum --check SHA256SUMS` tells whether anything was changed.

| file | rows |
|---|---|
{files}

`statistics/credible` has every statistic without decoys, by host and over all scans, `statistics/raw` with decoys.

## What is not in it

{_kept_back(made)}

## Counting again

`sql/` has queries for
{queries}.
They read the files of `data` and need no database, only DuckDB:

```shell
duckdb -c ".read sql/families.sql"
```

or, from Python in this folder: `duckdb.sql(open("sql/families.sql").read())`. Each gives the rows of the statistic of
that name, with the interval of the share. The other statistics stand in `statistics` alone: they look at single scans,
hours, regions or names, which the rows do not have as they are. Where `statistics` hides small counts the query has
them, and countries that `data` withholds are under null. `sightings` has one row for each endpoint with one list of
models and one software, over all the time it stayed so; its `inventory` is the list, whose models `inventories` has.
Leave out `decoy <> 'decoy'` for the population `raw`.
"""


def _kept_back(made: Made) -> str:
    hidden = (
        "Nothing is hidden in the statistics."
        if made.bound <= 1
        else f"Rows of the statistics that stand for fewer than {made.bound} units are hidden, and with them what would"
        f"\ntell them: the next larger rows, until all that is hidden is {2 * made.bound} units or more."
    )
    if made.addresses:
        return f"{hidden} The rows hold addresses as they are: do not publish them."
    return f"""{hidden}

Addresses, names and certificates are keyed hashes (HMAC-SHA-256); the key stays with those who made this. Rows are in
an order of chance, times are days (UTC), and places are countries. Countries, networks, versions, and names, digests,
architectures, quantizations and formats of models that fewer than {made.bound} hosts have are withheld: they are null,
or `withheld:` with a keyed hash, equal where the values are equal. No body, prompt, template or path was ever stored.

The rows are pseudonymous, not anonymous: whoever scans the same hosts may find one again by its list of models."""
