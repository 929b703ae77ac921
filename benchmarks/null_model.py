"""How soon two draws of the null model are no longer alike, and what a draw costs.

    python benchmarks/null_model.py [--units 20000] [--draws 200]

Units hold families by a heavy-tailed law. For the most frequent pair the correlation of its counts is printed at so
many trades apart; the program takes a draw every eight trades. A Markdown table goes to standard output.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from census.resampling.null_model import _Table

_FAMILIES = 200
_APART = (1, 2, 4, 6, 8, 12)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--draws", type=int, default=200)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    names = [f"family {number:03}" for number in range(_FAMILIES)]
    law = 1 / np.arange(1, _FAMILIES + 1) ** 1.2
    sizes = rng.geometric(0.5, size=given.units).clip(max=20)
    rows = [rng.choice(_FAMILIES, size=size, replace=False, p=law / law.sum()) for size in sizes]
    table = _Table([(sorted(names[place] for place in row), 1) for row in rows], names)
    for _ in range(20):
        table.trade(rng)
    counts, began = [], time.process_time()
    for _ in range(given.draws):
        table.trade(rng)
        counts.append(table.pairs()[1])  # the first two families
    spent = (time.process_time() - began) / given.draws
    print("| trades apart | correlation |\n|--:|--:|")
    for apart in _APART:
        print(f"| {apart} | {np.corrcoef(counts[:-apart], counts[apart:])[0, 1]:.2f} |")
    print(f"\n{spent * 1000:.0f} ms of processor time for a trade and a count of {given.units:,} units")


if __name__ == "__main__":
    main()
