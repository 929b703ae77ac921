"""The population: the same for its seed, mixed as designed, and true to the software and versions it simulates."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from census.demo import Population, Resident, generate, truth
from census.demo.behaviour import Behaviour
from census.demo.catalogue import OLLAMA, Entry
from census.demo.holdings import Held, hold
from census.facts import Outcome, Tools, Verdict
from census.places import Place, Places
from census.probe.pace import network_of
from census.targets.scope_file import read_scope

LLAMA, QWEN = "Llama", "Qwen"


@pytest.fixture(scope="module")
def population() -> Population:
    return generate(7, 3000)


def _fingerprint(population: Population) -> str:
    return hashlib.sha256(repr(population.residents).encode()).hexdigest()


def test_a_seed_gives_the_same_population_in_every_process() -> None:
    program = (
        "import hashlib; from census.demo import generate;"
        "print(hashlib.sha256(repr(generate(5, 200).residents).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "99"}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == _fingerprint(generate(5, 200))


def test_another_seed_gives_another_population() -> None:
    assert _fingerprint(generate(5, 200)) != _fingerprint(generate(6, 200))


def test_populations_of_nearby_seeds_share_no_network(population: Population) -> None:
    def networks(each: Population) -> set[str]:
        return {prefix for prefixes in each.networks.values() for prefix in prefixes}

    assert not networks(population) & networks(generate(8, 3000))
    assert not networks(population) & networks(generate(7 + 223, 300))


@pytest.mark.parametrize("endpoints", [1, 2, 59, 300])
def test_there_are_as_many_endpoints_as_asked_for(endpoints: int) -> None:
    residents = generate(3, endpoints).residents
    assert len(residents) == endpoints == len({each.endpoint for each in residents})


def test_no_endpoints_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="ask for one or more"):
        generate(3, 0)


@pytest.mark.parametrize("seed", range(5))
def test_sixty_endpoints_show_every_behaviour(seed: int) -> None:
    assert {each.behaviour for each in generate(seed, 60).residents} == set(Behaviour)


def test_everybody_lives_on_loopback_in_many_networks(population: Population) -> None:
    addresses = {each.address for each in population.residents}
    assert all(ipaddress.ip_address(address).is_loopback for address in addresses)
    assert len({address.rpartition(".")[0] for address in addresses}) > 100
    assert all(each.port >= 1024 for each in population.residents)


def test_some_hosts_have_two_or_three_ports(population: Population) -> None:
    ports = Counter(Counter(each.address for each in population.residents).values())
    assert set(ports) == {1, 2, 3, 10}
    assert 0.08 < (ports[2] + ports[3]) / ports.total() < 0.25


@pytest.mark.parametrize("endpoints", [60, 300, 3000])
def test_crowds_stand_on_ten_ports_of_one_host_and_in_six_networks(endpoints: int) -> None:
    residents = generate(11, endpoints).residents
    ports = [each for each in residents if each.behaviour is Behaviour.DECOY_PORTS]
    clones = [each for each in residents if each.behaviour is Behaviour.SUSPECT_CLONE]
    assert (len({each.address for each in ports}), len({each.port for each in ports})) == (1, 10)
    assert len({network_of(each.address) for each in clones}) == len(clones) == 6
    assert len({each.models for each in ports}) == len({each.models for each in clones}) == 1
    assert len(clones[0].models) >= 3


def test_the_list_has_a_line_for_every_endpoint(population: Population) -> None:
    lines = list(population.targets())
    assert lines == [f"{each.address}:{each.port}" for each in population.residents]


def test_most_targets_are_inference_servers_and_most_of_those_ollama(population: Population) -> None:
    live = [each for each in population.residents if each.outcome.recognised]
    assert 0.55 < len(live) / len(population.residents) < 0.70
    assert 0.75 < sum(each.software == "Ollama" for each in live) / len(live) < 0.90


def test_llama_and_qwen_stand_together_on_about_half_of_the_hosts_with_several_families(population: Population) -> None:
    pair = next(row for row in truth.co_deployment(population) if (row["a"], row["b"]) == (LLAMA, QWEN))
    assert 0.45 < pair["count"] / pair["of"] < 0.62


def test_about_half_of_the_hosts_advertise_tools(population: Population) -> None:
    yes, no, unknown = truth.tool_calling(population)
    assert 0.42 < yes["count"] / yes["of"] < 0.60
    assert no["count"] > 0
    assert unknown["count"] > 0


def test_about_half_of_the_hosts_have_a_model_in_q4_k_m(population: Population) -> None:
    having = {each.address for each in population.residents for held in each.models if held.quantization == "Q4_K_M"}
    serving = {each.address for each in population.residents if each.outcome is Outcome.SERVED}
    assert 0.42 < len(having) / len(serving) < 0.60


def test_inventories_are_mostly_small_and_a_few_are_libraries(population: Population) -> None:
    shares = {row["models"]: row["count"] / row["of"] for row in truth.inventory(population)}
    assert max(shares, key=shares.__getitem__) == "2-3"
    assert 0.005 < shares[">=20"] < 0.04


def test_ollamas_of_all_five_ages_are_there(population: Population) -> None:
    firsts = ((0, 1), (0, 3), (0, 6, 8), (0, 12), (0, 30))
    releases = {
        tuple(int(part) for part in (each.version or "0").partition("-")[0].split("."))
        for each in population.residents
        if each.behaviour is Behaviour.OLLAMA
    }
    for first, after in zip(firsts, (*firsts[1:], (1,)), strict=True):
        assert any(first <= release < after for release in releases)


def test_no_server_runs_a_model_younger_than_itself(population: Population) -> None:
    for resident in population.residents:
        if resident.software == "Ollama" and resident.version is not None:
            release = tuple(int(part) for part in str(resident.version).partition("-")[0].split("."))
            assert all(held.entry.since <= release for held in resident.models)


def test_only_those_that_serve_have_models(population: Population) -> None:
    for resident in population.residents:
        assert bool(resident.models) == (resident.outcome is Outcome.SERVED)
        assert resident.software is None or resident.outcome.recognised
        assert resident.verdict is Verdict.CREDIBLE or resident.outcome is Outcome.SERVED
        assert bool(resident.signals) == (resident.verdict is not Verdict.CREDIBLE)


def test_a_model_has_one_digest_wherever_it_is_but_with_decoys(population: Population) -> None:
    digests: dict[str, set[str]] = {}
    for resident in population.residents:
        for held in resident.models:
            if resident.behaviour is Behaviour.DECOY_RC_CHN:
                continue  # it has digests of other models
            if resident.behaviour in (Behaviour.DECOY_DIGEST, Behaviour.DECOY_MAGOO):
                assert str(held.digest).startswith("sha256:")
            elif held.digest is not None:
                digests.setdefault(held.name, set()).add(held.digest)
    assert len(digests) > 60
    for found in digests.values():
        (digest,) = found
        assert len(digest) == 64
        assert int(digest, 16)


def _entry(name: str) -> Entry:
    return next(entry for entry in OLLAMA if entry.name == name)


def _tools(name: str, version: str) -> tuple[Tools, str | None, tuple[str, ...] | None]:
    held: Held = hold(_entry(name), Behaviour.OLLAMA, version)
    return held.tools, held.tools_source, held.capabilities


def test_tools_are_known_as_each_age_of_ollama_tells_them() -> None:
    both = ("completion", "tools")
    assert _tools("qwen2:7b", "0.2.5") == (Tools.NO, "template", None)
    assert _tools("qwen2:7b", "0.3.6") == (Tools.YES, "template", None)
    assert _tools("qwen2:7b", "0.6.8") == (Tools.YES, "show", both)
    assert _tools("qwen2:7b", "0.32.15") == (Tools.YES, "tags", both)
    assert _tools("llama3:8b", "0.32.15") == (Tools.NO, "show", ("completion",))
    assert _tools("nomic-embed-text:latest", "0.32.15") == (Tools.NO, "tags", ("embedding",))


def test_a_template_inside_the_file_counts_from_the_last_age_on() -> None:
    name = "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M"
    assert _tools(name, "0.20.2")[0] is Tools.NO
    assert _tools(name, "0.30.1") == (Tools.YES, "show", ("completion", "tools"))


def test_a_cloud_model_is_known_only_where_the_list_tells() -> None:
    assert _tools("gpt-oss:120b-cloud", "0.13.5") == (Tools.UNKNOWN, None, None)
    assert _tools("gpt-oss:120b-cloud", "0.30.1") == (Tools.YES, "tags", ("completion", "thinking", "tools"))


def test_thinking_is_told_from_the_release_on_that_knows_of_it() -> None:
    assert _tools("qwen3:8b", "0.7.0")[2] == ("completion", "tools")
    assert _tools("qwen3:8b", "0.9.6")[2] == ("completion", "thinking", "tools")


def test_the_place_file_has_every_resident_where_the_population_says(population: Population, tmp_path: Path) -> None:
    file = tmp_path / "places.mmdb"
    population.write_places(file)

    def place(resident: Resident) -> Place:
        return Place(resident.country, resident.region, resident.city, resident.asn, resident.organization)

    with Places([file]) as places:
        assert all(places.locate(each.address) == place(each) for each in population.residents)
        assert places.locate("127.0.0.1") == Place()
    assert any(each.country is None for each in population.residents)
    assert any(each.country is not None and each.city is None for each in population.residents)


def test_countries_follow_the_published_order(population: Population) -> None:
    rows = truth.countries(population)
    assert [row["country"] for row in rows[:3]] == ["CN", "US", "DE"]


def test_the_scope_admits_everybody_on_its_day(population: Population, tmp_path: Path) -> None:
    file = tmp_path / "scope.toml"
    file.write_text(population.scope_toml(date(2026, 11, 21), details=False), encoding="utf-8")
    scope = read_scope(file)
    assert scope.valid_from <= date(2026, 11, 21) <= scope.valid_until
    assert [str(network) for network in scope.networks] == ["127.0.0.0/8"]
    assert (scope.rate, scope.rate_per_network, scope.details) == (5000, 2000, False)
