"""The truth: the statistics of four hosts that can be counted by hand."""

from __future__ import annotations

import pytest

from census.demo import Population, Resident, truth
from census.demo.behaviour import Behaviour
from census.demo.catalogue import LITELLM, OLLAMA, VLLM, Entry
from census.demo.holdings import hold
from census.facts import Outcome, Verdict

ENTRIES = {entry.name: entry for entry in (*OLLAMA, *VLLM, *LITELLM)}


def _resident(
    address: str,
    port: int,
    outcome: Outcome,
    *names: str,
    behaviour: Behaviour = Behaviour.OLLAMA,
    software: str | None = "Ollama",
    country: str | None = "CN",
    verdict: Verdict = Verdict.CREDIBLE,
    signals: tuple[str, ...] = (),
) -> Resident:
    entries: list[Entry] = [ENTRIES[name] for name in names]
    return Resident(
        address=address,
        port=port,
        behaviour=behaviour,
        outcome=outcome,
        software=software,
        version="0.6.8",
        models=tuple(hold(entry, behaviour, "0.6.8") for entry in entries),
        running=None,
        verdict=verdict,
        signals=signals,
        country=country,
        region=None,
        city=None,
        asn=None,
        organization=None,
    )


# A: two endpoints that share a model. B: one with a family of its own, tools unknown. C: a decoy and a lock.
# D: an empty one. E and F: not recognised.
POPULATION = Population(
    (
        _resident("127.0.1.1", 11434, Outcome.SERVED, "llama3:8b", "qwen2.5:7b"),
        _resident("127.0.1.1", 11435, Outcome.SERVED, "llama3:8b", "nomic-embed-text:latest"),
        _resident(
            "127.0.2.1", 4000, Outcome.SERVED, "in-house", behaviour=Behaviour.LITELLM, software="LiteLLM", country=None
        ),
        _resident("127.0.3.1", 11434, Outcome.SERVED, "llama3:8b", "gemma:7b", verdict=Verdict.DECOY, country="US"),
        _resident("127.0.3.1", 8080, Outcome.LOCKED, software=None, country="US"),
        _resident("127.0.4.1", 11434, Outcome.EMPTY, country="US"),
        _resident("127.0.5.1", 11434, Outcome.REFUSED, software=None),
        _resident("127.0.6.1", 11434, Outcome.TOO_SLOW, software=None),
        _resident("127.0.7.1", 11434, Outcome.OTHER, software=None),
    ),
    {},
)


def test_the_funnel_narrows_by_what_each_outcome_reached() -> None:
    assert truth.funnel(POPULATION) == [
        {"stage": "targets", "count": 9},
        {"stage": "contacted", "count": 9},
        {"stage": "connected", "count": 8},
        {"stage": "http", "count": 7},
        {"stage": "recognised", "count": 6},
        {"stage": "served", "count": 4},
        {"stage": "credible", "count": 3},
    ]


def test_countries_count_recognised_hosts_once() -> None:
    assert truth.countries(POPULATION) == [
        {"rank": 1, "country": "US", "count": 2, "of": 4},
        {"rank": 2, "country": "CN", "count": 1, "of": 4},
        {"rank": 3, "country": None, "count": 1, "of": 4},
    ]
    assert truth.countries(POPULATION, "endpoint", credible=False)[0] == {
        "rank": 1,
        "country": "US",
        "count": 3,
        "of": 6,
    }


def test_a_host_counts_for_each_software_that_it_runs() -> None:
    assert truth.software(POPULATION, credible=False) == [
        {"software": "Ollama", "count": 3, "of": 4},
        {"software": "LiteLLM", "count": 1, "of": 4},
        {"software": None, "count": 1, "of": 4},
    ]


def test_families_end_with_the_hosts_of_which_none_is_known() -> None:
    assert truth.families(POPULATION) == [
        {"rank": 1, "family": "Llama", "developer": "Meta", "origin": "US", "count": 1, "of": 2},
        {"rank": 2, "family": "Nomic Embed", "developer": "Nomic AI", "origin": "US", "count": 1, "of": 2},
        {"rank": 3, "family": "Qwen", "developer": "Alibaba", "origin": "CN", "count": 1, "of": 2},
        {"rank": None, "family": None, "developer": None, "origin": None, "count": 1, "of": 2},
    ]


