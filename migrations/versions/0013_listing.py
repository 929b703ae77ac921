"""What each endpoint ever listed, with all that statistics ask of it, in a table of its own."""

from alembic import op
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, ForeignKey, Integer, SmallInteger, Text, text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_OF_INVENTORY = (
    "tools", "size", "names", "instances", "traits", "families", "architectures", "origins", "quantizations",
    "capabilities", "models",
)  # fmt: skip

# What `given`, a query for endpoint_id, host_id, verdict and listed_id, says.
_LIST = """
    insert into listing (endpoint_id, host_id, inventory_id, verdict, shared, {columns})
    select
        e.endpoint_id, e.host_id, e.listed_id, e.verdict,
        exists (select from endpoint other where other.host_id = e.host_id and other.id <> e.endpoint_id), {values}
    from ({given}) e
    join inventory i on i.id = e.listed_id
    order by e.endpoint_id
"""

# A host with one more endpoint: what its others listed no longer is all that it listed.
_ON_INSERT = """
create function list_new()
returns trigger
language plpgsql set search_path from current
as $$
begin
    update listing set shared = true
    from made join endpoint other on other.host_id = made.host_id and other.id <> made.id
    where listing.endpoint_id = other.id and not listing.shared;
    {list};
    return null;
end
$$
"""

_ON_UPDATE = """
create function list_changed()
returns trigger
language plpgsql set search_path from current
as $$
begin
    update listing set verdict = made.verdict
    from made
    where listing.endpoint_id = made.id and listing.verdict <> made.verdict;
    delete from listing
    using made
    where listing.endpoint_id = made.id and listing.inventory_id is distinct from made.listed_id;
    {list};
    return null;
end
$$
"""

_ON_INVENTORY = """
create function list_renewed()
returns trigger
language plpgsql set search_path from current
as $$
begin
    update listing set ({columns}) = ({values})
    from made i
    where listing.inventory_id = i.id and ({listed}) is distinct from ({values});
    return null;
end
$$
"""

_ABOUT = {
    "list_new": "Keeps the table listing in line with endpoints that are new",
    "list_changed": "Keeps the table listing in line with what an endpoint ever listed, and with its verdict",
    "list_renewed": "Keeps the table listing in line with what is said of inventories",
}


def upgrade() -> None:
    op.create_table(
        "listing",
        Column(
            "endpoint_id",
            BigInteger,
            ForeignKey("endpoint.id", name="listing_endpoint_id_fkey", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
            comment="The endpoint",
        ),
        Column("host_id", BigInteger, nullable=False, comment="Its address"),
        Column("inventory_id", BigInteger, nullable=False, comment="All that it ever listed: endpoint.listed_id"),
        Column("verdict", SmallInteger, nullable=False, comment="Its decoy verdict: 0 credible, 1 suspect, 2 decoy"),
        Column("shared", Boolean, nullable=False, comment="Whether its host has, or had, another endpoint"),
        Column("tools", SmallInteger, nullable=False, comment="As in inventory"),
        Column("size", Integer, nullable=False, comment="As in inventory"),
        Column("names", Integer, nullable=False, comment="As in inventory"),
        Column("instances", Integer, nullable=False, comment="As in inventory"),
        Column("traits", Integer, nullable=False, comment="As in inventory"),
        Column("families", ARRAY(Text), nullable=False, comment="As in inventory"),
        Column("architectures", ARRAY(Text), nullable=False, comment="As in inventory"),
        Column("origins", ARRAY(Text), nullable=False, comment="As in inventory"),
        Column("quantizations", ARRAY(Text), nullable=False, comment="As in inventory"),
        Column("capabilities", ARRAY(Text), nullable=False, comment="As in inventory"),
        Column("models", ARRAY(BigInteger), nullable=False, comment="As in inventory"),
        comment="What an endpoint ever listed, as its inventory has it, so that statistics need no other table; made by"
        " triggers from endpoint.listed_id, and not there while that is stale",
    )
    op.create_index("listing_shared_idx", "listing", ["host_id"], postgresql_where=text("shared"))
    columns = ", ".join(_OF_INVENTORY)
    values = ", ".join(f"i.{each}" for each in _OF_INVENTORY)
    said = {"columns": columns, "values": values, "listed": ", ".join(f"listing.{each}" for each in _OF_INVENTORY)}

    def listing(given: str) -> str:
        return _LIST.format(given=given, **said)

    named = "select id as endpoint_id, host_id, verdict, listed_id from {table} where listed_id is not null"
    op.execute(listing(named.format(table="endpoint")))
    op.execute(_ON_INSERT.format(list=listing(named.format(table="made"))))
    missing = " and not exists (select from listing where listing.endpoint_id = made.id)"
    op.execute(_ON_UPDATE.format(list=listing(named.format(table="made") + missing)))
    op.execute(_ON_INVENTORY.format(**said))
    for function, comment in _ABOUT.items():
        op.execute(f"comment on function {function} is '{comment}'")
    for function, event, table in (
        ("list_new", "insert", "endpoint"),
        ("list_changed", "update", "endpoint"),
        ("list_renewed", "update", "inventory"),
    ):
        op.execute(
            f"create trigger {function} after {event} on {table} referencing new table as made"
            f" for each statement execute function {function}()"
        )
    op.execute(
        "create trigger note_change after insert or update or delete or truncate on listing"
        " for each statement execute function note_change()"
    )
    op.execute("alter table listing enable always trigger note_change")
