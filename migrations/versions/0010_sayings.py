"""What endpoints told of models, so that others need not be asked; and of whose models others told."""

from alembic import op
from sqlalchemy import ARRAY, BigInteger, Column, ForeignKey, Identity, Text, UniqueConstraint

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saying",
        Column("id", BigInteger, Identity(always=True), primary_key=True, comment="Number of the row"),
        Column(
            "endpoint_id",
            BigInteger,
            ForeignKey("endpoint.id", ondelete="CASCADE"),
            nullable=False,
            comment="Who told it",
        ),
        Column("digest", Text, nullable=False, comment="Digest of the model, 64 hex digits"),
        Column(
            "rules", Text, nullable=False, comment="First release that answers by the rules of its version, or =release"
        ),
        Column("said", Text, nullable=False, comment="What is kept of the answer, as JSON: tools, template hash, ..."),
        UniqueConstraint("endpoint_id", "digest", "rules"),
        comment="What an endpoint itself told of a model that others need not be asked about once two networks agree",
    )
    op.add_column(
        "sighting",
        Column(
            "recalled",
            ARRAY(BigInteger),
            comment="model.id, sorted, of those that only others told of; else null",
        ),
    )
