"""Requests that it takes to know the tools of every model of Ollamas below 0.30, one by one and with what others told.

    python benchmarks/requests_below_030.py [--hosts 175108] [--models 3000] [--own 0.03] [--at-once 500] [--liars 0]

A fleet in this process, without sockets. How many models a host has is as the study has it; which ones is drawn by
Zipf's law out of `--models`, and a share `--own` of what hosts list is nobody else's. `--at-once` hosts are looked at
at one time, so that what one tells helps only those who come after. A share `--liars` of the hosts gives no sign of
pretending and says the opposite about tools.

The kind asks as in a scan: first two thousand hosts by themselves, then all with an empty memory, then in a later scan,
in which every tenth host is another one and the memory is what the first has left. A Markdown table goes to standard
output, with the models of honest hosts about whose tools the truth says otherwise, and, of those two thousand, the
models that are not the rows they would be if their host had been asked.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from census.exchanges import CANARY_PATH, Exchange, Exchanges, Question
from census.facts import Reading, Tools
from census.kinds.kind import Wishes
from census.kinds.ollama import KIND
from census.kinds.ollama_epochs import SHOW_TELLS, release_of
from census.probe.memory import Memory, Recall, one_in
from census.scan.settings import loaded_by_size
from census.store.identity import model_hash

# Minor releases and how common they are: made up, but with every set of rules below 0.30, and most hosts out of date.
_MINORS = {"0.1": 2, "0.3": 6, "0.5": 14, "0.6": 23, "0.9": 20, "0.11": 12, "0.13": 12, "0.15": 5, "0.20": 6}
_PATCHES = {"0.1": range(38, 47)}  # of the others the first nine
# The study: 41 % of the hosts have two or three models, 1.46 % twenty and more, and four is the mean.
_SIZES = ((1, 1, 0.22), (2, 3, 0.41), (4, 7, 0.295), (8, 18, 0.0604), (20, 40, 0.0146))
_HAS_TOOLS, _TELLS_THINKING, _HAS_PARSERS = (0, 2, 6), (0, 9, 0), (0, 12, 0)
_PARSED = 13  # of 256 models that have a parser
_SOME = 2_000  # hosts that are asked by themselves too
_JSON = {"content-type": "application/json; charset=utf-8"}
_NOT_FOUND = b"404 page not found"


@dataclass(frozen=True)
class Made:
    """One model: its number says all of it."""

    number: str

    @cached_property
    def digest(self) -> str:
        """That of its manifest."""
        return hashlib.sha256(self.number.encode()).hexdigest()

    def has(self, what: str, of_256: int = 128) -> bool:
        """Whether it is one of those who can do something."""
        return hashlib.sha256(f"{what} {self.number}".encode()).digest()[0] < of_256

    def tools(self, version: str) -> Tools:
        """The truth."""
        release = release_of(version) or (0, 0, 0)
        parsed = self.has("parser", _PARSED) and release >= _HAS_PARSERS
        return Tools.YES if release >= _HAS_TOOLS and (self.has("tools") or parsed) else Tools.NO

    def entry(self) -> dict[str, object]:
        """What the list says of it."""
        details = {"format": "gguf", "family": "llama", "parameter_size": "7B", "quantization_level": "Q4_0"}
        name = f"model-{self.number}:7b"
        return {"name": name, "model": name, "size": 7, "digest": self.digest, "details": details}

    def show(self, version: str, *, lie: bool) -> dict[str, object]:
        """What this version's show says of it, or what a liar says who has the like of it."""
        release = release_of(version) or (0, 0, 0)
        tools = (self.tools(version) is Tools.YES) is not lie
        told = ["completion", *(["tools"] if tools else [])]
        if self.has("thinking") and release >= _TELLS_THINKING:
            told.append("thinking")
        return {
            "details": self.entry()["details"],
            "template": ("{{ .Tools }}" if self.has("tools") is not lie else "{{ .Prompt }}") + self.number,
            "model_info": {
                "general.architecture": "llama",
                "general.parameter_count": 7_000_000_000 + int(self.digest[:6], 16),
                "llama.context_length": 4096,
            },
            **({"capabilities": told} if release >= SHOW_TELLS else {}),
            **({"parser": "own"} if self.has("parser", _PARSED) and release >= _HAS_PARSERS else {}),
        }


@dataclass(frozen=True)
class Host:
    """One Ollama; `lies` says that it is none, `alone` that it is one of those that are asked by themselves too."""

    address: str
    version: str
    models: tuple[Made, ...]
    lies: bool
    alone: bool

    @cached_property
    def said(self) -> dict[str, bytes]:
        """What it answers to GET, by path."""
        said = {
            "/api/tags": f'{{"models": [{", ".join(_entry(model) for model in self.models)}]}}',
            "/api/version": f'{{"version": "{self.version}"}}',
            "/api/ps": '{"models": []}',
        }
        return {path: body.encode() for path, body in said.items()}

    def answer(self, question: Question) -> Exchange:
        """What it says to a question of its kind."""
        if question.path == CANARY_PATH:
            return Exchange(question, 404, {"content-type": "text/plain"}, _NOT_FOUND)
        if question.path == "/api/show":
            return Exchange(question, 200, _JSON, _show(question.model or "", self.version, self.lies))
        return Exchange(question, 200, _JSON, self.said[question.path])


