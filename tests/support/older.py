"""Taking from a database what the latest migrations gave it, for tests of how older databases are upgraded."""

from __future__ import annotations

# What 0009 adds.
WITHOUT_0009 = """
    alter table endpoint drop listed_stale;
    alter table sighting drop weeks, drop day_count;
    alter table model drop traits;
    alter table inventory drop names, drop instances, drop traits;
    alter table observation add id bigint generated always as identity primary key;
    drop index observation_in_vain_idx;
    drop function weeks_of, days_in
"""

# What 0011 adds.
WITHOUT_0011 = """
    alter table sighting drop running_told, drop running_yes, drop running_sum;
    drop index inventory_empty_idx;
    drop aggregate united(anymultirange)
"""

# What 0012 adds.
WITHOUT_0012 = "drop table change, kept; drop function note_change cascade"

# What 0013 adds.
WITHOUT_0013 = "drop table listing; drop function list_new, list_changed, list_renewed cascade"

# What 0015 adds.
WITHOUT_0015 = """
    drop function describe_sighting cascade;
    alter table sighting drop host_id, drop size;
    drop index endpoint_decoy_idx
"""

# What 0016 changes.
WITHOUT_0016 = """
    drop function count_days cascade;
    alter table sighting drop weeks, drop day_count;
    alter table sighting
        add day_count integer generated always as (days_in(days)) stored not null,
        add weeks int4multirange generated always as (weeks_of(days)) stored not null
"""

# What 0017 changes.
WITHOUT_0017 = """
    alter table inventory drop placed;
    alter table listing drop placed;
    alter table family drop number;
    create index endpoint_imprint_idx on endpoint (imprint) where imprint is not null
"""

# All of them, as they can be taken away one after another.
LATEST_FIRST = (WITHOUT_0017, WITHOUT_0016, WITHOUT_0015, WITHOUT_0013, WITHOUT_0012, WITHOUT_0011, WITHOUT_0009)
