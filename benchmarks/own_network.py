"""A network namespace of its own for a benchmark: its ports are free there, and nothing but loopback can be reached."""

from __future__ import annotations

import os
import sys

_ENTERED = "BENCHMARK_HAS_ITS_OWN_NETWORK"


def enter() -> None:
    """Start this program anew in a network of its own, unless it is in one already; takes Linux's `unshare` and `ip`.

    Raises FileNotFoundError without `unshare`; the program ends with what it says where the system does not allow it.
    """
    if _ENTERED in os.environ:
        return
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = ["unshare", "--net", *as_root, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable]
    os.execvpe("unshare", [*command, *sys.argv], {**os.environ, _ENTERED: "yes"})  # noqa: S606, S607  the system's own
