"""Takes a line of CSV apart into its fields."""

from __future__ import annotations

import csv


def fields(line: str) -> list[str]:
    """The fields of a line without the blanks around them. Raises ValueError."""
    if '"' not in line:
        return [field.strip() for field in line.split(",")]
    try:
        return [field.strip() for field in next(csv.reader([line], skipinitialspace=True))]
    except (csv.Error, StopIteration) as error:
        raise ValueError(f"this is no CSV ({error}); write quotes in pairs") from None
