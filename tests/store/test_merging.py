"""Two shards scanned into databases of their own, merged, and held against one scan of the whole list."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from census.places import Place
from census.scan import plan as planning
from census.scan import run
from census.scan.settings import Settings
from census.store import exclusions, lineages, merging, pruning, relocation, scans
from census.store.connect import connect
from census.store.embedded import Embedded
from census.store.idle import BusyError
from census.store.merging import Merged, MergeError
from census.store.migrate import upgrade
from census.targets.lists import Problems
from census.targets.order import Spool
from census.targets.shards import parse_shard
from tests.store.village import DAY_1
from tests.support.asking import all_time, rows_of
from tests.support.older import LATEST_FIRST
from tests.support.scanning import scope, work
from tests.support.wire import Handler, answer, answers, listen, page

# Rows by what makes them the same in any database.
EXPORTED = {
    "targets": "address, port, outcome, name, tls",
    "observations": "address, port, observed_at, outcome, software, version, models, tools, running, decoy, latency_ms",
    "endpoints": "*",
    "models": "address, port, model, digest, family, derived, base, quantization, capabilities, tools, remote, size",
}


@pytest.fixture
def another(server: Embedded, template: str) -> Iterator[Callable[[], str]]:
    """Makes databases of the current schema, for this test alone."""
    made: list[str] = []

    def make() -> str:
        made.append(f"merge_{uuid.uuid4().hex}")
        return server.create_database(made[-1], template)

    yield make
    for name in made:
        server.drop_database(name)


def merge(target: str, source: str) -> Merged:
    with connect(target) as here, connect(source) as there:
        return merging.merge(here, there)


def exported(url: str) -> dict[str, list[tuple[Any, ...]]]:
    return {
        view: rows_of(url, f"select {columns} from export.{view} order by address, port, 3, 4")
        for view, columns in EXPORTED.items()
    }


def model(name: str, digest: str, modified: str = "2026-01-01T00:00:00Z") -> dict[str, object]:
    details = {"format": "gguf", "family": "qwen2", "parameter_size": "7.6B", "quantization_level": "Q4_K_M"}
    return {"name": name, "model": name, "size": 4683087332, "digest": digest * 64, "modified_at": modified,
            "details": details, "capabilities": ["completion", "tools"]}  # fmt: skip


def ollama(version: str, *models: dict[str, object]) -> Handler:
    pages = {"/api/tags": page({"models": list(models)}), "/api/version": page({"version": version}),
             "/api/ps": page({"models": []})}  # fmt: skip
    return answers(pages)


def neighbourhood() -> Iterator[tuple[str, Handler]]:
    """Hosts of many networks; six are copies of one machine, three in each shard, which tells only both together."""
    for network in (1, 2, 3, 8, 9, 10):
        yield f"127.0.{network}.1", ollama("0.33.0", *(model(name, name[0]) for name in ("a:1b", "b:2b", "c:3b")))
    for network in (4, 5, 6, 11, 16, 17):
        made = f"2026-01-0{network % 9 + 1}T00:00:00Z"
        yield f"127.0.{network}.1", ollama(f"0.32.{network}", model("qwen2.5:7b", "b", made), model("gemma3:4b", "d"))
    yield "127.0.13.1", ollama("0.33.0")
    yield "127.0.14.1", answers({}, answer(401, b"{}"))
    yield "127.0.15.1", answers({})


async def scan(url: str, folder: Path, targets: list[str], shard: str | None = None) -> int:
    listed, allowed = folder / "targets.txt", scope(folder)
    listed.write_text("\n".join(targets))
    plan = planning.Plan(allowed, 1, Problems())
    with Spool(1, shard=parse_shard(shard) if shard else None) as spool:
        planning.fill(spool, [str(listed)], plan, (11434,))
        settings = Settings(allowed, allowed.rate, timeout=2.0, deadline=4.0)
        number = run.create(url, plan, settings, planning.chunks(plan, spool, 1), name=shard, lists=[str(listed)])
    await work(url, number)
    return number


async def scan_apart_and_whole(folder: Path, shards: list[str], whole: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        wires = [(at, await stack.enter_async_context(listen(handler, at))) for at, handler in neighbourhood()]
        targets = [*(f"{address}:{wire.port}" for address, wire in wires), "127.0.18.1:1", "no-such-name.invalid:80"]
        for number, url in enumerate(shards, 1):
            await scan(url, folder, targets, f"{number}/{len(shards)}")
        await scan(whole, folder, targets)


def test_merged_shards_tell_what_one_scan_of_the_whole_list_tells(another: Callable[[], str], tmp_path: Path) -> None:
    one, other, whole, merged = (another() for _ in range(4))
    asyncio.run(scan_apart_and_whole(tmp_path, [one, other], whole))
    sizes = [len(exported(url)["endpoints"]) for url in (one, other)]
    assert all(sizes), "each shard must have something, or nothing is shown"
    first, second = merge(merged, one), merge(merged, other)
    assert (first.endpoints, second.endpoints) == tuple(sizes)
    assert (first.scans, second.scans) == ((1,), (2,))
    # Two shards are two scans, and unseen compares scans with each other.
    assert all_time(merged, leave=["unseen"]) == all_time(whole, leave=["unseen"])
    assert all_time(one) != all_time(whole)
    clones = "select count(*) from endpoint where 'clone' = any (signals)"
    assert [rows_of(url, clones)[0][0] for url in (one, other, merged, whole)] == [0, 0, 6, 6]
    with connect(merged) as connection:
        assert not lineages.behind(connection)
    # Into one of the two it comes to the same.
    assert merge(one, other).scans == (2,)
    assert all_time(one, leave=["unseen"]) == all_time(whole, leave=["unseen"])


def test_merging_twice_adds_nothing(village_url: str, another: Callable[[], str]) -> None:
    target = another()
    told = merge(target, village_url)
    assert (told.scans, told.known, told.hosts, told.endpoints, told.observations) == ((1, 2, 3), 0, 6, 7, 15)
    before = exported(target), all_time(target), rows_of(target, "select * from sighting order by id")
    again = merge(target, village_url)
    assert again == Merged((), 3, ())
    assert (exported(target), all_time(target), rows_of(target, "select * from sighting order by id")) == before


def test_everything_arrives_in_an_empty_database(village_url: str, another: Callable[[], str]) -> None:
    target = another()
    # Numbers that differ from those there, so that a row which kept its number would be found out.
    rows_of(target, "insert into place (country) values ('ZA'); insert into software (name) values ('Other')")
    rows_of(target, "insert into network (asn) values (1); insert into host (address) values ('127.9.9.9')")
    rows_of(target, "insert into model (hash, name, tools) values ('x', 'x', 0)")
    rows_of(village_url, "update endpoint set name = 'a.example', certificate = 'c', imprint = 'i' where id = 1")
    rows_of(village_url, "update place set city = 'Munich' where id = 3; update scan set unexpected_errors = id")
    merge(target, village_url)
    assert exported(target) == exported(village_url)
    columns = "uuid, name, reference, settings, lists, seed, began, ended, targets, unexpected_errors"
    query = f"select {columns} from scan order by id"
    assert rows_of(target, query) == rows_of(village_url, query)
    chunks = "select scan_id, number, addresses, ports, names, outcomes, counts, done from chunk order by 1, 2"
    assert rows_of(target, chunks) == rows_of(village_url, chunks)
    sets = (
        "select hash, size, families, architectures, origins, unplaced, tools from inventory"
        " where id in (select inventory_id from sighting) order by 1"
    )
    assert [row[:2] for row in rows_of(target, sets)] == [row[:2] for row in rows_of(village_url, sets)]
    imprints = "select name, certificate, imprint from endpoint where name is not null"
    assert rows_of(target, imprints) == [("a.example", "c", "i")]
    told = """select distinct s.host_id = e.host_id, s.size is not distinct from i.size
        from sighting s join endpoint e on e.id = s.endpoint_id left join inventory i on i.id = s.inventory_id"""
    assert rows_of(target, told) == [(True, True)]


def test_a_later_scan_of_a_merged_database_comes_in_alone(village_url: str, another: Callable[[], str]) -> None:
    with connect(village_url) as connection:
        lineages.refresh(connection)  # for inventories are made anew of models, and the village's tell no origin
    target, whole = another(), all_time(village_url)
    rows_of(target, "insert into family (name) values ('Other')")  # so that families have other numbers
    rows_of(village_url, "update scan set ended = null where id = 3")
    told = merge(target, village_url)
    assert (told.scans, told.unfinished) == ((1, 2), (3,))
    assert all_time(target) != whole
    rows_of(village_url, "update scan set ended = now() where id = 3")
    assert merge(target, village_url).scans == (3,)
    # The village's judgements are invented, and those made here are not.
    assert {key: rows for key, rows in all_time(target).items() if key[0] != "exposure"} == {
        key: rows for key, rows in whole.items() if key[0] != "exposure"
    }


def test_versions_that_come_in_are_judged(village_url: str, another: Callable[[], str]) -> None:
    target = another()
    merge(target, village_url)
    [(judged,)] = rows_of(
        target, "select count(*) from judgement join software s on s.id = software_id where version = '0.5.0'"
    )
    assert judged > 0


def test_pruned_scans_cannot_be_merged_but_those_that_are_here_do_not_matter(
    village_url: str, another: Callable[[], str]
) -> None:
    early, late = another(), another()
    rows_of(village_url, "update scan set ended = null where id = 3")
    merge(early, village_url)
    with connect(village_url) as connection:
        pruning.prune(connection, DAY_1 + timedelta(days=1, hours=2), targets=False)
    rows_of(village_url, "update scan set ended = now() where id = 3")
    with pytest.raises(MergeError, match="scan 1 of the other database were pruned"):
        merge(late, village_url)
    assert rows_of(late, "select * from scan") == []
    assert merge(early, village_url).scans == (3,)


def test_models_that_other_rules_placed_are_known_to_be_mixed(village_url: str, another: Callable[[], str]) -> None:
    target = another()
    merge(target, village_url)
    with connect(target) as connection:
        assert lineages.behind(connection)
        lineages.refresh(connection)
        assert not lineages.behind(connection)


def test_simulated_scans_stay_where_they_are_and_make_room(village_url: str, another: Callable[[], str]) -> None:
    target, demo = another(), another()
    merge(demo, village_url)
    rows_of(demo, f"update scan set reference = '{scans.DEMO}'")
    assert merge(target, demo) == Merged((), 0, (), simulated=3)
    assert merge(demo, village_url).scans == (), "they are known by their uuid"
    rows_of(demo, "update scan set uuid = gen_random_uuid()")
    assert merge(demo, village_url).scans == (1, 2, 3)
    assert rows_of(demo, "select distinct reference from scan") == [("IRB 1",)]


def test_who_opted_out_there_has_opted_out_here(village_url: str, another: Callable[[], str]) -> None:
    with connect(village_url) as connection, connection.transaction(), connection.cursor() as cursor:
        exclusions.enter(cursor, [ip_network("127.8.0.0/16")], "by mail", "them")
    target = another()
    merge(target, village_url)
    with connect(target) as connection:
        assert [(each.entry, each.note, each.added_by) for each in exclusions.listed(connection)] == [
            ("127.8.0.0/16", "by mail", "them")
        ]


def test_a_place_that_is_known_here_stays(village_url: str, another: Callable[[], str]) -> None:
    target = another()
    merge(target, village_url)
    with connect(target) as connection:
        relocation.relocate(connection, lambda _: Place("FR", asn=1))
    rows_of(village_url, "update scan set uuid = gen_random_uuid() where id = 1")
    merge(target, village_url)
    assert rows_of(target, "select distinct country from export.endpoints") == [("FR",)]


def test_nothing_is_merged_while_a_scan_runs(village_url: str, another: Callable[[], str]) -> None:
    target = another()
    merge(target, village_url)
    rows_of(target, "update scan set ended = null, heartbeat = now() where id = 2")
    with pytest.raises(BusyError, match="scan 2 is running, and merging must wait"):
        merge(target, village_url)


def test_copies_of_an_older_database_know_their_scans_as_the_same(server: Embedded) -> None:
    """Released databases have no uuid; two copies, upgraded apart, must not be added up."""
    name = f"older_{uuid.uuid4().hex}"
    url = server.create_database(name)
    try:
        upgrade(url)
        rows_of(url, _OLDER)
        numbers = []
        for _ in range(2):
            rows_of(url, "drop schema stats cascade; drop schema export cascade; delete from laid")
            rows_of(url, "alter table scan drop uuid, drop pruned_credible, drop stopped")
            for later in LATEST_FIRST:
                rows_of(url, later)
            rows_of(url, "alter table endpoint drop listed_id; alter table sighting drop recalled")
            rows_of(url, "drop table pruning, lineage, reader, worker, saying")
            rows_of(url, "update alembic_version set version_num = '0005'")
            upgrade(url)
            numbers.append(rows_of(url, "select uuid from scan order by id"))
    finally:
        server.drop_database(name)
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0])) == 2


_OLDER = """
    insert into scan (reference, basis, contact, valid_from, valid_until, authorization_hash, settings, lists, places,
        seed, version, targets, began)
    select 'IRB', 'b', 'c', now(), now(), '0', '{}', '{}', '[]', 1, '0.1.0', 0, now() from generate_series(1, 2)
