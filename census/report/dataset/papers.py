"""What lies beside the rows of a dataset: where it comes from, how to cite it, how to count again, and checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

import census
from census.store.statistics import STATISTICS

_SQL = Path(__file__).with_name("sql")
_MACROS = ("interval", "bits")  # stand before every query
_QUERIES = tuple(sorted({path.stem for path in _SQL.glob("*.sql")} - {*_MACROS}))

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
    (folder / "sql").mkdir()
    for name in _QUERIES:
        (folder / "sql" / f"{name}.sql").write_text(_query(name, addresses=made.addresses), encoding="utf-8")
    told = json.dumps(_manifest(connection, folder, scans, made), indent=2, ensure_ascii=False, default=_plain)
    (folder / "manifest.json").write_text(f"{told}\n", encoding="utf-8")
    sums = [f"{_sum(path)}  {name}\n" for name, path in _files(folder)]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def _query(name: str, *, addresses: bool) -> str:
    """One query after the macros, for files in which hosts and certificates have these names."""
    query = "\n".join((_SQL / f"{each}.sql").read_text(encoding="utf-8") for each in (*_MACROS, name))
    mark = "" if addresses else "_hash"
    return query.replace("HOST", f"address{mark}").replace("CERTIFICATE", f"certificate{mark}")


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

`sql/` has a query for every statistic, by its name, and for triples of families (`co-deployment-triples`) and versions
(`software-versions`). They read the files of `data` and need no database, only DuckDB:

```shell
duckdb -c ".read sql/families.sql"
```

or, from Python in this folder: `duckdb.sql(open("sql/families.sql").read())`. Each gives the rows of the statistic of
that name, without decoys, by host and over all scans. For the population `raw` leave out `decoy <> 'decoy'` (`funnel`
and `decoys` are the same for both), and of `hosts` take `population = 'raw'`. `sightings` has one row for each endpoint
with one list of models and one software, over all the time it stayed so; its `inventory` is the list, whose models
`inventories` has.

What a query does not give as the statistic has it:

{_departures(made)}
"""


def _departures(made: Made) -> str:
    both = """- `clusters`: no names as examples; `inventories` has all of them.
- `uptime`, `survival`: from `hosts`, which has the attempts of each host counted and its days reckoned."""
    if made.addresses:
        return both
    return f"""{both}
- `upgrades`: `days` are whole, for times are days here; they are at most one day off.
- `clusters`: `inventory` is a keyed hash, so that lists which as many hosts have come in another order.
- Where `statistics` hides small counts the query has them. What `data` withholds (below {made.bound} hosts)
  counts under null for countries, regions and networks, as unknown for the advisories of a version and the bits of a
  quantization, and under its keyed hash elsewhere."""


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
an order of chance, times are days (UTC), and there are no cities. Countries, regions, networks, versions, and names,
digests, architectures, quantizations and formats of models that fewer than {made.bound} hosts have are withheld: they
are null, or `withheld:` with a keyed hash, equal where the values are equal. No body, prompt, template or path was ever
stored.

The rows are pseudonymous, not anonymous: whoever scans the same hosts may find one again by its list of models."""
