"""What a target was asked and what it answered, as it came; nothing here does I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

SHOW_PATH = "/api/show"  # the one path that is ever asked by POST
CANARY_PATH = "/<16 hex digits>"  # how the random path of a canary is written in lists, labels and docs
_CANARY = re.compile(r"/[0-9a-f]{16}")
_CANARY_LENGTH = 17
_OK = 200
_DIGITS = 30  # more than any number that is kept
_CONTAINERS = 2**18  # objects and lists of one document; a body that is a list of models has one in 11 bytes at most

T = TypeVar("T")


class Question(msgspec.Struct, frozen=True, gc=False):
    """One read-only request; `model` is the model a POST /api/show asks about, and only that."""

    method: str
    path: str
    model: str | None = None

    @property
    def label(self) -> str:
        """The path for metrics and lists: from a closed set, whatever the canary's digits."""
        # Asked twice for each answer, so that only what is as long as a canary is looked at more closely.
        return CANARY_PATH if len(self.path) == _CANARY_LENGTH and is_canary(self.path) else self.path


def is_canary(path: str) -> bool:
    """Whether a path is a canary: a slash and 16 hex digits, which no inference server serves."""
    return _CANARY.fullmatch(path) is not None


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """One question and the whole answer: `body` is decompressed, at most 2 MiB, `truncated` if there was more.

    Header names are lower-case; of a repeated header the first value counts.
    """

    question: Question
    status: int
    headers: dict[str, str]
    body: bytes
    truncated: bool = False

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_json(self) -> bool:
        """Whether the answer says that it is JSON, by its Content-Type."""
        return "json" in self.headers.get("content-type", "").lower()

    def json(self) -> Any:
        """The body as JSON, or None if it is none, is cut off, or nests too deep to be read."""
        if self.truncated:
            return None
        try:
            return parse_json(self.body)
        except (ValueError, RecursionError):
            return None


def parse_json(body: bytes) -> Any:
    """JSON as Python values; a whole number of absurd length is a float. Raises ValueError and RecursionError.

    Two bytes can make an object of a hundred, so a document with more than 262,144 of them is refused unread.
    """
    if body.count(b"[") + body.count(b"{") > _CONTAINERS:
        raise ValueError("too many objects and lists")
    # What json.loads does with its own words, but that it makes another decoder for each document.
    return _decode(body.decode(json.detect_encoding(body), "surrogatepass"))


def _whole(digits: str) -> int | float:
    """Python refuses to read thousands of digits, and one such number must not hide the rest of a document."""
    return int(digits) if len(digits) <= _DIGITS else float(digits)


_decode = json.JSONDecoder(parse_int=_whole).decode


class Exchanges:
    """All exchanges with one target, in order; each question is asked once and found again by its path.

    `recall` gives what other hosts told of the model with a digest under the rules of a version, as `Saying.said`;
    None where that is not known. During one look it gives for the same model always the same, or None before.
    """

    def __init__(
        self,
        exchanges: Iterator[Exchange] | list[Exchange] | tuple[Exchange, ...] = (),
        recall: Callable[[str, str], str | None] | None = None,
    ) -> None:
        self.recall = recall or (lambda _digest, _rules: None)
        self.about_models = False  # whether there are answers to POST /api/show
        self._asked: dict[str | tuple[str, str | None], Exchange] = {}  # by path; those by POST also by model
        self._known: dict[Callable[[Exchanges], Any], tuple[tuple[str, ...], Any]] = {}  # by reader, with its paths
        for exchange in exchanges:
            self.add(exchange)

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange; a second answer to the same question replaces the first."""
        question = exchange.question
        path = question.label
        self.about_models = self.about_models or question.model is not None
        self._asked[path if question.method == "GET" else (path, question.model)] = exchange
        for reader in [each for each, (paths, _) in self._known.items() if path in paths or not paths]:
            del self._known[reader]

    def once(self, reader: Callable[[Exchanges], T], *paths: str) -> T:
        """What `reader` makes of the answers of `paths` (none: of all); made anew only when one of them is added.

        Kind after kind looks at the same few answers, after each question again: most of the time of a look. A reader
        is always given with the same paths.
        """
        known = self._known.get(reader)
        if known is None:
            known = self._known[reader] = (paths, reader(self))
        made: T = known[1]
        return made

    def get(self, path: str) -> Exchange | None:
        """The answer to GET `path`, None if not asked; `CANARY_PATH` finds the canary."""
        return self._asked.get(path)

    def shown(self, model: str) -> Exchange | None:
        """The answer to POST /api/show about `model`, None if not asked."""
        return self._asked.get((SHOW_PATH, model))

    def ok(self, path: str) -> Any:
        """The JSON of a GET that was answered with status 200, else None."""
        exchange = self.get(path)
        return exchange.json() if exchange is not None and exchange.status == _OK else None

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._asked.values())

    def __len__(self) -> int:
        return len(self._asked)
