"""Results of statistics that are kept while nothing is written, and a note of each transaction that writes."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# All that a statistic can read; tests/store/test_kept.py compares it with what the functions are known to depend on.
_READ = (
    "advisory", "chunk", "endpoint", "family", "host", "inventory", "judgement", "model", "network", "observation",
    "outcome", "place", "scan", "sighting", "software",
)  # fmt: skip

_NOTE_CHANGE = """
create function note_change()
returns trigger
language plpgsql set search_path from current
as $$
begin
    insert into change values (pg_current_xact_id()::text::bigint) on conflict do nothing;
    return null;
end
$$
"""


def upgrade() -> None:
    op.create_table(
        "change",
        Column(
            "xact",
            BigInteger,
            primary_key=True,
            autoincrement=False,
            comment="Number of the transaction; of those that ended long ago only the greatest is here",
        ),
        comment="Transactions that changed what statistics read",
    )
    op.create_table(
        "kept",
        Column("statistic", Text, nullable=False, comment="Its function in the schema stats"),
        Column("arguments", Text, nullable=False, comment="What it was asked for, and its columns, as JSON"),
        Column("top", Integer, comment="How many rows were asked for; null for all"),
        Column("server", BigInteger, nullable=False, comment="The server whose transactions these are"),
        Column(
            "snapshot", Text, nullable=False, comment="What had been committed when it was asked for, a pg_snapshot"
        ),
        Column("result", Text, nullable=False, comment="Types of the columns and the rows, as JSON"),
        Column("seconds", DOUBLE_PRECISION, nullable=False, comment="How long it took"),
        Column(
            "kept_at", DateTime(timezone=True), nullable=False, server_default=text("now()"), comment="When it was made"
        ),
        UniqueConstraint("statistic", "arguments", "top", postgresql_nulls_not_distinct=True),
        comment="Results of statistics that took long, given again until something is written; safe to empty",
    )
    op.execute("insert into change values (0)")  # no note has been dropped yet
    op.execute(_NOTE_CHANGE)
    op.execute("comment on function note_change is 'Notes in the table change that this transaction writes'")
    for table in _READ:
        op.execute(
            f"create trigger note_change after insert or update or delete or truncate on {table}"
            " for each statement execute function note_change()"
        )
        op.execute(f"alter table {table} enable always trigger note_change")  # also for who replicates or restores
