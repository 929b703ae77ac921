"""Listeners that are scanned under limits of one's own, to see what reaches them."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.scanning import create, scope, work
from tests.support.wire import Handler, Wire, answers, listen


@contextlib.asynccontextmanager
async def listening(addresses: list[str], handler: Any) -> AsyncIterator[dict[str, Wire]]:
    """One listener for each address; `handler` makes what answers there. Gives them by address and port."""
    async with contextlib.AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(listen(handler(), address)) for address in addresses]
        yield {f"{address}:{wire.port}": wire for address, wire in zip(addresses, wires, strict=True)}


def scanned(url: str, folder: Path, addresses: list[str], handler: Any, **limits: float) -> dict[str, Wire]:
    """What reached listeners on these addresses in one scan under these limits of the scope."""

    async def run() -> dict[str, Wire]:
        async with listening(addresses, handler) as wires:
            allowed = replace(scope(folder, '["127.0.0.0/8", "::1"]'), **limits)  # type: ignore[arg-type]
            targets = [re.sub(r"^(.*:.*)(:[0-9]+)$", r"[\1]\2", where) for where in wires]
            await work(url, create(url, folder, targets, allowed))
            return wires

    return asyncio.run(run())


def bare() -> Handler:
    return answers({})
