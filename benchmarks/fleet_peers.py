"""How `fleet.py` asks the scanners that people use, if they are on the PATH, the questions of its floor.

https://github.com/zmap/zgrab2 (three `http` modules, each over a connection of its own) and
https://github.com/projectdiscovery/httpx (three paths). Both write each answer as JSON, as a census would need it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_QUESTIONS = {"tags": "/api/tags", "version": "/api/version", "canary": "/0123456789abcdef"}
_MOST = 2048  # KiB of an answer
_MODULE = """
[http]
name="{name}"
endpoint="{path}"
connect-timeout={connect}s
target-timeout={deadline}s
max-size={most}
"""

Command = Callable[[Path, Path, int, int, int], list[str]]


def zgrab2(folder: Path, listed: Path, _rate: int, connect: int, deadline: int) -> list[str]:
    """Its command line; it knows no rate. Its list of networks never to contact would leave out loopback."""
    modules, targets = folder / "zgrab2.ini", folder / "zgrab2.csv"
    modules.write_text(
        "[Application Options]\n"
        + "".join(
            _MODULE.format(name=name, path=path, connect=connect, deadline=deadline, most=_MOST)
            for name, path in _QUESTIONS.items()
        )
    )
    with listed.open(encoding="ascii") as lines, targets.open("w", encoding="ascii") as out:
        out.writelines(line.replace(":", ",,,") for line in lines)
    files = ["--input-file", str(targets), "--output-file", str(folder / "zgrab2.json"), "--log-file", "/dev/null"]
    quiet = ["--blocklist-file", "/dev/null", "--metadata-file", "/dev/null", "--status-updates-file", "/dev/null"]
    return ["zgrab2", *files, *quiet, "multiple", "--config-file", str(modules)]


def httpx(folder: Path, listed: Path, rate: int, connect: int, _deadline: int) -> list[str]:
    """Its command line; one time-out is for all of a request."""
    targets = folder / "httpx.txt"
    with listed.open(encoding="ascii") as lines, targets.open("w", encoding="ascii") as out:
        out.writelines(f"http://{line}" for line in lines)
    asked = ["-list", str(targets), "-path", ",".join(_QUESTIONS.values()), "-no-fallback-scheme"]
    limits = ["-threads", "1000", "-rate-limit", str(rate), "-timeout", str(connect), "-retries", "0"]
    limits += ["-response-size-to-read", str(_MOST * 1024)]
    told = ["-json", "-include-response", "-output", str(folder / "httpx.json"), "-silent"]
    return ["httpx", *asked, *limits, *told, "-no-stdin", "-disable-update-check", "-cdn=false"]


PEERS: dict[str, Command] = {"zgrab2": zgrab2, "httpx": httpx}
