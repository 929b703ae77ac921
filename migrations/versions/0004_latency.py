"""The least latency of each sighting, so that whoever compares them need not read observations."""

from alembic import op
from sqlalchemy import REAL, Column

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_FROM_OBSERVATIONS = """
update sighting set latency_ms = fastest.latency_ms
from (select sighting_id, min(latency_ms) as latency_ms from observation group by 1) fastest
where sighting.id = fastest.sighting_id
"""


def upgrade() -> None:
    comment = "The least latency of its observations, milliseconds; null when none has one"
    op.add_column("sighting", Column("latency_ms", REAL, comment=comment))
    op.execute(_FROM_OBSERVATIONS)
