"""The village's hosts looked up again with place files made here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from census.places import Places
from census.store import relocation
from census.store.connect import connect
from census.store.idle import BusyError
from census.store.relocation import Moved
from tests.support.asking import rows_of

WHERE = """
    select host(address), country, region, asn, organization from host
    left join place on place.id = place_id left join network on network.id = network_id order by address
"""


def file(folder: Path, records: dict[str, Any]) -> Path:
    writer = MMDBWriter(ip_version=4, database_type="Test")
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    path = folder / f"{len(list(folder.iterdir()))}.mmdb"
    writer.to_db_file(str(path))
    return path


def relocate(url: str, *files: Path, dry_run: bool = False) -> Moved:
    with Places(files) as places, connect(url) as connection:
        return relocation.relocate(connection, places.locate, dry_run=dry_run)


def test_hosts_move_and_it_says_whence_and_whither(village_url: str, tmp_path: Path) -> None:
    newer = file(tmp_path, {
        "127.0.0.1/32": {"country": "FR"}, "127.0.0.2/32": {"country": "CN", "asn": 64497},
        "127.0.0.4/32": {"country": "FR"}, "127.0.0.5/32": {"country": "FR"},
    })  # fmt: skip
    told = relocate(village_url, newer)
    assert told.countries == Counter({("US", "FR"): 2, (None, "FR"): 1})
    assert told.networks == Counter({(64496, 64497): 1})
    assert (told.hosts, told.changed) == (6, 4)
    assert rows_of(village_url, WHERE) == [
        ("127.0.0.1", "FR", None, 64496, "Example Net"),
        ("127.0.0.2", "CN", "Beijing", 64497, None),
        ("127.0.0.3", "CN", "Beijing", 64496, "Example Net"),
        ("127.0.0.4", "FR", None, 64496, "Example Net"),
        ("127.0.0.5", "FR", None, 64496, "Example Net"),
        ("127.0.0.6", "DE", "Bavaria", 64496, "Example Net"),
    ]
    assert relocate(village_url, newer).changed == 0


def test_a_file_of_networks_alone_leaves_countries_alone(village_url: str, tmp_path: Path) -> None:
    before = [row[:3] for row in rows_of(village_url, WHERE)]
    told = relocate(village_url, file(tmp_path, {"127.0.0.0/8": {"asn": 64500, "as_name": "New Net"}}))
    assert told.networks == Counter({(64496, 64500): 6})
    assert [row[:3] for row in rows_of(village_url, WHERE)] == before


def test_a_dry_run_says_the_same_and_changes_nothing(village_url: str, tmp_path: Path) -> None:
    newer = file(tmp_path, {"127.0.0.0/8": {"country": "FR"}})
    before = rows_of(village_url, WHERE)
    told = relocate(village_url, newer, dry_run=True)
    assert rows_of(village_url, WHERE) == before
    assert rows_of(village_url, "select count(*) from place where country = 'FR'") == [(0,)]
    assert relocate(village_url, newer) == told


def test_hosts_on_several_pages_are_all_looked_up(
    village_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relocation, "_PAGE", 4)
    assert relocate(village_url, file(tmp_path, {"127.0.0.0/8": {"country": "FR"}})).changed == 6


def test_it_waits_for_a_running_scan(village_url: str, tmp_path: Path) -> None:
    rows_of(village_url, "update scan set ended = null, heartbeat = now() where id = 2")
    with pytest.raises(BusyError, match="scan 2 is running"):
        relocate(village_url, file(tmp_path, {"127.0.0.0/8": {"country": "FR"}}))
