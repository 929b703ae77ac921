"""Those who asked to be left alone."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Identity, PrimaryKeyConstraint, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import CIDR

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exclusion",
        Column("id", BigInteger, Identity(always=True), nullable=False, comment="Number of the row"),
        Column("entry", Text, nullable=False, comment="Address, network or name, in its canonical form"),
        Column("network", CIDR, comment="The same for SQL; null for a name, which covers the names below it"),
        Column("note", Text, comment="Why, or how they asked"),
        Column("added_by", Text, nullable=False, comment="Who entered it"),
        Column("added_at", DateTime(timezone=True), nullable=False, comment="When it was entered"),
        PrimaryKeyConstraint("id", name="exclusion_pkey"),
        UniqueConstraint("entry", name="exclusion_entry_key"),
        comment="Who asked to be left alone; checked before anything is sent, and by scans that run",
    )
