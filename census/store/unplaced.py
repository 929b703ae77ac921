"""Names of models that the rules of lineage place nowhere, by the hosts that list them."""

from __future__ import annotations

from itertools import islice

from sqlalchemy import Connection, text

from census import lineage
from census.store.statistics import Result

COLUMNS = ("rank", "model", "architecture", "hosts")

# Names that a decoy made up are no news to families.toml.
_SEEN = text("""
    select m.name, m.architecture, count(distinct e.host_id)
    from inventory i
    cross join unnest(i.models) number
    join model m on m.id = number and m.family is null
    join sighting s on s.inventory_id = i.id
    join endpoint e on e.id = s.endpoint_id and stats.credible(e.verdict)
    where i.unplaced
    group by m.name, m.architecture
    order by 3 desc, m.name collate "C", m.architecture collate "C"
""")


def unplaced(connection: Connection, top: int | None = None) -> Result:
    """The first `top` names, the most frequent first, with the architecture reported beside each.

    What was stored without a family and is placed by the rules of this program is left out.
    """
    seen = connection.execute(_SEEN)
    unknown = (row for row in seen if lineage.place(row[0], row[1]).family is None)
    return Result(COLUMNS, [(rank, *row) for rank, row in enumerate(islice(unknown, top), 1)])
