"""Who imitates Ollama is told from its list as what it is, believed, and never taken for an Ollama; and the reverse."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from census.exchanges import Exchange, Question
from census.facts import Outcome, Signal
from census.kinds import emulators
from tests.kinds.course import JSON, drive, of, web
from tests.kinds.ollama_server import HEX, look, tag
from tests.kinds.test_examples import EXAMPLES, answers

QWEN = "b5dc5e784f2a3ee1582373093acf69a2f4e2ac1710b253a001712b86a61f88bb"  # qwen:0.5b's, which KoboldCpp lists
LEMONADE = {"access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS", **JSON}
CHARSET = {"charset": "utf-8", **JSON}


def hashed(name: str, prefix: str = "sha256:") -> str:
    return prefix + hashlib.sha256(name.encode()).hexdigest()


def listed(name: str, digest: Any, size: Any = 0, **details: Any) -> dict[str, Any]:
    return {"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z", "size": size, "digest": digest,
            "details": {"format": "gguf", "family": "qwen2", **details}}  # fmt: skip


KOBOLD = {"server": "ConcedoLlamaForKoboldServer", **JSON}
# kind, its entries, the version that it claims, headers
IMITATIONS: list[tuple[str, list[Any], str, dict[str, str]]] = [
    ("KoboldCpp", [listed("koboldcpp", QWEN, 394998579, family="koboldcpp")], "0.7.0", JSON),
    ("KoboldCpp", [listed("koboldcpp", HEX, 394998579)], "0.7.0", KOBOLD),
    ("LocalAI", [listed("phi:latest", hashed("phi"))], "0.9.0", JSON),
    ("LocalAI", [listed("phi:4b", hashed("phi:4b"))], "0.9.0", JSON),
    ("Lemonade", [listed("a:latest", "sha256:" + "0" * 64, 7), listed("b:latest", "sha256:" + "0" * 64)], "0.16.1", {}),
    ("Docker Model Runner", [listed("ai/smollm2:latest", "sha256:" + HEX)], "0.1.0", JSON),
    ("SGLang", [listed("q", "sha256:sglang" + "0" * 58, format="sglang")], "", JSON),
    ("llama.cpp", [listed("m.gguf", "", "")], "", JSON),
    ("llama.cpp", [listed("m.gguf", HEX, 7)], "", {"server": "llama.cpp"}),
    ("ollama-api-proxy", [listed("gpt-4o", hashed("gpt-4o"), 10**9)], "1.0.1e", JSON),
    ("ollama-api-proxy", [listed("gpt-4o", hashed("gpt-4o"), 5)], "1.0.1e", CHARSET),
    ("ollama-api-proxy", [listed("gpt-4o-mini", "sha256:gpt4omini", 10**9)], "1.0.1d", CHARSET),
    ("ollama-lmstudio-proxy", [listed("qwen/qwen3-8b:latest", hashed("qwen/qwen3-8b", ""), 7)], "0.13.0", JSON),
]


@pytest.mark.parametrize(("kind", "models", "version", "headers"), IMITATIONS)
@pytest.mark.parametrize("port", [11434, 8080])
def test_an_imitation_is_what_it_is_and_believed_though_its_own_list_fails(
    kind: str, models: list[Any], version: str, headers: dict[str, str], port: int
) -> None:
    paths = {"/api/tags": (200, headers, {"models": models}), "/api/version": (200, JSON, {"version": version})}
    course = drive(web(paths, (404, {}, b"")), port)
    assert (course.name, course.outcome, course.reading.signals) == (kind, Outcome.SERVED, frozenset())
    names = [model.name for model in course.reading.models]
    assert names == [entry["model"].removesuffix(":latest") for entry in models]
    assert {(model.digest, model.size, model.architecture) for model in course.reading.models} == {(None, None, None)}
    assert not any("/api/show" in label for label in course.asked)


@pytest.mark.parametrize(
    ("models", "version", "headers"),
    [
        (None, "0.9.0", JSON),
        ([], "0.16.1", LEMONADE),
        ([], "0.1.0", JSON),
    ],
)
def test_an_imitation_without_models_is_told_by_the_version_that_it_always_claims(
    models: Any, version: str, headers: dict[str, str]
) -> None:
    paths = {"/api/tags": (200, headers, {"models": models}), "/api/version": (200, JSON, {"version": version})}
    course = drive(web(paths, (404, {}, b"")), 11434)
    assert course.name in ("LocalAI", "Lemonade", "Docker Model Runner")
    assert (course.outcome, course.reading.signals) == (Outcome.EMPTY, frozenset())


@pytest.mark.parametrize(
    ("models", "version"),
    [
        ([tag("qwen:0.5b", QWEN)], "0.6.8"),
        ([tag("a"), tag("b", hashed("a", ""))], "0.6.8"),
        ([], "0.9.0"),
        ([], "0.16.1"),
        ([], "0.7.0"),
        (None, "0.6.8"),
    ],
)
def test_an_ollama_is_no_imitation_of_itself(models: Any, version: str) -> None:
    course = look(models or [], version, **({"tags": {"models": None}} if models is None else {}))
    assert (course.name, emulators.imitator(course.exchanges)) == ("Ollama", None)
    assert Signal.DIGEST not in course.reading.signals


@pytest.mark.parametrize(
    ("models", "version"),
    [
        ([tag("phi", "sha256:" + HEX)], "0.9.0"),  # no hash of its name
        ([tag("phi", hashed("phi"))], "0.9.0"),  # LocalAI tells no sizes
        ([tag("phi", "sha256:phi")], "0.9.0"),
        ([tag("a", "sha256:" + HEX, size=0)], "0.6.8"),  # Docker's always claims the same version
        ([tag("a", "sha256:" + HEX)], "0.1.0"),  # and tells no sizes
        ([tag("a", "sha256:" + "0" * 64), tag("b")], "0.16.1"),  # Lemonade has nothing but that
        ([tag("a", "sha256:sglang" + "0" * 58)], "0.6.8"),
        ([tag("a", "")], "0.6.8"),  # llama.cpp has no sizes either
    ],
)
def test_digests_of_nobody_who_is_known_are_a_decoys(models: list[Any], version: str) -> None:
    course = look(models, version)
    assert course.name == "Ollama"
    assert Signal.DIGEST in course.reading.signals


@pytest.mark.parametrize("names", [("a", "b"), ("library/a:latest", "b:7b")])
def test_digests_that_are_hashes_of_names_take_no_ollama_from_its_kind(names: tuple[str, ...]) -> None:
    course = look([tag(name, hashed(name, "")) for name in names])
    assert (course.name, course.outcome, course.reading.signals) == ("Ollama", Outcome.SERVED, frozenset())
    course = look([tag(name, hashed(name, ""), capabilities=["completion"]) for name in names], "0.9.0")
    assert (course.name, course.reading.signals) == ("Ollama", frozenset({Signal.FIELD_TOO_NEW}))


def test_one_hash_of_a_name_among_other_digests_is_no_proxys() -> None:
    missing = (404, JSON, {"error": "Unknown endpoint"})
    both = {"/api/tags": (200, JSON, {"models": [tag("a"), tag("b", hashed("b", ""))]})}
    assert drive(web(both, missing), 11434).name == "Ollama"
    alone = {"/api/tags": (200, JSON, {"models": [tag("b", hashed("b", ""))]})}
    assert drive(web(alone, missing), 11434).name == "ollama-lmstudio-proxy"


@pytest.mark.parametrize("hashes", [True, False])
@pytest.mark.parametrize("status", [0, 404])
def test_who_may_load_a_model_to_tell_of_it_is_not_asked_unless_its_canary_says_that_it_is_an_ollama(
    hashes: bool, status: int
) -> None:
    models = [tag("a", hashed("a", "")), tag("b", hashed("b", "") if hashes else HEX)]
    canary = Exchange(Question("GET", "/"), status, {"content-type": "text/plain"}, b"404 page not found")
    course = look(models, canary=lambda question: msgspec.structs.replace(canary, question=question))
    assert course.name == "Ollama"
    assert any(label.startswith("POST") for label in course.asked) == (status == 404 or not hashes)


def test_a_list_of_openais_goes_before_the_imitated_one() -> None:
    own = of([{"id": "phi", "object": "model"}, {"id": "more", "object": "model"}], JSON)
    paths = {"/api/tags": (200, JSON, {"models": [listed("phi:latest", hashed("phi"))]}), **own}
    course = drive(web(paths), 11434)
    assert [model.name for model in course.reading.models] == ["phi", "more"]


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example["kind"] != "Ollama"])
def test_no_example_of_another_server_is_an_ollama_on_ollamas_port(name: str) -> None:
    assert drive(answers(EXAMPLES[name]), 11434).name != "Ollama"
