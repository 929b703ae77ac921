"""The tables in which the database notes what is to be kept to: opt-outs, what was laid down, pruned, granted."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import CIDR

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def number() -> Column[int]:
    """The column of a table whose rows have no other name."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True, comment="Number of the row")


exclusion = Table(
    "exclusion",
    metadata,
    number(),
    Column("entry", Text, nullable=False, unique=True, comment="Address, network or name, in its canonical form"),
    Column("network", CIDR, comment="The same for SQL; null for a name, which covers the names below it"),
    Column("note", Text, comment="Why, or how they asked"),
    Column("added_by", Text, nullable=False, comment="Who entered it"),
    Column("added_at", DateTime(timezone=True), nullable=False, comment="When it was entered"),
    comment="Who asked to be left alone; checked before anything is sent, and by scans that run",
)

laid = Table(
    "laid",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 over the SQL that was laid down, hex"),
    Column("version", Text, nullable=False, comment="Version of census that laid it down"),
    Column("objects", ARRAY(Text), nullable=False, comment="Each view and function made, as DROP takes it"),
    comment="What the last upgrade put into the schemas stats and export, one row; the next one takes just that up",
)

pruning = Table(
    "pruning",
    metadata,
    number(),
    Column("before", DateTime(timezone=True), nullable=False, comment="Single observations older than that are gone"),
    Column("pruned_at", DateTime(timezone=True), nullable=False, server_default=text("now()"), comment="When"),
    Column("observations", BigInteger, nullable=False, comment="How many observations went"),
    Column("targets", BigInteger, nullable=False, comment="Of how many targets address and name went"),
    comment="What was dropped on purpose; windows and scans that reach before are incomplete",
)

lineage = Table(
    "lineage",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, comment="1: there is one row"),
    Column("digest", Text, nullable=False, comment="SHA-256 over the rules, hex; mixed if they were several"),
    Column("placed_at", DateTime(timezone=True), nullable=False, comment="When that was noted"),
    CheckConstraint("id = 1", name="lineage_one_row"),
    comment="Which rules of lineage placed the models that are stored",
)

reader = Table(
    "reader",
    metadata,
    Column("role", Text, primary_key=True, comment="Name of the role"),
    Column("granted_at", DateTime(timezone=True), nullable=False, server_default=text("now()"), comment="When"),
    comment="Roles that may read everything; upgrades grant it to them anew",
)
