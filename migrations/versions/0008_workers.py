"""The workers alive on a scan, among whom its rate is shared, and whether its user stopped it."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Text,
)
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "scan",
        Column("stopped", DateTime(timezone=True), comment="When its user stopped it; null again once it was resumed"),
    )
    op.alter_column("scan", "done_before", comment="Targets done when this run began")
    op.alter_column("scan", "heartbeat", comment="Last sign of life of any worker; null once all had left it")
    op.create_table(
        "worker",
        Column("id", BigInteger, Identity(always=True), nullable=False, comment="Number of the row"),
        Column("scan_id", BigInteger, nullable=False, comment="The scan that it works on"),
        Column("machine", Text, nullable=False, comment="Name of its machine, and of its container where it is in one"),
        Column("process", Integer, nullable=False, comment="Number of its process there"),
        Column("began", DateTime(timezone=True), nullable=False, comment="When it joined the scan"),
        Column("heartbeat", DateTime(timezone=True), nullable=False, comment="Its last sign of life"),
        Column(
            "working", Boolean, nullable=False, comment="Has targets to ask; an idle worker has no share of the rate"
        ),
        Column("rate", DOUBLE_PRECISION, nullable=False, comment="Connections a second that it may open"),
        Column("backend", Integer, nullable=False, comment="Process of the server that serves it"),
        ForeignKeyConstraint(["scan_id"], ["scan.id"], name="worker_scan_id_fkey", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="worker_pkey"),
        comment="The workers alive; what they may open together is never more than the rate of the scan",
    )