@cache
def _entry(model: Made) -> str:
    return json.dumps(model.entry())


@cache
def _show(name: str, version: str, lie: bool) -> bytes:
    return json.dumps(Made(name.removeprefix("model-").removesuffix(":7b")).show(version, lie=lie)).encode()


def fleet(hosts: range, models: int, own: float, liars: float) -> Iterator[Host]:
    """The hosts with these numbers, each in a network drawn from all of IPv4."""
    every = max(1, len(hosts) // _SOME)
    popular = list(itertools.accumulate(1 / rank for rank in range(1, models + 1)))
    shares = [share for _, _, share in _SIZES]
    for number in hosts:
        draw = random.Random(number)
        [(least, most, _)] = draw.choices(_SIZES, shares)
        numbers: set[str] = set()
        for _ in range(min(draw.randint(least, most), models // 2)):
            [rank] = draw.choices(range(models), cum_weights=popular)
            while str(rank) in numbers:
                [rank] = draw.choices(range(models), cum_weights=popular)
            numbers.add(f"{number}x{rank}" if draw.random() < own else str(rank))
        [minor] = draw.choices(list(_MINORS), list(_MINORS.values()))
        version = f"{minor}.{draw.choice(_PATCHES.get(minor, range(9)))}"
        address = ".".join(map(str, draw.randbytes(4)))
        lies = draw.random() < liars
        yield Host(address, version, tuple(map(Made, sorted(numbers))), lies, alone=number % every == 0)


def look(host: Host, recall: Recall | None, *, loaded: bool) -> tuple[Reading, Counter[str]]:
    """What the kind reads of a host, and how often it asked each path."""
    exchanges = Exchanges(recall=recall)
    question: Question | None = Question("GET", "/api/tags")
    asked: Counter[str] = Counter()
    while question is not None:
        asked[question.label] += 1
        exchanges.add(host.answer(question))
        question = KIND.ask(exchanges, Wishes(loaded=loaded))
    return KIND.read(exchanges), asked


def alone(hosts: Iterator[Host]) -> Counter[str]:
    """Requests by path, and counts, of hosts that are asked by themselves."""
    counts: Counter[str] = Counter()
    for host in hosts:
        if not host.alone:
            continue
        reading, asked = look(host, None, loaded=True)
        counts += asked + _faults(host, reading)
    return counts


def together(hosts: Iterator[Host], memory: Memory, at_once: int, loaded: int) -> Counter[str]:
    """Requests by path, and counts, of one scan that begins with this memory."""
    unheard: deque[tuple[str, Reading]] = deque()
    counts: Counter[str] = Counter()
    for host in hosts:
        reading, asked = look(host, Recall(memory), loaded=one_in(loaded))
        counts += asked + _faults(host, reading)
        unheard.append((host.address, reading))
        if len(unheard) > at_once:
            address, before = unheard.popleft()
            memory.hear(address, before.told)
    return counts


def _faults(host: Host, reading: Reading) -> Counter[str]:
    counts = Counter(hosts=1, models=len(reading.models))
    if host.lies:
        return counts
    by_itself, _ = look(host, None, loaded=False) if reading.recalled and host.alone else (reading, None)
    for made, model, same in zip(host.models, reading.models, by_itself.models, strict=True):
        counts["wrong"] += model.tools is not made.tools(host.version)
        counts["other rows"] += model_hash(model) != model_hash(same)
    return counts


def _line(name: str, counts: Counter[str]) -> str:
    paths = ("/api/tags", "/api/version", CANARY_PATH, "/api/show", "/api/ps")
    asked = [counts[path] / counts["hosts"] for path in paths]
    cells = [f"{cell:.2f}" for cell in (*asked, sum(asked))]
    return f"| {' | '.join([name, *cells, str(counts['wrong']), str(counts['other rows'])])} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=175_108)
    parser.add_argument("--models", type=int, default=3000)
    parser.add_argument("--own", type=float, default=0.03)
    parser.add_argument("--at-once", type=int, default=500)
    parser.add_argument("--liars", type=float, default=0)
    given = parser.parse_args()
    drawn = (given.models, given.own, given.liars)
    loaded, memory = loaded_by_size(given.hosts), Memory()
    moved = range(given.hosts // 10, given.hosts + given.hosts // 10)
    print("| | list | version | canary | show | loaded | in all | wrong | other rows |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    print(_line("one by one", alone(fleet(range(given.hosts), *drawn))), flush=True)
    for name, hosts in (("first scan", range(given.hosts)), ("later scan", moved)):
        counts = together(fleet(hosts, *drawn), memory, given.at_once, loaded)
        print(_line(name, counts), flush=True)
    listed = counts["models"] / counts["hosts"]
    print(f"\n{given.hosts:,} hosts with {listed:.2f} models each, of whom one in {loaded} is asked what it has loaded")


if __name__ == "__main__":
    main()
