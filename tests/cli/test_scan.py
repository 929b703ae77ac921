from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from census.demo import Neighbourhood, launch
from tests.support.ports import free_ports
from tests.support.program import SCOPE, census, command, last_json, surroundings
from tests.support.seeds import own_seed

ENDPOINTS = 80
RECOGNISED = {"served", "locked", "empty"}


@pytest.fixture(scope="module")
def neighbourhood() -> Iterator[Neighbourhood]:
    with launch(own_seed(35), ENDPOINTS) as running:
        yield running


@pytest.fixture
def scope(tmp_path: Path) -> Path:
    file = tmp_path / "scope.toml"
    file.write_text(SCOPE)
    return file


@pytest.fixture
def targets(neighbourhood: Neighbourhood, tmp_path: Path) -> Path:
    file = tmp_path / "targets.txt"
    file.write_text("\n".join(neighbourhood.population.targets()) + "\n")
    return file


FAST = ("--timeout", "0.5", "--deadline", "2", "--workers", "1")


def test_a_scan_tells_its_result_as_one_json_object(
    targets: Path, scope: Path, tmp_path: Path, database_url: str
) -> None:
    done = census("scan", targets, "--scope", scope, "--json", *FAST, folder=tmp_path, url=database_url)
    assert done.returncode == 0, done.stderr
    told = last_json(done)
    assert list(told) == [
        "scan", "targets", "outcomes", "endpoints", "hosts", "models", "requests", "connections", "seconds",
        "state",
    ]  # fmt: skip
    assert told["targets"] == ENDPOINTS == sum(told["outcomes"].values())
    assert told["endpoints"] == sum(told["outcomes"].get(word, 0) for word in RECOGNISED)
    assert told["hosts"] <= told["endpoints"]
    assert "no place database" in done.stderr
    state = json.loads(census("status", "--json", folder=tmp_path, url=database_url).stdout)
    assert state == {
        "scan": told["scan"], "state": "done", "targets": ENDPOINTS, "done": ENDPOINTS, "outcomes": told["outcomes"],
        "rate": state["rate"], "eta_seconds": None,
    }  # fmt: skip
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select name, reference, targets from scan").fetchone()
    assert row == (None, "TEST-2", ENDPOINTS)


