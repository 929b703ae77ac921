"""A real Chromium without a window, driven through its DevTools protocol: what a page logs, asks for and draws."""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--remote-debugging-port=0",
)  # fmt: skip
_START_SECONDS = 60
_MISSING = "this test needs Chromium, which is not installed: apt-get install chromium"


@dataclass
class Page:
    """One page of the browser; `logged` are errors and warnings of the console, `requested` the addresses asked for."""

    socket: aiohttp.ClientWebSocketResponse
    logged: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser, and give its answer."""
        number = len(self._answers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        return await self._answers[number]

    async def listen(self) -> None:
        """Take in what the browser says, until it says no more."""
        async for message in self.socket:
            said = message.json()
            if "id" in said:
                self._answers[said["id"]].set_result(said.get("result", said))
            else:
                self._note(said["method"], said["params"])

    def _note(self, method: str, said: Mapping[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requested.append(said["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.logged.append(str(said["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and said["type"] in {"error", "warning", "assert"}:
            self.logged.append(str(said["args"]))
        elif method == "Log.entryAdded":
            self.logged.append(str(said["entry"]))
        elif method == "Page.javascriptDialogOpening":
            self.logged.append(f"dialog: {said['message']}")
        elif method == "Page.loadEventFired":
            self.loaded.set()

    async def show(self, file: Path, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Load a file (its whole path), light or dark, on a screen of this size; narrow ones are telephones."""
        self.loaded.clear()
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                        mobile=width < 600)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])
        await self.call("Page.navigate", url=file.as_uri())
        await self.loaded.wait()
        await self.value(
            "new Promise(done => { const look = () => document.querySelectorAll('[data-spec]:not([data-drawn])').length"
            " ? setTimeout(look, 50) : done(); setTimeout(done, 60000); look(); })"
        )

    async def value(self, expression: str) -> Any:
        """What an expression of the page comes to."""
        told = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def picture(self, *, whole: bool = False, **clip: float) -> bytes:
        """A screenshot as PNG, of what is seen or of the whole page."""
        clipped = {"clip": {**clip, "scale": 1}} if clip else {}
        told = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clipped)
        return base64.b64decode(told["data"])


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Page]:
    """A browser with an empty profile in this folder, and its one page; fails with a sentence where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail(_MISSING)
    profile = folder / "profile"
    with (folder / "chromium.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program, *_FLAGS, f"--user-data-dir={profile}", "about:blank", stderr=log
        )
    try:
        async with aiohttp.ClientSession() as session:
            address = await _address(profile, process)
            async with session.get(f"{address}/json/list") as told:
                (target,) = [each for each in await told.json() if each["type"] == "page"]
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                listening = asyncio.create_task(page.listen())
                for part in ("Page", "Runtime", "Network", "Log"):
                    await page.call(f"{part}.enable")
                yield page
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
    finally:
        process.kill()
        await process.wait()


async def _address(profile: Path, process: asyncio.subprocess.Process) -> str:
    """Where the browser listens, which it writes into its profile."""
    told = profile / "DevToolsActivePort"
    for _ in range(_START_SECONDS * 10):
        if told.exists() and len(lines := told.read_text().splitlines()) > 1:
            return f"http://127.0.0.1:{lines[0]}"
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    return pytest.fail(f"Chromium did not start; it said {(profile.parent / 'chromium.log').read_text()!r}")
