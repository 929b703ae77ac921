"""The tables beside the census: opt-outs, workers, sayings, results; notes of what was laid, pruned and granted."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import CIDR, DOUBLE_PRECISION

from census.store.columns import id_column
from census.store.columns import metadata as metadata  # noqa: PLC0414  Alembic finds these tables by it

exclusion = Table(
    "exclusion",
    metadata,
    id_column(),
    Column("entry", Text, nullable=False, unique=True, comment="Address, network or name, in its canonical form"),
    Column("network", CIDR, comment="The same for SQL; null for a name, which covers the names below it"),
    Column("note", Text, comment="Why, or how they asked"),
    Column("added_by", Text, nullable=False, comment="Who entered it"),
    Column("added_at", DateTime(timezone=True), nullable=False, comment="When it was entered"),
    comment="Who asked to be left alone; checked before anything is sent, and by scans that run",
)

worker = Table(
    "worker",
    metadata,
    id_column(),
    Column("scan_id", ForeignKey("scan.id", ondelete="CASCADE"), nullable=False, comment="The scan that it works on"),
    Column("machine", Text, nullable=False, comment="Name of its machine, and of its container where it is in one"),
    Column("process", Integer, nullable=False, comment="Number of its process there"),
    Column("began", DateTime(timezone=True), nullable=False, comment="When it joined the scan"),
    Column("heartbeat", DateTime(timezone=True), nullable=False, comment="Its last sign of life"),
    Column("working", Boolean, nullable=False, comment="Has targets to ask; an idle worker has no share of the rate"),
    Column("rate", DOUBLE_PRECISION, nullable=False, comment="Connections a second that it may open"),
    Column("backend", Integer, nullable=False, comment="Process of the server that serves it"),
    comment="The workers alive; what they may open together is never more than the rate of the scan",
)

saying = Table(
    "saying",
    metadata,
    id_column(),
    Column("endpoint_id", ForeignKey("endpoint.id", ondelete="CASCADE"), nullable=False, comment="Who told it"),
    Column("digest", Text, nullable=False, comment="Digest of the model, 64 hex digits"),
    Column(
        "rules", Text, nullable=False, comment="First release that answers by the rules of its version, or =release"
    ),
    Column("said", Text, nullable=False, comment="What is kept of the answer, as JSON: tools, template hash, ..."),
    UniqueConstraint("endpoint_id", "digest", "rules"),
    comment="What an endpoint itself told of a model that others need not be asked about once two networks agree",
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
    id_column(),
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

change = Table(
    "change",
    metadata,
    Column(
        "xact",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="Number of the transaction; of those that ended long ago only the greatest is here",
    ),
    comment="Transactions that changed what statistics read",
)

kept = Table(
    "kept",
    metadata,
    Column("statistic", Text, nullable=False, comment="Its function in the schema stats"),
    Column("arguments", Text, nullable=False, comment="What it was asked for, and its columns, as JSON"),
    Column("top", Integer, comment="How many rows were asked for; null for all"),
    Column("server", BigInteger, nullable=False, comment="The server whose transactions these are"),
    Column("snapshot", Text, comment="What had been committed when it was asked for, a pg_snapshot"),
    Column("result", Text, comment="Types of the columns and the rows, as JSON; null when it held no more"),
    Column("seconds", DOUBLE_PRECISION, nullable=False, comment="How long it took"),
    Column(
        "kept_at", DateTime(timezone=True), nullable=False, server_default=text("now()"), comment="When it was made"
    ),
    Column(
        "asked_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="When somebody asked last, to the day",
    ),
    Column(
        "asked",
        Integer,
        nullable=False,
        server_default="1",
        comment="How often it was computed because somebody asked",
    ),
    Column("latest", Boolean, nullable=False, server_default="false", comment="It was asked of the last scan"),
    UniqueConstraint("statistic", "arguments", "top", postgresql_nulls_not_distinct=True),
    CheckConstraint("(result is null) = (snapshot is null)", name="kept_holds"),
    comment="Results of statistics that took long, given again until something is written, and what was asked; safe to"
    " empty",
)
