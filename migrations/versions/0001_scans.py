"""Scans: the targets of each with their outcomes, and what an upgrade lays over the tables."""

from alembic import op
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _outcome()
    _scan()
    _chunk()
    _laid()


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), nullable=False, comment="Number of the row")


def _outcome() -> None:
    op.create_table(
        "outcome",
        Column("id", SmallInteger, autoincrement=False, nullable=False, comment="The byte stored for it"),
        Column("word", Text, nullable=False, comment="The word that exports and statistics use"),
        Column(
            "stage",
            SmallInteger,
            nullable=False,
            comment="How far a target got: 0 not contacted, 1 contacted, 2 connected, 3 spoke HTTP, 4 recognised,"
            " 5 served",
        ),
        Column("meaning", Text, nullable=False, comment="What it says, in a sentence"),
        PrimaryKeyConstraint("id", name="outcome_pkey"),
        UniqueConstraint("word", name="outcome_word_key"),
        comment="The closed list of words that a target of a scan ends in",
    )


def _scan() -> None:
    op.create_table(
        "scan",
        _id(),
        Column("name", Text, comment="What the researcher calls it"),
        Column("reference", Text, nullable=False, comment="Authorisation: its reference"),
        Column("basis", Text, nullable=False, comment="Authorisation: what it rests on"),
        Column("contact", Text, nullable=False, comment="Authorisation: whom a scanned network can write to"),
        Column("valid_from", Date, nullable=False, comment="Authorisation: first day"),
        Column("valid_until", Date, nullable=False, comment="Authorisation: last day"),
        Column("authorization_hash", Text, nullable=False, comment="SHA-256 of the authorisation record, hex"),
        Column("settings", JSONB, nullable=False, comment="The scope file and the options as they applied"),
        Column("lists", JSONB, nullable=False, comment="Names of the lists and how many of their lines were no target"),
        Column("places", JSONB, nullable=False, comment="The place databases in use: file, type, date of build"),
        Column("seed", BigInteger, nullable=False, comment="Seed of the order in which targets were asked"),
        Column("version", Text, nullable=False, comment="Version of census that made the scan"),
        Column("targets", BigInteger, nullable=False, comment="Number of distinct targets"),
        Column("began", DateTime(timezone=True), nullable=False, comment="When the scan began"),
        Column("ended", DateTime(timezone=True), comment="When the last target had its outcome; null before"),
        Column("resumed", DateTime(timezone=True), comment="When the present run of it began; differs after a resume"),
        Column(
            "done_before",
            BigInteger,
            server_default="0",
            nullable=False,
            comment="Targets done when the present run began",
        ),
        Column(
            "heartbeat", DateTime(timezone=True), comment="When a worker last wrote; null once it stopped by itself"
        ),
        Column(
            "unexpected_errors",
            BigInteger,
            server_default="0",
            nullable=False,
            comment="Faults of ours, not of targets",
        ),
        PrimaryKeyConstraint("id", name="scan_pkey"),
        comment="One pass over a target list under a scope",
    )


def _chunk() -> None:
    op.create_table(
        "chunk",
        Column("scan_id", BigInteger, nullable=False, comment="The scan"),
        Column("number", Integer, nullable=False, comment="Place in the seeded order, from 0"),
        Column("addresses", ARRAY(INET), nullable=False, comment="Address of each target; null for a name"),
        Column("ports", ARRAY(Integer), nullable=False, comment="Port of each target"),
        Column("names", ARRAY(Text), comment="Name of each target, null where it is an address; null if none has one"),
        Column("tls", ARRAY(Boolean), comment="Whether the list said https (true) or http (false); null if none says"),
        Column("outcomes", LargeBinary, nullable=False, comment="One byte for each target: outcome.id, 0 not yet"),
        Column(
            "counts",
            ARRAY(Integer),
            server_default="{}",
            nullable=False,
            comment="How many of its targets ended in each outcome; the position is outcome.id",
        ),
        Column(
            "attempt", Integer, server_default="0", nullable=False, comment="How often it was claimed; fences writers"
        ),
        Column("worker", Text, comment="Who holds it: machine and process; null when nobody does"),
        Column("claimed_at", DateTime(timezone=True), comment="When it was claimed or last written to"),
        Column("done", Boolean, server_default="false", nullable=False, comment="Whether every target has an outcome"),
        Column(
            "follows",
            Boolean,
            server_default="false",
            nullable=False,
            comment="Of the same network as the chunk before, which must be done first,"
            " for the pace of a network is one",
        ),
        Column("requests", BigInteger, server_default="0", nullable=False, comment="HTTP requests sent"),
        Column("connections", BigInteger, server_default="0", nullable=False, comment="Connections attempted"),
        ForeignKeyConstraint(["scan_id"], ["scan.id"], name="chunk_scan_id_fkey", ondelete="CASCADE"),
        PrimaryKeyConstraint("scan_id", "number", name="chunk_pkey"),
        comment="Some thousand targets of a scan with their outcomes: the whole denominator",
    )
    op.create_index("chunk_open_idx", "chunk", ["scan_id", "number"], postgresql_where=text("not done"))


def _laid() -> None:
    op.create_table(
        "laid",
        Column("digest", Text, nullable=False, comment="SHA-256 over the SQL that was laid down, hex"),
        Column("version", Text, nullable=False, comment="Version of census that laid it down"),
        Column("objects", ARRAY(Text), nullable=False, comment="Each view and function made, as DROP takes it"),
        PrimaryKeyConstraint("digest", name="laid_pkey"),
        comment="What the last upgrade put into the schemas stats and export, one row; the next one takes just that up",
    )
