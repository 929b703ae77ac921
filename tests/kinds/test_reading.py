"""Whatever is sent, what is read is clean, bounded, and of one type."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import pytest

from census.exchanges import Exchange, Question
from census.kinds import reading
from census.kinds.reading import Listing, listing, model_name, named, number, text, words

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}


def exchange(
    body: Any, *, status: int = 200, headers: dict[str, str] | None = None, truncated: bool = False
) -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(Question("GET", "/v1/models"), status, JSON if headers is None else headers, raw, truncated)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("qwen2.5:7b", "qwen2.5:7b"),
        ("Modèle 🦙 模型", "Modèle 🦙 模型"),
        ("a\x00b\x1fc\x7fd\x85e\x9ff", "abcdef"),
        ("a\r\nb\tc", "abc"),
        ("a\u2028b\u2029c", "abc"),
        ("a\u202eb\u202ac\u2066d\u2069e\u200ef\u200fg\u061ch", "abcdefgh"),
        ("a\ud800b\udfffc", "abc"),
        ("", None),
        ("   ", None),
        ("\x00\u202e", None),
        (None, None),
        (7, None),
        (b"bytes", None),
        (["a"], None),
    ],
)
def test_a_text_is_cleaned(sent: Any, kept: str | None) -> None:
    assert text(sent) == kept


def test_a_text_is_cut_after_cleaning() -> None:
    assert text("\x00" * 600 + "a" * 600) == "a" * 512
    assert text("abcdef", 3) == "abc"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("llama3.2:latest", "llama3.2:latest"),
        ("tiny/tiny.gguf", "tiny/tiny.gguf"),
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("hf.co/user/repo-GGUF:Q4_K_M", "hf.co/user/repo-GGUF:Q4_K_M"),
        ("/srv/models/tiny-qwen2", "tiny-qwen2"),
        ("/srv/models/tiny-qwen2/", "tiny-qwen2"),
        ("//nas/share/x.gguf", "x.gguf"),
        ("/model", "model"),
        ("~/models/x.gguf", "x.gguf"),
        ("~someone/models/x.gguf", "x.gguf"),
        ("C:\\Users\\someone\\x.gguf", "x.gguf"),
        ("c:/Users/someone/x.gguf", "x.gguf"),
        ("\\\\host\\share\\x.gguf", "x.gguf"),
        ("file:///home/someone/x.gguf", "x.gguf"),
        (" /home/someone/x.gguf", "x.gguf"),
        ("\x00/home/someone/x\n.gguf", "x.gguf"),
        ("/home/someone/.cache/huggingface/hub/models--org--name/snapshots/0f1e2d", "org/name"),
        ("~/.cache/huggingface/hub/models--org--na--me/snapshots/0f1e2d/", "org/na--me"),
        ("models--org--name/snapshots/0f1e2d", "org/name"),
        ("D:\\hub\\models--org--name\\snapshots\\0f1e2d", "org/name"),
        ("/hub/models--gpt2", "gpt2"),
        ("/hub/models--org--name/snapshots/0f1e2d/x-Q4_K_M.gguf", "x-Q4_K_M.gguf"),
        ("/hub/models----x/snapshots/0", "x"),
        ("/hub/models--~--x", "x"),
        ("/", None),
        ("///", None),
        ("~/", None),
        ("C:\\", None),
        ("", None),
        (None, None),
        ({"name": "x"}, None),
    ],
)
def test_a_name_is_kept_but_no_folder(sent: Any, kept: str | None) -> None:
    assert model_name(sent) == kept


@pytest.mark.parametrize(
    "unit", ["models--", "/models--a", "models-- ", "~", "/", " ", "\\", "/models--a/snapshots/b "]
)
def test_a_name_of_half_a_megabyte_is_read_at_once(unit: str) -> None:
    began = time.perf_counter()
    for end in ("", "x", "/x", " x"):
        model_name(unit * (2**19 // len(unit)) + end)
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (7, 7),
        (4096.0, 4096),
        (0, 0),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-1, None),
        (1.5, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
        (True, None),
        (False, None),
        ("7", None),
        ("7B", None),
        (None, None),
        ([7], None),
    ],
)
def test_a_number_is_whole_and_fits(sent: Any, kept: int | None) -> None:
    assert number(sent) == kept


def test_a_number_keeps_the_bounds_it_is_given() -> None:
    assert [number(value, 1, 3) for value in range(5)] == [None, 1, 2, 3, None]


def test_words_are_lower_case_sorted_and_distinct() -> None:
    assert words(["Tools", "completion", " tools ", 7, None, "", "vis\x00ion"]) == ("completion", "tools", "vision")
    assert words([]) == ()
    assert words([None, 7, " "]) is None
    assert words(None) is None
    assert words("tools") is None
    assert words({"tools": True}) is None
    assert max(map(len, words(["x" * 900]) or ())) == 64
    assert len(words([f"word{n}" for n in range(900)]) or ()) == 64


def test_records_are_the_objects_of_a_list() -> None:
    assert reading.records([{"a": 1}, 2, None, ["b"], {"c": 3}]) == [{"a": 1}, {"c": 3}]
    assert reading.records([{}] * 9, 4) == [{}] * 4
    assert reading.records({"a": 1}) == []
    assert reading.mapping([1]) == {}


def test_any_string_has_a_hash() -> None:
    assert reading.sha256_hex("ä") == hashlib.sha256("ä".encode()).hexdigest()
    assert len(reading.sha256_hex("\ud800")) == 64


def test_a_template_is_kept_as_it_was_sent() -> None:
    assert reading.source("\n {{ .Prompt }}\x00") == "\n {{ .Prompt }}\x00"
    assert reading.source(" \n") is None
    assert reading.source(["{{ .Prompt }}"]) is None


ENTRY = {"id": "m", "object": "model"}


@pytest.mark.parametrize(
    ("answer", "key", "expected"),
    [
        (exchange({"data": [ENTRY, 7, "x"]}), "data", Listing((ENTRY,))),
        (exchange({"object": "list", "data": []}), "data", Listing()),
        (exchange({"object": "list", "data": None}), "data", Listing()),
        (exchange({"models": []}), "models", Listing()),
        (exchange({"models": None}), "models", Listing()),
        (exchange({"models": [ENTRY]}, headers=HTML), "models", Listing((ENTRY,))),
        (exchange(b"\xef\xbb\xbf" + b'{"models": [{"name": "m"}]}'), "models", Listing(({"name": "m"},))),
        # Entries that cannot be used are dropped, and a number of absurd length hides nothing.
        (exchange({"models": ["a", "b"]}), "models", Listing()),
        (
            exchange(b'{"models":[{"name":"m","size":' + b"9" * 5000 + b"}]}"),
            "models",
            Listing(({"name": "m", "size": float("inf")},)),
        ),
        # Answers that say nothing about models.
        (None, "data", None),
        (exchange({"object": "list", "data": []}, status=201), "data", None),
        (exchange({"object": "list", "data": [ENTRY]}, status=500), "data", None),
        (exchange({"code": 0, "data": []}), "data", None),
        (exchange({"code": 0, "data": {}, "message": "ok"}), "data", None),
        (exchange({"data": []}), "data", None),
        (exchange({"tags": []}), "models", None),
        (exchange([ENTRY]), "data", None),
        (exchange(b"null"), "data", None),
        (exchange(b'"Ollama is running"'), "models", None),
        (exchange(b""), "models", None),
        (exchange(b"<html>", headers=HTML), "models", None),
        (exchange(b"<html>" * 9, headers=HTML, truncated=True), "models", None),
        # Answers that claim to be a list and are none.
        (exchange({"models": 5}), "models", Listing(misread=True)),
        (exchange({"models": {"a": 1}}), "models", Listing(misread=True)),
        (exchange({"object": "list", "data": "many"}), "data", Listing(misread=True)),
        (exchange({"data": False}), "data", Listing(misread=True)),
        (exchange(b'{"models":[{"name":"m"}', headers=HTML), "models", Listing(misread=True)),
        (exchange(b'{ "object" : "list", "data": [', headers={}), "data", Listing(misread=True)),
        (exchange(b"surely not JSON"), "models", Listing(misread=True)),
        (exchange({"models": [ENTRY]}, truncated=True), "models", Listing(misread=True)),
        (exchange(b'{"models":' + b"[" * 100_000), "models", Listing(misread=True)),
    ],
)
def test_a_list_is_readable_or_broken_or_none(answer: Exchange | None, key: str, expected: Listing | None) -> None:
    assert listing(answer, key) == expected


def test_entries_without_a_usable_name_are_dropped_and_the_first_of_a_name_is_kept() -> None:
    entries: list[dict[str, Any]] = [
        {"name": None, "model": "second", "n": 1},
        {"name": "first", "n": 2},
        {"name": 7},
        {},
        {"name": "/models/first", "n": 3},
        {"name": "\u202e"},
    ]
    kept, cut = named(entries, "name", "model")
    assert {name: entry["n"] for name, entry in kept.items()} == {"second": 1, "first": 2}
    assert not cut


def test_more_models_than_are_kept_are_cut() -> None:
    entries = [{"id": f"m{n}"} for n in range(2000)]
    assert named([*entries, {"id": None}, {"id": "m0"}], "id")[1] is False
    kept, cut = named([*entries, {"id": "one more"}], "id")
    assert (len(kept), cut) == (2000, True)
    assert "one more" not in kept
