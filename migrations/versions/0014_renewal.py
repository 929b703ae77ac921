"""A question stays when its result holds no more, so that it can be asked once more after a scan."""

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, Integer, Text, text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_RESULT = "Types of the columns and the rows, as JSON"
_KEPT = "Results of statistics that took long, given again until something is written"


def upgrade() -> None:
    op.alter_column("kept", "snapshot", existing_type=Text, nullable=True)
    op.alter_column(
        "kept", "result", existing_type=Text, nullable=True, comment=f"{_RESULT}; null when it held no more",
        existing_comment=_RESULT,
    )  # fmt: skip
    for column in (
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
        Column(
            "latest",
            Boolean,
            nullable=False,
            server_default="false",
            comment="It was asked of the last scan",
        ),
    ):
        op.add_column("kept", column)
    op.create_check_constraint("kept_holds", "kept", "(result is null) = (snapshot is null)")
    op.create_table_comment(
        "kept", f"{_KEPT}, and what was asked; safe to empty", existing_comment=f"{_KEPT}; safe to empty"
    )
