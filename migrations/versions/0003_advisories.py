"""Published weaknesses of server software, and what they say of each version."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, PrimaryKeyConstraint, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advisory",
        Column("id", Text, nullable=False, comment="Its number, such as CVE-2024-37032"),
        Column("software", Text, nullable=False, comment="Server software, by the name that table software has"),
        Column("about", Text, nullable=False, comment="What it is about"),
        Column("ranges", JSONB, nullable=False, comment="Affected versions by each source that gives some"),
        PrimaryKeyConstraint("id", name="advisory_pkey"),
        comment="Published weaknesses of server software, as this version of census knows them",
    )
    op.create_table(
        "judgement",
        Column("software_id", BigInteger, nullable=False, comment="Software with version"),
        Column("advisory_id", Text, nullable=False, comment="advisory.id"),
        Column("affected", SmallInteger, nullable=False, comment="By its version: 0 no, 1 unknown, 2 yes"),
        ForeignKeyConstraint(["software_id"], ["software.id"], name="judgement_software_id_fkey", ondelete="CASCADE"),
        PrimaryKeyConstraint("software_id", "advisory_id", name="judgement_pkey"),
        comment="Which advisories concern a version; without a row unknown, as where a version cannot be placed",
    )
