"""Requests and connections that a look at each server software takes, with model details and without.

    python benchmarks/requests_per_server.py

Every example of `tests/kinds/examples` is served again on loopback, on its own port, and asked by the real prober; a
Markdown table goes to standard output, one line for each server.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from census.exchanges import CANARY_PATH, Question
from census.facts import Observation, Target
from census.probe.look import Prober
from census.probe.pace import Pace
from census.probe.transport import Manners, tls_context

_EXAMPLES = Path(__file__).parents[1] / "tests" / "kinds" / "examples"
_NET = "127.201.0"  # one address for each example, since their ports are the same few
_OUR_OWN = {"connection", "content-encoding", "content-length", "date", "keep-alive", "transfer-encoding"}

Example = dict[str, Any]


def examples() -> Iterator[tuple[str, Example]]:
    """Name and content of every example, by name."""
    for path in sorted(_EXAMPLES.glob("*.json")):
        yield path.stem, json.loads(path.read_text("utf-8"))


async def serve(stack: AsyncExitStack, address: str, example: Example) -> None:
    """Answer on the example's port as it was recorded; a path that was not is answered as its canary was."""
    recorded = {(each["method"], each["path"], each.get("model")): each for each in example["exchanges"]}
    missing = recorded.get(("GET", CANARY_PATH, None), {"status": 404, "headers": {}, "body": ""})

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
            )
            body = await reader.readexactly(length)
            model = json.loads(body)["model"] if body else None
            writer.write(_answer(recorded.get((method, Question(method, path).label, model), missing)))
        writer.close()

    server = await asyncio.start_server(meet, address, example["port"])
    stack.push_async_callback(_stop, server)


async def _stop(server: asyncio.Server) -> None:
    server.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def _answer(each: Example) -> bytes:
    body = each["body"].encode()
    kept = {name: value for name, value in each["headers"].items() if name.lower() not in _OUR_OWN}
    lines = [f"HTTP/1.1 {each['status']} X", *(f"{name}: {value}" for name, value in kept.items())]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode("latin-1", "replace") + body


async def look(found: Iterable[tuple[str, Example]], *, details: bool) -> dict[str, Observation]:
    """What the prober sees of each example."""
    manners = Manners("census/benchmark", None, lambda address: address.startswith("127."), details=details)
    pace = Pace(1000, 1000)
    prober = Prober(manners, pace, tls_context())
    seen = {}
    async with AsyncExitStack() as stack:
        for number, (name, example) in enumerate(found, 1):
            address = f"{_NET}.{number}"
            await serve(stack, address, example)
            seen[name] = await prober.look(Target(address, example["port"]), address)
    return seen


def table(with_details: dict[str, Observation], without: dict[str, Observation]) -> Iterator[str]:
    """The lines of the table."""
    yield "| example | software | outcome | requests | without details | connections |"
    yield "|---|---|---|--:|--:|--:|"
    for name, seen in with_details.items():
        software = seen.software or "-"
        less = without[name].requests
        yield f"| {name} | {software} | {seen.outcome.word} | {seen.requests} | {less} | {seen.connections} |"


def main() -> None:
    found = list(examples())
    print("\n".join(table(*(asyncio.run(look(found, details=details)) for details in (True, False)))))


if __name__ == "__main__":
    main()
