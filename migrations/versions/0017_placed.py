"""Which families a list has and what its models of each are, as numbers: so that statistics look at no models."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_OF_INVENTORY = (
    "tools", "size", "names", "instances", "traits", "families", "architectures", "origins", "quantizations",
    "capabilities", "models", "placed",
)  # fmt: skip

_NUMBER = "Its number, above 0"
_PLACED = (
    "Families in it, sorted: 16 times family.number, 0 for models of none, and bits of what any of its models is:"
    " 0 unknown whether it advertises tool calling, 1 it does; 2 an original, 3 derived (22: family 1, an original,"
    " with tools)"
)

# Tables that are written anew have no dead rows, as those have that are updated. All are locked first, so that whoever
# has to give way to a worker that still writes does so before the work and not after it.
_FILLED = """
lock table family, inventory, endpoint, listing in access exclusive mode;
alter table family add column number integer generated always as identity unique;
create function placed_of(its bigint[]) returns integer[] language plpgsql stable
set search_path from current set plan_cache_mode = auto
as $$ begin
    return array(
        select
            coalesce(family.number, 0) * 16 + bit_or(
                case model.derived when true then 8 when false then 4 else 0 end
                + case model.tools when 2 then 2 when 1 then 1 else 0 end)
        from unnest(its) listed join model on model.id = listed left join family on family.name = model.family
        group by family.number
        order by 1
    );
end $$;
alter table inventory add column placed integer[];
alter table inventory alter column placed type integer[] using placed_of(models);
alter table inventory alter column placed set not null;
alter table listing add column placed integer[];
alter table listing alter column placed type integer[] using placed_of(models);
alter table listing alter column placed set not null;
drop function placed_of(bigint[]);
drop index endpoint_imprint_idx;
"""

# As 0013 has them, with one more column.
_LIST = """
    insert into listing (endpoint_id, host_id, inventory_id, verdict, shared, {columns})
    select
        e.endpoint_id, e.host_id, e.listed_id, e.verdict,
        exists (select from endpoint other where other.host_id = e.host_id and other.id <> e.endpoint_id), {values}
    from (select id as endpoint_id, host_id, verdict, listed_id from made where listed_id is not null{missing}) e
    join inventory i on i.id = e.listed_id
    order by e.endpoint_id
"""
_ON_INSERT = """
create or replace function list_new()
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
create or replace function list_changed()
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
create or replace function list_renewed()
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


def upgrade() -> None:
    op.execute(_FILLED)
    op.execute(f"comment on column family.number is '{_NUMBER}'")
    op.execute(f"comment on column inventory.placed is '{_PLACED}'")
    op.execute("comment on column listing.placed is 'As in inventory'")
    columns = ", ".join(_OF_INVENTORY)
    values = ", ".join(f"i.{each}" for each in _OF_INVENTORY)
    listed = ", ".join(f"listing.{each}" for each in _OF_INVENTORY)
    missing = " and not exists (select from listing where listing.endpoint_id = made.id)"
    op.execute(_ON_INSERT.format(list=_LIST.format(columns=columns, values=values, missing="")))
    op.execute(_ON_UPDATE.format(list=_LIST.format(columns=columns, values=values, missing=missing)))
    op.execute(_ON_INVENTORY.format(columns=columns, values=values, listed=listed))
