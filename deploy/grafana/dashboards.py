"""Writes the dashboards as the JSON that Grafana loads: `python -m deploy.grafana.dashboards`, or `make dashboards`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from deploy.grafana.census import census
from deploy.grafana.running_scan import running_scan

FOLDER = Path(__file__).parent / "dashboards"


def files() -> Iterator[tuple[Path, str]]:
    """Each dashboard's file and what stands in it; the same program gives the same text."""
    for made in (running_scan(), census()):
        yield FOLDER / f"{made['uid']}.json", json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def write() -> None:
    """Write all files anew."""
    FOLDER.mkdir(exist_ok=True)
    for path, text in files():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