def test_a_scan_that_found_nobody_leads_to_how_far_it_came(scope: Path, tmp_path: Path, database_url: str) -> None:
    closed = f"127.0.0.1:{free_ports(1)}\n"
    done = census("scan", "-", "--scope", scope, *FAST, folder=tmp_path, url=database_url, given=closed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("next: census stats funnel --scan 1\n")


def test_lists_come_from_several_files_gzip_and_standard_input_and_duplicates_count_once(
    neighbourhood: Neighbourhood, targets: Path, scope: Path, tmp_path: Path, database_url: str
) -> None:
    lines = list(neighbourhood.population.targets())
    packed = tmp_path / "more.gz"
    packed.write_bytes(gzip.compress("\n".join(lines[:40]).encode()))
    given = "\n".join([*lines[20:60], "# a comment", "what is this?", ""])
    done = census("scan", targets, packed, "-", "--scope", scope, "--json", *FAST, folder=tmp_path, url=database_url,
                  given=given)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert last_json(done)["targets"] == ENDPOINTS
    assert "no target" in done.stderr
    assert ":42" in done.stderr
    assert "what is this?" in done.stderr


def test_several_workers_share_a_scan(targets: Path, scope: Path, tmp_path: Path, database_url: str) -> None:
    done = census("scan", targets, "--scope", scope, "--json", "--timeout", "0.5", "--deadline", "2", "--workers", "3",
                  folder=tmp_path, url=database_url)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sum(last_json(done)["outcomes"].values()) == ENDPOINTS


def test_the_same_seed_gives_the_same_order_and_shards_add_up(
    targets: Path, scope: Path, tmp_path: Path, database_url: str
) -> None:
    total = 0
    for shard in ("1/2", "2/2"):
        done = census("scan", targets, "--scope", scope, "--json", *FAST, "--shard", shard, "--seed", "9",
                      folder=tmp_path, url=database_url)  # fmt: skip
        assert done.returncode == 0, done.stderr
        total += last_json(done)["targets"]
    assert total == ENDPOINTS


def test_a_shard_into_which_nothing_falls_is_a_scan_with_nothing_to_do(
    scope: Path, tmp_path: Path, database_url: str
) -> None:
    listed = tmp_path / "one.txt"
    listed.write_text("127.0.0.9:9\n")
    told = []
    for shard in ("1/2", "2/2"):
        line = ("scan", listed, "--scope", scope, "--json", "--shard", shard, *FAST)
        done = census(*line, folder=tmp_path, url=database_url)
        assert done.returncode == 0, done.stderr
        told.append((last_json(done)["targets"], last_json(done)["state"], "falls into this shard" in done.stderr))
    assert sorted(told) == [(0, "done", True), (1, "done", False)]
    status = census("status", "latest", folder=tmp_path, url=database_url)
    assert "is done" in status.stdout
    for shard in ("1/2", "2/2"):
        assert census("preflight", listed, "--scope", scope, "--shard", shard, folder=tmp_path).returncode == 0
        line = ("scan", listed, "--scope", scope, "--quiet", "--shard", shard, *FAST)
        quiet = census(*line, folder=tmp_path, url=database_url)
        assert (quiet.returncode, quiet.stderr) == (0, "")


def test_targets_that_are_listed_with_both_schemes_are_told(scope: Path, tmp_path: Path, database_url: str) -> None:
    listed = tmp_path / "both.txt"
    listed.write_text("http://127.0.0.9:9/\nhttps://127.0.0.9:9/\nhttps://127.0.0.9:10\n")
    told = "note: 1 target is listed with http:// and with https://; such a target is asked once, by https"
    ahead = census("preflight", listed, "--scope", scope, "--json", folder=tmp_path)
    assert (json.loads(ahead.stdout)["with_both_schemes"], json.loads(ahead.stdout)["targets"]) == (1, 2)
    assert told in ahead.stderr
    assert told in census("scan", listed, "--scope", scope, *FAST, folder=tmp_path, url=database_url).stderr
    assert census("preflight", listed, "--scope", scope, "--quiet", folder=tmp_path).stderr == ""


def test_a_list_without_a_target_is_wrong_use_also_with_a_shard(scope: Path, tmp_path: Path, database_url: str) -> None:
    for given in ("", "# nothing\n", "8.8.8.8:53\n"):
        done = census("scan", "-", "--scope", scope, "--shard", "1/1", folder=tmp_path, url=database_url, given=given)
        assert done.returncode == 2, done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scan_tells_what_it_did_as_json_too(
    number: signal.Signals, targets: Path, scope: Path, tmp_path: Path, database_url: str
) -> None:
    line = command("scan", targets, "--scope", scope, "--rate", "15", "--json", *FAST)
    environment = surroundings(tmp_path, database_url)
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        wait_for_some(database_url)
        run.send_signal(number)
        printed, _ = run.communicate(timeout=30)
    assert run.returncode == 130
    told = json.loads(printed.splitlines()[-1])
    assert (told["scan"], told["state"], told["targets"]) == (1, "interrupted", ENDPOINTS)
    assert 0 < sum(told["outcomes"].values()) < ENDPOINTS
    with psycopg.connect(database_url) as connection:
        stored = connection.execute("select count(distinct endpoint_id) from observation").fetchone()
    assert stored == (told["endpoints"],)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_scan_can_be_resumed(
    number: signal.Signals, targets: Path, scope: Path, tmp_path: Path, database_url: str
) -> None:
    line = command("scan", targets, "--scope", scope, "--rate", "25", "--name", "cut", "--json", *FAST)
    environment = surroundings(tmp_path, database_url)
    with subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        wait_for_some(database_url)
        began = time.monotonic()
        run.send_signal(number)
        _, said = run.communicate(timeout=20)
    if number is not signal.SIGKILL:
        assert time.monotonic() - began < 5
        assert run.returncode == 130
        assert "census resume 1" in said
    status = census("status", "cut", "--json", folder=tmp_path, url=database_url)
    done_before = json.loads(status.stdout)["done"]
    assert 0 < done_before < ENDPOINTS
    done = census("resume", "cut", "--json", "--workers", "1", folder=tmp_path, url=database_url)
    assert done.returncode == 0, done.stderr
    told = last_json(done)
    assert told["scan"] == 1
    assert told["targets"] == ENDPOINTS == sum(told["outcomes"].values())
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "select count(*), count(distinct endpoint_id) from observation where sighting_id is not null"
        ).fetchone()
    assert rows == (told["endpoints"], told["endpoints"])
    again = census("resume", folder=tmp_path, url=database_url)
    assert again.returncode == 2
    assert "no scan is unfinished" in again.stderr


