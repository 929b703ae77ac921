"""How fast lists are read, from the file to chunks of targets, and how much memory that takes.

    python benchmarks/reading_lists.py [--lines 1000000] [--forms plain shodan] [--json]

For 10 million lines: `--lines 10000000`; the Shodan list then takes 5 GB of the temporary folder (TMPDIR). Each list
is read by a process of its own, whose peak memory is told. Speeds are by its CPU seconds, which are about the seconds
of a core that does nothing else. The floor is what a few lines of Python would do: each line split or given to `json`,
its address read, and nothing kept. A Markdown table goes to standard output, one line for each form.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from census.targets.lists import Problems, read
from census.targets.order import Spool

_PORT = 11434
_SEED = 7
_CHUNK = 2_500
_BATCH = 10_000  # lines that are written at once
_KIB = 1 if sys.platform == "darwin" else 1024  # the unit of ru_maxrss in bytes

_SHODAN = (
    '{"hash": -1609083510, "port": 11434, "transport": "tcp", "data": "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain; '
    'charset=utf-8\\r\\nContent-Length: 17\\r\\n\\r\\nOllama is running", "http": {"status": 200, "title": null, '
    '"server": null, "headers_hash": 1}, "timestamp": "2025-11-19T11:00:01.000000", "hostnames": ["a.example.edu"], '
    '"org": "Example", "isp": "Example", "asn": "AS64496", "location": {"country_code": "DE", "city": null, '
    '"latitude": 51.0, "longitude": 9.0}, "opts": {}, "ip_str": "%s"}\n'
)
_FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda address: f"{address}:{_PORT}\n",
    "shodan": lambda address: _SHODAN % address,
}


def write(file: Path, form: str, lines: int) -> None:
    """A list of addresses drawn from all of IPv4."""
    draw = random.Random(_SEED)
    line = _FORMS[form]
    with file.open("w", encoding="ascii") as out:
        for start in range(0, lines, _BATCH):
            addresses = (draw.randbytes(4) for _ in range(min(_BATCH, lines - start)))
            out.write("".join(line(".".join(map(str, address))) for address in addresses))


def measure(file: str) -> None:
    """Reads a list into chunks; prints lines that were targets, seconds, CPU seconds, and bytes of peak memory."""
    started, worked = time.perf_counter(), time.process_time()
    problems = Problems()
    with Spool(_SEED) as spool:
        for entry in read([file], [_PORT], problems):
            spool.add(entry)
        for _ in spool.chunks(_CHUNK):
            pass
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        print(spool.count, seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB)


def floor(file: str) -> None:
    """Reads a list and throws it away; prints CPU seconds."""
    worked = time.process_time()
    with Path(file).open(encoding="ascii") as lines:
        for line in lines:
            if line.startswith("{"):
                record = json.loads(line)
                socket.inet_pton(socket.AF_INET, record["ip_str"])
            else:
                address, _, port = line.partition(":")
                socket.inet_pton(socket.AF_INET, address)
                int(port)
    print(time.process_time() - worked)


def compare(folder: Path, form: str, lines: int) -> tuple[str, float]:
    """The line of the table for a form, and the speed of the floor that is reached."""
    file = folder / form
    write(file, form, lines)
    (bare,), (count, seconds, cpu, peak) = (_told(option, file) for option in ("--floor", "--measure"))
    size = file.stat().st_size
    file.unlink()
    speed = f"{count / cpu:,.0f} | {size / cpu / 1e6:,.0f}"
    line = f"| {form} | {count:,.0f} | {size / 1e6:,.0f} | {seconds:.1f} | {cpu:.1f} | {speed} | {peak / 1e6:,.0f} |"
    return f"{line} {bare / cpu:.2f} |", bare / cpu


def _told(option: str, file: Path) -> list[float]:
    command = [sys.executable, __file__, option, str(file)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603  this very script
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--forms", nargs="+", choices=_FORMS, default=list(_FORMS))
    parser.add_argument("--json", action="store_true", help="the ratios to the floor as one object")
    parser.add_argument("--measure", metavar="FILE", help=argparse.SUPPRESS)
    parser.add_argument("--floor", metavar="FILE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure or given.floor:
        measure(given.measure) if given.measure else floor(given.floor)
        return
    with tempfile.TemporaryDirectory() as folder:
        compared = ((form, *compare(Path(folder), form, given.lines)) for form in given.forms)
        if given.json:
            print(json.dumps({f"reading_{form}": ratio for form, _, ratio in compared}))
            return
        print(
            "| list | lines | MB | seconds | CPU seconds | lines a CPU second | MB a CPU second | peak memory, MB |"
            " of the floor |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"
        )
        for _, line, _ in compared:
            print(line, flush=True)


if __name__ == "__main__":
    main()
