"""Which models were loaded, counted by sightings so that no observation is read for it, and an index of empty lists."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TOLD = """
update sighting set running_told = its.told, running_yes = its.busy, running_sum = its.loaded
from (
    select
        sighting_id, count(*) as told, count(*) filter (where running > 0) as busy, sum(running) as loaded
    from observation
    where sighting_id is not null and running is not null
    group by sighting_id
) its
where its.sighting_id = sighting.id
"""


# Range_agg does the same, but takes a kilobyte for each group from the start, and groups are many here and small.
_UNITED = """
create aggregate united(anymultirange) (
    sfunc = multirange_union, stype = anymultirange, combinefunc = multirange_union, parallel = safe
)
"""


def upgrade() -> None:
    op.execute(_UNITED)
    op.execute("comment on aggregate united (anymultirange) is 'All of some multiranges together'")
    for name, kind, comment in (
        ("running_told", Integer, "How many of its observations tell how many models were loaded"),
        ("running_yes", Integer, "How many of its observations found a model loaded"),
        ("running_sum", BigInteger, "Models loaded, added up over its observations"),
    ):
        op.add_column("sighting", Column(name, kind, nullable=False, server_default="0", comment=comment))
    op.execute(_TOLD)
    # There are one or two of them, and who has models is whoever lists none of these.
    op.create_index("inventory_empty_idx", "inventory", ["id"], postgresql_where=text("size = 0"))
