-- What units listed, together: each distinct set of inventories that could be read (served, empty), and how many
-- units listed just that set. Everything about the models of a unit is made from this.
create function stats.holdings(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (alone boolean, inventories bigint[], count bigint)
language sql stable parallel safe
begin atomic
    select s.alone, s.members, s.count from stats.held_sets('inventory', scan, since, until, unit, population) s;
end;