def test_a_finished_scan_is_done_whatever_became_of_its_authorisation(
    targets: Path, scope: Path, tmp_path: Path, database_url: str
) -> None:
    scanned = census("scan", targets, "--scope", scope, *FAST, folder=tmp_path, url=database_url)
    assert scanned.returncode == 0, scanned.stderr
    with psycopg.connect(database_url) as connection:
        connection.execute("update scan set settings = jsonb_set(settings, '{scope,valid_until}', '\"2020-02-01\"')")
    again = census("resume", "1", "--json", folder=tmp_path, url=database_url)
    assert again.returncode == 0, again.stderr
    assert again.stderr.startswith("scan 1 is done: nothing is left to ask\n")
    assert last_json(again)["state"] == "done"
    assert last_json(again)["targets"] == ENDPOINTS


def wait_for_some(url: str) -> None:
    end = time.monotonic() + 100
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < end:
            row = connection.execute("select sum(n) from chunk, unnest(counts) as n").fetchone()
            if row is not None and row[0]:
                return
            time.sleep(0.05)
    raise AssertionError("nothing was written in 100 s")


WRONG = {
    "no authorization": ('[scope]\nnetworks = ["127.0.0.0/8"]\n', "[authorization]"),
    "expired": (SCOPE.replace("2099-12-31", "2021-01-01"), "ended on 2021-01-01"),
    "not yet valid": (SCOPE.replace("2020-01-01", "2098-01-01"), "begins on 2098-01-01"),
    "a typing error": (SCOPE.replace("contact  ", "contcat  "), "contact"),
    "no TOML": ("[authorization\n", ":1"),
    "nothing in scope": (SCOPE.replace("127.0.0.0/8", "192.0.2.0/24"), "out of scope"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_scope_that_does_not_allow_the_scan_is_told_in_a_sentence(
    name: str, targets: Path, tmp_path: Path, database_url: str
) -> None:
    text, sentence = WRONG[name]
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    done = census("scan", targets, "--scope", file, *FAST, folder=tmp_path, url=database_url)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from scan").fetchone() == (0,)


def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    targets: Path, scope: Path, tmp_path: Path
) -> None:
    url = "postgresql://me:hunter2@127.0.0.1:1/census"
    for line in (("scan", targets, "--scope", scope), ("stats", "families"), ("status",), ("db", "upgrade")):
        done = census(*line, folder=tmp_path, url=url)
        assert done.returncode == 1, line
        assert "127.0.0.1:1" in done.stderr
        assert "hunter2" not in done.stderr + done.stdout
        assert "Traceback" not in done.stderr


def test_wrong_use_exits_with_2(targets: Path, scope: Path, tmp_path: Path, database_url: str) -> None:
    for line in (
        ("scan", targets),
        ("scan", "--scope", scope),
        ("scan", targets, "--scope", scope, "--ports", "0"),
        ("scan", targets, "--scope", scope, "--shard", "3/2"),
        ("scan", targets, "--scope", scope, "--rate", "nan"),
        ("scan", targets, "--scope", scope, "--rate", "inf"),
        ("scan", targets, "--scope", scope, "--name", "latest"),
        ("scan", targets, "--scope", scope, "--name", "7"),
        ("stats", "tool-calling", "--triples"),
        ("scan", tmp_path / "missing.txt", "--scope", scope),
        ("status", "99"),
        ("resume", "no such"),
        ("stats", "famlies"),
        ("scna",),
    ):
        done = census(*line, folder=tmp_path, url=database_url)
        assert done.returncode == 2, (line, done.stderr)
        assert "Traceback" not in done.stderr


def test_a_mistyped_command_or_statistic_is_corrected(tmp_path: Path, database_url: str) -> None:
    assert "'scan'" in census("scna", folder=tmp_path, url=database_url).stderr
    assert "families" in census("stats", "famlies", folder=tmp_path, url=database_url).stderr


def test_preflight_asks_nothing(neighbourhood: Neighbourhood, targets: Path, scope: Path, tmp_path: Path) -> None:
    before = sum(neighbourhood.record().connections.values())
    done = census("preflight", targets, "--scope", scope, "--rate", "10", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["targets"] == told["to_ask"] == ENDPOINTS
    assert told["seconds"] == ENDPOINTS / 10
    assert sum(neighbourhood.record().connections.values()) == before
    text = census("preflight", targets, "--scope", scope, folder=tmp_path).stdout
    assert "TEST-2" in text
    assert f"to be asked     {ENDPOINTS}" in text


def test_a_rate_above_the_scope_is_lowered_to_it(targets: Path, scope: Path, tmp_path: Path) -> None:
    done = census("preflight", targets, "--scope", scope, "--rate", "999999", "--json", folder=tmp_path)
    assert json.loads(done.stdout)["rate"] == 5000
    assert "above the scope's 5000" in done.stderr


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path, database_url: str) -> None:
    for line in (("stats",), ("kinds",), ("kinds", "--json")):
        environment = surroundings(tmp_path, database_url)
        reading, writing = os.pipe()
        os.close(reading)  # nobody reads at all, which is as early as can be
        done = subprocess.run(command(*line), env=environment, stdout=writing, stderr=subprocess.PIPE, check=False)
        os.close(writing)
        assert done.returncode == 0, (line, done.stderr)
        assert done.stderr == b""


def test_preflight_reads_the_list_of_another_tool_and_one_that_is_cut_off_only_when_told_so(
    scope: Path, tmp_path: Path
) -> None:
    lines = '{"ip_str": "127.0.0.7", "port": 8000}\n' * 50
    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(gzip.compress(lines.encode(), compresslevel=0)[:-40])
    refused = census("preflight", cut, "--scope", scope, folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"census: {cut}: the gzip file is cut off; copy it anew, or use what is there with --partial\n"
    )
    read = census("preflight", cut, "--scope", scope, "--json", "--partial", folder=tmp_path)
    assert read.returncode == 0, read.stderr
    assert (last_json(read)["targets"], last_json(read)["lines_that_are_no_target"]) == (1, 1)
    assert f"no target: {cut}:50: " in read.stderr


def test_a_list_of_no_known_form_is_refused_with_the_forms_that_are(scope: Path, tmp_path: Path) -> None:
    done = census("preflight", "-", "--scope", scope, folder=tmp_path, given='{"host": "127.0.0.7"}\n')
    assert done.returncode == 2
    assert done.stderr.startswith('census: -:1: {"host": "127.0.0.7"}: the form of this list is not recognised; ')
    assert "Shodan" in done.stderr


def test_scan_takes_part_of_a_list_only_when_told_so(scope: Path, tmp_path: Path, database_url: str) -> None:
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(b"127.0.0.7:9\n" * 50, compresslevel=0)[:-40])
    line = ("scan", cut, "--scope", scope, "--json", *FAST)
    assert census(*line, folder=tmp_path, url=database_url).returncode == 2
    done = census(*line, "--partial", folder=tmp_path, url=database_url)
    assert done.returncode == 0, done.stderr
    assert last_json(done)["targets"] == 1
