"""What statistics of long studies need at hand: weeks of sightings, traits of models, an index of attempts in vain."""

from alembic import op
from sqlalchemy import Boolean, Column, Computed, Integer, text
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Week 0 began on Monday, 3 January 2000.
_WEEKS_OF = """
create function weeks_of(days datemultirange)
returns int4multirange
language sql immutable strict parallel safe
return (
    select coalesce(range_agg(int4range(
        (lower(span) - date '2000-01-03') / 7, (upper(span) - 1 - date '2000-01-03') / 7, '[]')), '{}')
    from unnest(days) span
)
"""

_DAYS_IN = """
create function days_in(days datemultirange)
returns integer
language sql immutable strict parallel safe
return (select coalesce(sum(upper(span) - lower(span)), 0) from unnest(days) span)
"""

_TRAITS = """
case when parameters is null then 128
    else 1 << width_bucket(parameters, array[
        1000000000, 4000000000, 8000000000, 15000000000, 35000000000, 80000000000]::bigint[])
end
| case when capabilities is null then 256
    else 512
        | case when capabilities @> array['completion'] then 1024 else 0 end
        | case when capabilities @> array['embedding'] then 2048 else 0 end
end
| case when remote is null then 4096 when remote then 8192 else 0 end
| case when name ~* '(uncensored|abliterat|unfiltered|unaligned|nsfw)' then 16384 else 0 end
"""

_OF_MODELS = """
update inventory set names = its.names, instances = its.instances, traits = its.traits
from (
    select
        i.id, count(distinct m.name) as names,
        count(distinct coalesce('d' || m.digest, 'n' || m.name)) as instances, bit_or(m.traits) as traits
    from inventory i cross join unnest(i.models) listed join model m on m.id = listed
    group by i.id
) its
where its.id = inventory.id
"""


def upgrade() -> None:
    op.execute(_WEEKS_OF)
    op.execute(_DAYS_IN)
    op.execute("comment on function days_in is 'The number of days in a set of them'")
    op.execute(
        "comment on function weeks_of is 'The weeks in which days lie, by their number: week 0 began on 2000-01-03'"
    )
    op.add_column(
        "sighting",
        Column(
            "day_count",
            Integer,
            Computed("days_in(days)", persisted=True),
            nullable=False,
            comment="Number of days on which it was seen",
        ),
    )
    op.add_column(
        "sighting",
        Column(
            "weeks",
            INT4MULTIRANGE,
            Computed("weeks_of(days)", persisted=True),
            nullable=False,
            comment="Weeks in which it was seen, by number: week 0 began on Monday, 2000-01-03",
        ),
    )
    op.alter_column(
        "endpoint",
        "listed_id",
        comment="All that it ever listed, together; null where it was always locked, and while it is stale",
    )
    op.add_column(
        "endpoint",
        Column(
            "listed_stale",
            Boolean,
            nullable=False,
            server_default="true",
            comment="Whether listed_id has to be made anew, and until then the sightings be asked",
        ),
    )
    op.create_index("endpoint_stale_idx", "endpoint", ["id"], postgresql_where=text("listed_stale"))
    op.add_column(
        "model",
        Column(
            "traits",
            Integer,
            Computed(_TRAITS, persisted=True),
            nullable=False,
            comment="Bits: 0 to 6 the band of its parameters (<1B, 1-3B, 4-7B, 8-14B, 15-34B, 35-79B, >=80B), 7 if they"
            " are unknown; 8 its capabilities are unknown, 9 known, 10 it completes, 11 it embeds; 12 it is unknown"
            " whether it runs elsewhere, 13 it does; 14 its name says that it is uncensored",
        ),
    )
    for name, comment in (
        ("names", "Number of distinct names in it"),
        ("instances", "Number of distinct models in it: by digest, and by name where there is none"),
        ("traits", "The bits of model.traits that any model in it has"),
    ):
        op.add_column("inventory", Column(name, Integer, nullable=False, server_default="0", comment=comment))
        op.alter_column("inventory", name, server_default=None)
    op.execute(_OF_MODELS)
    # Nobody names an observation, and the index took more room than any other.
    op.drop_column("observation", "id")
    op.create_index(
        "observation_in_vain_idx",
        "observation",
        ["endpoint_id", "observed_at"],
        postgresql_include=["outcome"],
        postgresql_where=text("sighting_id is null"),
    )
