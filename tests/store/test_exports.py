"""The export views, read from the village of `tests.store.village`."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import Connection, text

from tests.store.village import DAY_1, DAY_2, EVENING

COLUMNS = {
    "targets": "scan address port outcome",
    "endpoints": "address port first_seen last_seen observations software version country region asn decoy",
    "observations": "scan address port observed_at outcome software version models tools decoy latency_ms",
    "models": "scan address port model digest family developer origin architecture quantization parameters"
    " context_length capabilities tools tools_source remote",
}


def ask(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(query))]


@pytest.mark.parametrize("view", COLUMNS)
def test_a_view_has_the_columns_that_scripts_rely_on(village: Connection, view: str) -> None:
    columns = list(village.execute(text(f"select * from export.{view}")).keys())
    assert set(COLUMNS[view].split()) <= set(columns)


def test_targets_show_names_without_address_and_those_not_asked_yet(village: Connection) -> None:
    found = ask(village, "select address, port, outcome, name from export.targets where scan = 1")
    assert len(found) == 15
    assert ("127.0.0.4", 11434, "locked", None) in found
    assert (None, 11434, "unresolved", "gone.example.edu") in found
    assert found[-1] == ("127.0.1.8", 11434, None, None)


def test_targets_of_all_scans_are_kept_apart(village: Connection) -> None:
    found = ask(village, "select scan, outcome from export.targets where address = '127.0.0.5' order by scan")
    assert found == [(1, "empty"), (2, "timed_out")]


def test_endpoints_show_the_last_software_and_the_verdict_in_a_word(village: Connection) -> None:
    found = ask(
        village,
        "select address, port, first_seen, last_seen, observations, software, version, country, region, asn, decoy,"
        " signals from export.endpoints order by address, port",
    )
    assert found[1] == (
        "127.0.0.1", 11434, DAY_1, EVENING, 3, "Ollama", "0.6.0", "US", "Virginia", 64496, "credible", [],
    )  # fmt: skip
    assert found[3][4:] == (2, "Ollama", "0.5.0", "CN", "Beijing", 64496, "decoy", ["canary"])
    assert found[4][4:9] == (2, None, None, None, None)
    assert found[6][10] == "suspect"


def test_an_endpoint_that_was_locked_later_keeps_the_software_it_showed(village: Connection) -> None:
    village.execute(text("update sighting set endpoint_id = 6 where software_id is null"))
    query = "select last_seen, software from export.endpoints where address = '127.0.0.5'"
    assert ask(village, query) == [(DAY_2, "vLLM")]


def test_observations_list_model_names_only_where_a_list_was_read(village: Connection) -> None:
    query = "select outcome, models, tools, software from export.observations where address = '{}' and scan = {}"
    assert ask(village, query.format("127.0.0.2", 2)) == [
        ("served", ["llama3:8b", "qwen2:7b", "r1:7b"], "yes", "Ollama")
    ]
    assert ask(village, query.format("127.0.0.6", 1)) == [("served", ["our-own:latest"], "unknown", "Ollama")]
    assert ask(village, query.format("127.0.0.5", 1)) == [("empty", [], "no", "vLLM")]
    assert ask(village, query.format("127.0.0.5", 2)) == [("timed_out", None, None, None)]
    assert ask(village, query.format("127.0.0.4", 2)) == [("locked", None, None, None)]


def test_observations_hold_every_attempt_once(village: Connection) -> None:
    assert ask(village, "select scan, count(*) from export.observations group by scan order by scan") == [
        (1, 6),
        (2, 7),
        (3, 2),
    ]
    found = ask(village, "select distinct observed_at, latency_ms from export.observations where scan = 3")
    assert found == [(EVENING, 12.5)]


def test_models_name_the_last_scan_in_which_an_endpoint_listed_them(village: Connection) -> None:
    query = "select scan, model, family, tools, decoy from export.models where address = '127.0.0.2' order by model"
    assert ask(village, query) == [
        (3, "llama3:8b", "Llama", "yes", "credible"),
        (3, "qwen2:7b", "Qwen", "no", "credible"),
        (2, "r1:7b", "DeepSeek", "unknown", "credible"),
    ]


def test_models_of_one_name_with_two_digests_are_two(village: Connection) -> None:
    query = "select scan, digest from export.models where address = '127.0.0.1' and model = 'llama3:8b' order by scan"
    first, second = (hashlib.sha256(bytes([number])).hexdigest() for number in (1, 2))
    assert ask(village, query) == [(2, first), (3, second)]


def test_a_model_described_anew_is_one_row_with_its_last_description(village: Connection) -> None:
    village.execute(text("update model set digest = 'same', capabilities = '{tools,vision}' where id = 2"))
    village.execute(text("update model set digest = 'same' where id = 1"))
    query = "select scan, digest, capabilities from export.models where address = '127.0.0.1' and model = 'llama3:8b'"
    assert ask(village, query) == [(3, "same", ["tools", "vision"])]


def test_times_are_those_of_the_observations(village: Connection) -> None:
    assert ask(village, "select distinct observed_at from export.observations order by 1") == [
        (DAY_1,),
        (DAY_2,),
        (EVENING,),
    ]
