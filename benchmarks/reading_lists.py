"""How fast lists are read, from the file to chunks of targets, and how much memory that takes.

    python benchmarks/reading_lists.py [--lines 1000000] [--forms plain shodan]

For 10 million lines: `--lines 10000000`; the Shodan list then takes 5 GB of the temporary folder (TMPDIR). Each list
is read by a process of its own, whose peak memory is told. Speeds are by its CPU seconds, which are about the seconds
of a core that does nothing else. A Markdown table goes to standard output, one line for
each form.
"""

from __future__ import annotations

import argparse
import random
import resource
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
_CHUNK = 5_000
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


def row(folder: Path, form: str, lines: int) -> str:
    """The line of the table for a form."""
    file = folder / form
    write(file, form, lines)
    command = [sys.executable, __file__, "--measure", str(file)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603  this very script
    count, seconds, cpu, peak = (float(word) for word in done.stdout.split())
    size = file.stat().st_size
    file.unlink()
    speed = f"{count / cpu:,.0f} | {size / cpu / 1e6:,.0f}"
    return f"| {form} | {count:,.0f} | {size / 1e6:,.0f} | {seconds:.1f} | {cpu:.1f} | {speed} | {peak / 1e6:,.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--forms", nargs="+", choices=_FORMS, default=list(_FORMS))
    parser.add_argument("--measure", metavar="FILE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure)
        return
    print("| list | lines | MB | seconds | CPU seconds | lines a CPU second | MB a CPU second | peak memory, MB |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for form in given.forms:
            print(row(Path(folder), form, given.lines), flush=True)


if __name__ == "__main__":
    main()
