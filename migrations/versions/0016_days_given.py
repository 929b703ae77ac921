"""Number of days and weeks of a sighting are given by the writer, who knows them; computed for whoever gives none."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# As generated columns they were computed from all days of a sighting whenever one more was added.
_COUNT = """
create function count_days()
returns trigger
language plpgsql set search_path from current
as $$
begin
    new.day_count := days_in(new.days);
    new.weeks := weeks_of(new.days);
    return new;
end
$$
"""
_ABOUT = "Computes how many days and which weeks a sighting has, where they are not given with its days"


def upgrade() -> None:
    op.execute("alter table sighting alter column day_count drop expression, alter column weeks drop expression")
    op.execute(_COUNT)
    op.execute(f"comment on function count_days is '{_ABOUT}'")
    op.execute(
        "create trigger count_days before insert on sighting for each row"
        " when (new.day_count is null or new.weeks is null) execute function count_days()"
    )
    # Other days of the same number cannot have come of a day that was added.
    op.execute(
        "create trigger count_days_anew before update of days on sighting for each row"
        " when (new.days <> old.days and new.day_count = old.day_count) execute function count_days()"
    )
