"""What a census needs to grow old: scans known everywhere, what was pruned, whose rules placed, who may read."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    Uuid,
    text,
)

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Copies of one database, upgraded apart from each other, must go on to know a scan as the same.
_SAME_IN_COPIES = """
    update scan set uuid = md5(concat_ws('|', id, extract(epoch from began), seed, authorization_hash))::uuid
"""


def upgrade() -> None:
    _scan()
    _pruning()
    _lineage()
    _reader()


def _scan() -> None:
    op.add_column(
        "scan",
        Column(
            "uuid",
            Uuid,
            server_default=text("gen_random_uuid()"),
            nullable=False,
            comment="The scan in whatever database it is; tells what was merged already",
        ),
    )
    op.execute(_SAME_IN_COPIES)
    op.create_unique_constraint("scan_uuid_key", "scan", ["uuid"])
    op.add_column(
        "scan",
        Column(
            "pruned_credible",
            BigInteger,
            server_default="0",
            nullable=False,
            comment="Observations of served, credible endpoints that were pruned; the funnel adds them",
        ),
    )


def _pruning() -> None:
    op.create_table(
        "pruning",
        Column("id", BigInteger, Identity(always=True), nullable=False, comment="Number of the row"),
        Column(
            "before", DateTime(timezone=True), nullable=False, comment="Single observations older than that are gone"
        ),
        Column("pruned_at", DateTime(timezone=True), server_default=text("now()"), nullable=False, comment="When"),
        Column("observations", BigInteger, nullable=False, comment="How many observations went"),
        Column("targets", BigInteger, nullable=False, comment="Of how many targets address and name went"),
        PrimaryKeyConstraint("id", name="pruning_pkey"),
        comment="What was dropped on purpose; windows and scans that reach before are incomplete",
    )


def _lineage() -> None:
    op.create_table(
        "lineage",
        Column("id", SmallInteger, autoincrement=False, nullable=False, comment="1: there is one row"),
        Column("digest", Text, nullable=False, comment="SHA-256 over the rules, hex; mixed if they were several"),
        Column("placed_at", DateTime(timezone=True), nullable=False, comment="When that was noted"),
        PrimaryKeyConstraint("id", name="lineage_pkey"),
        CheckConstraint("id = 1", name="lineage_one_row"),
        comment="Which rules of lineage placed the models that are stored",
    )


def _reader() -> None:
    op.create_table(
        "reader",
        Column("role", Text, nullable=False, comment="Name of the role"),
        Column("granted_at", DateTime(timezone=True), server_default=text("now()"), nullable=False, comment="When"),
        PrimaryKeyConstraint("role", name="reader_pkey"),
        comment="Roles that may read everything; upgrades grant it to them anew",
    )
