"""What the tables have in common: the names of their constraints, and the column that numbers rows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def id_column() -> Column[int]:
    """A number that the database gives each row."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True, comment="Number of the row")