def test_decoys_count_only_in_the_raw_population() -> None:
    assert "Gemma" not in {row["family"] for row in truth.families(POPULATION)}
    assert "Gemma" in {row["family"] for row in truth.families(POPULATION, credible=False)}


def test_architectures_origins_and_models_are_counted_alike() -> None:
    assert truth.architectures(POPULATION)[-1] == {"rank": None, "architecture": None, "count": 1, "of": 2}
    assert truth.origins(POPULATION) == [
        {"origin": "CN", "count": 1, "of": 2},
        {"origin": "US", "count": 1, "of": 2},
        {"origin": None, "count": 1, "of": 2},
    ]
    assert truth.models(POPULATION, "endpoint")[0] == {"rank": 1, "model": "llama3:8b", "count": 2, "of": 3}


def test_a_host_with_a_derivative_and_an_original_has_both() -> None:
    names = ("deepseek-r1:7b", "deepseek-coder:6.7b", "llama3:8b")
    population = Population((_resident("127.0.8.1", 11434, Outcome.SERVED, *names), *POPULATION.residents), {})
    assert truth.derivatives(population)[:2] == [
        {"family": "DeepSeek", "derivatives": 1, "originals": 1, "count": 1, "of": 3},
        {"family": "Llama", "derivatives": 0, "originals": 2, "count": 2, "of": 3},
    ]


def test_pairs_are_of_hosts_with_several_families_and_lift_of_all_that_serve() -> None:
    rows = truth.co_deployment(POPULATION, credible=False)
    assert {(row["a"], row["b"]) for row in rows} == {
        ("Gemma", "Llama"),
        ("Llama", "Nomic Embed"),
        ("Llama", "Qwen"),
        ("Nomic Embed", "Qwen"),
    }
    llama_qwen = next(row for row in rows if (row["a"], row["b"]) == ("Llama", "Qwen"))
    assert llama_qwen == {"a": "Llama", "b": "Qwen", "count": 1, "of": 2, "jaccard": 0.5, "lift": 1.5}


def test_tools_of_a_host_are_yes_before_unknown_before_no() -> None:
    assert truth.tool_calling(POPULATION) == [
        {"advertised": "yes", "count": 1, "of": 2},
        {"advertised": "no", "count": 0, "of": 2},
        {"advertised": "unknown", "count": 1, "of": 2},
    ]
    assert truth.tool_calling(POPULATION, "endpoint")[1] == {"advertised": "no", "count": 1, "of": 3}


def test_an_inventory_is_the_union_of_names_over_the_endpoints() -> None:
    counts = {row["models"]: row["count"] for row in truth.inventory(POPULATION)}
    assert counts == {"0": 1, "1": 1, "2-3": 1, "4-9": 0, "10-19": 0, ">=20": 0}


def test_outcomes_are_counted_by_their_words() -> None:
    assert truth.outcomes(POPULATION)["served"] == 4
    assert sum(truth.outcomes(POPULATION).values()) == 9


def test_decoys_are_counted_by_verdict_and_signal_of_each_endpoint_that_serves() -> None:
    decoy, also = (("canary", "digest"), ("canary",))
    population = Population(
        (
            _resident("127.0.1.1", 1, Outcome.SERVED, "llama3:8b"),
            _resident("127.0.1.1", 2, Outcome.SERVED, "llama3:8b", verdict=Verdict.DECOY, signals=decoy),
            _resident("127.0.1.1", 3, Outcome.SERVED, "llama3:8b", verdict=Verdict.DECOY, signals=also),
            _resident("127.0.2.1", 1, Outcome.EMPTY),
        ),
        {},
    )
    counts = {"host": [1, 0, 1, 1, 1], "endpoint": [1, 0, 2, 2, 1]}
    kinds = [("credible", None), ("suspect", None), ("decoy", None), ("decoy", "canary"), ("decoy", "digest")]
    for unit, of in (("host", 1), ("endpoint", 3)):
        rows = {(row["verdict"], row["signal"]): (row["count"], row["of"]) for row in truth.decoys(population, unit)}
        assert rows == {kind: (count, of) for kind, count in zip(kinds, counts[unit], strict=True)}


def test_another_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="host or endpoint"):
        truth.models(POPULATION, "host-day")
