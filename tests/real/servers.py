"""Starts real inference servers on loopback, says where they are in one line of JSON, and stops them when told.

Run with a folder for their files. It ends when its standard input is closed: also when whoever started it was killed.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_PROGRAMS = Path(__file__).parents[2] / ".venv-real" / "bin"
_READY_SECONDS = 120
_STOP_SECONDS = 10


def main(folder: Path) -> None:
    """Run the servers until standard input ends."""
    with contextlib.ExitStack() as stack:
        print(json.dumps(_start_all(stack, folder)), flush=True)
        sys.stdin.read()


def _start_all(stack: contextlib.ExitStack, folder: Path) -> dict[str, int]:
    """The ports of mlx-lm, of an open LiteLLM, of one that wants a key, and of what stands behind both."""
    # By path: tests are no package, and this script is not started from their folder.
    runpy.run_path(str(Path(__file__).with_name("tiny_model.py")))["write_model"](folder / "tiny-qwen2")
    # mlx-lm lists what lies there beside its model; where the folder is missing it answers 200 and no body at all.
    (folder / ".cache/huggingface/hub").mkdir(parents=True)
    upstream = stack.enter_context(_upstream())
    (folder / "litellm.json").write_text(json.dumps(_litellm_config(upstream)))
    mlx = _start(stack, folder, "mlx_lm.server", "--model", str(folder / "tiny-qwen2"))
    proxy = ("litellm", "--config", str(folder / "litellm.json"), "--host", "127.0.0.1")
    litellm = _start(stack, folder, *proxy, LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY="true")
    locked = _start(stack, folder, *proxy, LITELLM_MASTER_KEY="sk-the-tests-do-not-use-it")
    mlx.wait_until_answered("/v1/models")
    litellm.wait_until_answered("/health/readiness")
    locked.wait_until_answered("/health/readiness")
    return {"mlx": mlx.port, "litellm": litellm.port, "locked": locked.port, "upstream": upstream}


def _litellm_config(upstream: int) -> dict[str, Any]:
    """A model that has tools, one that has none, and one of which nothing is told; no list of LiteLLM knows them."""

    def model(name: str, **told: bool) -> dict[str, Any]:
        behind = {"model": f"openai/{name}", "api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "none"}
        return {"model_name": name, "litellm_params": behind, "model_info": told}

    return {
        "model_list": [
            model("with-tools", supports_function_calling=True),
            model("without-tools", supports_function_calling=False),
            model("nothing-told"),
        ]
    }


@dataclass(frozen=True)
class _Server:
    """A server process with a process group of its own, its port, and the file that holds what it printed."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def wait_until_answered(self, path: str) -> None:
        """Return once GET `path` gives 200; end with the last of the log if the server dies or takes too long."""
        end = time.monotonic() + _READY_SECONDS
        while not self._answers(path):
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"{self.process.args!r} did not get ready:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def _answers(self, path: str) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End the whole group: kindly, and after some seconds by force."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_STOP_SECONDS)


def _start(stack: contextlib.ExitStack, folder: Path, program: str, *arguments: str, **settings: str) -> _Server:
    port = _free_port()
    log = folder / f"{program}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(_PROGRAMS / program), *arguments, "--port", str(port)],
            cwd=folder,
            env=_environment(folder) | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = _Server(process, port, log)
    stack.callback(server.stop)
    return server


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of the user's own settings and keys, and for all but loopback a proxy that is not there."""
    nowhere = "http://127.0.0.1:9"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HF_HUB_OFFLINE": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def _upstream() -> Iterator[int]:
    """The port of a server that stands behind LiteLLM; GET /asked lists the lines of all requests it was sent."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/asked":
                self._answer(asked)
            else:
                asked.append(f"GET {self.path}")
                self._answer({"object": "list", "data": []})

        def do_POST(self) -> None:
            asked.append(f"POST {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}
            self._answer({"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})

        def _answer(self, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: the requests are kept above."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
