"""Runs the notebook and keeps what it shows: `python docs/notebook/run.py`, with a census' address in the environment.

Needs nbclient, ipykernel and polars, and CENSUS_DATABASE_URL: README.md beside this says how to come by both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbclient
import nbformat

NOTEBOOK = Path(__file__).with_name("census.ipynb")


def run() -> None:
    """Execute all cells in order; a cell that fails ends it, and the file stays as it was."""
    book: Any = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # when it ran is another difference at each run
    nbformat.write(book, NOTEBOOK)


if __name__ == "__main__":
    run()
    print(f"ran {NOTEBOOK.name}")
