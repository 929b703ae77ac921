"""What each endpoint ever listed, as one inventory."""

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = Column(
        "listed_id", BigInteger, comment="All that it ever listed, together; null where the sightings must be asked"
    )
    op.add_column("endpoint", column)
    op.create_foreign_key("endpoint_listed_id_fkey", "endpoint", "inventory", ["listed_id"], ["id"])
