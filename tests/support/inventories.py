"""What inventories that a test inserted keep of their models, filled in as the program fills it in."""

from __future__ import annotations

from sqlalchemy import Connection, text

from census.store.inventories import OF_MODELS

# For an insert; `describe` puts the numbers in.
UNDESCRIBED = {"names": 0, "instances": 0, "traits": 0, "placed": []}


def describe(connection: Connection) -> None:
    """Count names and models, and gather traits and families, of every inventory."""
    connection.execute(
        text(
            f"""update inventory of set (names, instances, traits, placed) =
                (select names, instances, traits, placed from ({OF_MODELS}) told)"""
        )
    )
