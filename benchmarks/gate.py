"""Fails when the project has become slower: the ratios of the benchmarks, beside those kept in `baseline.json`.

    python benchmarks/gate.py [--update]

A ratio is that to a floor measured in the same run, so machines are comparable; one may fall by 20 %. A benchmark with
a ratio that fell is run once more, and the better of both counts, for other work on the machine disturbs. `--update`
keeps what was measured as the new baseline. All of it runs in a network namespace of its own, where nobody else has
taken a port. A Markdown table goes to standard output; it takes some five minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import own_network

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"
MAY_FALL = 0.2


class Gated(NamedTuple):
    """A benchmark at the size at which it is gated, and the ratios that its --json prints."""

    command: str
    ratios: tuple[str, ...]


GATED = (
    Gated("live_hosts.py --hosts 2000", ("live_conversation", "live_look", "live_chain")),
    Gated("dead_targets.py --rounds 3", ("refused", "silent")),
    Gated("writing.py --observations 10000", ("writing",)),
    Gated("reading_lists.py --lines 300000", ("reading_plain", "reading_shodan")),
    Gated("requests_per_kind.py --endpoints 500", ("requests_per_kind", "connections_per_kind")),
    Gated("fleet.py --targets 3000 --rate 500", ("fleet",)),
)


def measured(gated: Gated) -> dict[str, float]:
    """The ratios of one benchmark, from 0 to about 1. Raises ValueError if it prints others than are expected of it."""
    script, *options = gated.command.split()
    command = [sys.executable, str(HERE / script), *options, "--json"]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603  ours
    if missing := set(gated.ratios) - set(told):
        raise ValueError(f"{script} does not print {', '.join(sorted(missing))}; GATED names what it must print")
    return {name: told[name] for name in gated.ratios}


def fallen(kept: Mapping[str, float], now: Mapping[str, float]) -> list[str]:
    """The ratios that fell by more than they may."""
    return [name for name, ratio in now.items() if ratio < kept[name] * (1 - MAY_FALL)]


def held(gated: Gated, kept: Mapping[str, float]) -> dict[str, float]:
    """The ratios of one benchmark, the better of two runs if one fell."""
    now = measured(gated)
    if not fallen(kept, now):
        return now
    again = measured(gated)
    return {name: max(now[name], again[name]) for name in now}


def row(name: str, kept: float, now: float) -> str:
    """A line of the table."""
    return f"| {name} | {kept:.3f} | {now:.3f} | {now / kept - 1:+.0%} |"


def gate(kept: Mapping[str, float]) -> int:
    """Print the table; the exit code is 1 if a ratio fell."""
    print("| ratio to the floor | kept | now | change |\n|---|--:|--:|--:|")
    fell = []
    for gated in GATED:
        now = held(gated, kept)
        fell += fallen(kept, now)
        for name, ratio in now.items():
            print(row(name, kept[name], ratio), flush=True)
    if fell:
        print(
            f"\nfell by more than {MAY_FALL:.0%}: {', '.join(fell)}; find out why, or keep what is now with --update",
            file=sys.stderr,
        )
    return 1 if fell else 0


def update() -> None:
    """Measure all, and keep it."""
    kept = {name: round(ratio, 3) for gated in GATED for name, ratio in measured(gated).items()}
    BASELINE.write_text(json.dumps(kept, indent=2) + "\n", encoding="ascii")
    print(f"{len(kept)} ratios are kept in {BASELINE.name}; commit it")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="keep what is measured as the baseline")
    given = parser.parse_args()
    own_network.enter()
    if given.update:
        update()
        return 0
    return gate(json.loads(BASELINE.read_text(encoding="ascii")))


if __name__ == "__main__":
    sys.exit(main())
