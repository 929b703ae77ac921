"""Of each sighting its host and the number of its models, so that statistics over all time join nothing."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_HOST = "The address of its endpoint: endpoint.host_id"
_SIZE = "How many models it listed: inventory.size; null when it was locked"

# Whoever inserts a sighting may leave them out: neither ever changes.
_DESCRIBE = """
create function describe_sighting()
returns trigger
language plpgsql set search_path from current
as $$
begin
    new.host_id := (select host_id from endpoint where id = new.endpoint_id);
    new.size := (select size from inventory where id = new.inventory_id);
    return new;
end
$$
"""
_ABOUT = "Fills in what a new sighting has from its endpoint and its inventory, where it is not given"

# A table that is written anew has no dead rows, as one would that is updated.
_FILLED = """
create function host_of(its bigint) returns bigint language plpgsql stable set search_path from current
as $$ begin return (select host_id from endpoint where id = its); end $$;
create function size_of(its bigint) returns integer language plpgsql stable set search_path from current
as $$ begin return (select size from inventory where id = its); end $$;
alter table sighting add column host_id bigint, add column size integer;
alter table sighting
    alter column host_id type bigint using host_of(endpoint_id),
    alter column size type integer using size_of(inventory_id);
alter table sighting alter column host_id set not null;
drop function host_of(bigint);
drop function size_of(bigint);
"""


def upgrade() -> None:
    op.execute(_FILLED)
    op.execute(_DESCRIBE)
    op.execute(
        "create trigger describe_sighting before insert on sighting for each row when (new.host_id is null)"
        " execute function describe_sighting()"
    )
    op.execute(f"comment on function describe_sighting is '{_ABOUT}'")
    op.execute(f"comment on column sighting.host_id is '{_HOST}'")
    op.execute(f"comment on column sighting.size is '{_SIZE}'")
    op.execute("create index endpoint_decoy_idx on endpoint (id) where verdict >= 2")