"""


def test_what_was_told_of_digests_is_merged_and_who_was_asked_in_either_is_not_recalled(
    another: Callable[[], str], tmp_path: Path
) -> None:
    async def scanned(*urls: str) -> None:
        show = page({"template": "{{ .Tools }}", "capabilities": ["completion", "tools"]})
        entry = {key: value for key, value in model("qwen2:7b", "a").items() if key != "capabilities"}
        pages = {"/api/tags": page({"models": [entry]}), "/api/version": page({"version": "0.6.8"}), "/api/show": show}
        async with listen(answers(pages), "127.0.1.1") as first, listen(answers(pages), "127.0.2.1") as second:
            for url in urls:
                await scan(url, tmp_path, [f"127.0.1.1:{first.port}", f"127.0.2.1:{second.port}"])

    one, other, third = (another() for _ in range(3))
    asyncio.run(scanned(one, other))
    recalled = "update sighting set recalled = models from inventory where inventory.id = inventory_id"
    rows_of(one, f"{recalled} and endpoint_id = (select min(endpoint_id) from sighting)")
    rows_of(other, recalled)
    rows_of(third, "insert into model (hash, name, tools) values ('', 'so that numbers differ', 0)")
    told = "select host(address), digest, rules, said from saying join endpoint on endpoint.id = endpoint_id"
    told += " join host on host.id = host_id order by address"
    kept = "select model, recalled from export.models order by recalled"
    here = rows_of(one, told)
    merge(third, other)
    assert (rows_of(third, told), len(here)) == (here, 2)
    assert rows_of(third, kept) == [("qwen2:7b", True)] * 2
    merge(one, other)
    assert rows_of(one, told) == here
    assert rows_of(one, kept) == [("qwen2:7b", False), ("qwen2:7b", True)]
