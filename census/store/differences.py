"""What two scans saw differently at the same endpoints: new ones, those that are gone, and those that changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from census.store.statistics import Result

COLUMNS = (
    "change", "address", "port", "country", "organization", "decoy", "outcome_before", "outcome_after",
    "software_before", "software_after", "version_before", "version_after", "models_added", "models_removed",
    "models_updated",
)  # fmt: skip
NEW, GONE, CHANGED, SAME, NOT_ASKED = "new", "gone", "changed", "same", "not asked"
_SHOWN = (NEW, GONE, CHANGED)

# Models are compared by name and digest: that one is described otherwise than before is nothing that happened there.
_FOUND = text("""
    with looked as (
        select distinct on (o.scan_id, o.endpoint_id)
            o.scan_id, o.endpoint_id, k.word as outcome, o.sighting_id is not null as seen,
            w.name as software, w.version, i.models
        from observation o
        join outcome k on k.id = o.outcome
        left join sighting s on s.id = o.sighting_id
        left join software w on w.id = s.software_id
        left join inventory i on i.id = s.inventory_id
        where o.scan_id in (:before, :after)
        order by o.scan_id, o.endpoint_id, o.sighting_id is not null desc, o.observed_at desc,
            o.sighting_id desc, o.outcome
    ),
    beside as (
        select
            endpoint_id,
            coalesce(b.seen, false) as seen_before, coalesce(a.seen, false) as seen_after,
            b.outcome as outcome_before, a.outcome as outcome_after,
            b.software as software_before, a.software as software_after,
            b.version as version_before, a.version as version_after,
            b.models as models_before, a.models as models_after
        from (select * from looked where scan_id = :before) b
        full join (select * from looked where scan_id = :after) a using (endpoint_id)
        where coalesce(b.seen, false) or coalesce(a.seen, false)
    )
    select
        seen_before, seen_after, host(h.address) as address, e.port, p.country, n.organization,
        stats.verdict_word(e.verdict) as decoy, outcome_before, outcome_after, software_before, software_after,
        version_before, version_after, l.added as models_added, l.removed as models_removed, l.updated as models_updated
    from beside
    join endpoint e on e.id = endpoint_id
    join host h on h.id = e.host_id
    left join place p on p.id = h.place_id
    left join network n on n.id = h.network_id,
        lateral (
            select
                array_agg(name order by name collate "C") filter (where digests_before is null) as added,
                array_agg(name order by name collate "C") filter (where digests_after is null) as removed,
                array_agg(name order by name collate "C") filter (where digests_before <> digests_after) as updated
            from (
                select m.name, array_agg(distinct coalesce(m.digest, '')) as digests_before
                from unnest(models_before) listed join model m on m.id = listed group by m.name
            ) b
            full join (
                select m.name, array_agg(distinct coalesce(m.digest, '')) as digests_after
                from unnest(models_after) listed join model m on m.id = listed group by m.name
            ) a using (name)
            where models_before is not null and models_after is not null
        ) l
    order by h.address, e.port
""")


@dataclass(frozen=True, slots=True)
class Differences:
    """The endpoints that are new, gone or changed, and how many there are of each sort, those `same` included."""

    result: Result
    counts: Counter[str]


def between(connection: Connection, before: int, after: int) -> Differences:
    """What scan `after` saw differently from scan `before`, both by number.

    New is who was not recognised in `before`; gone is who was asked again and not recognised; not asked is who was no
    target of `after`, of which nothing can be said, or is still to be asked. A verdict belongs to an endpoint and not
    to a scan: shown is the present one.
    """
    rows, counts = [], Counter[str]()
    for found in connection.execute(_FOUND, {"before": before, "after": after}).mappings():
        change = _change(found)
        counts[change] += 1
        if change in _SHOWN:
            rows.append((change, *(found[column] for column in COLUMNS[1:])))
    rows.sort(key=lambda row: _SHOWN.index(row[0]))
    return Differences(Result(COLUMNS, rows), counts)


def _change(found: Any) -> str:
    if not found["seen_before"]:
        return NEW
    if not found["seen_after"]:
        return NOT_ASKED if found["outcome_after"] is None else GONE
    told = ("outcome", "software", "version")
    differs = any(found[f"{word}_before"] != found[f"{word}_after"] for word in told)
    lists = any(found[f"models_{word}"] for word in ("added", "removed", "updated"))
    return CHANGED if differs or lists else SAME
