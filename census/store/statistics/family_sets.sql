-- The sets of families (or of architectures) that units with a model hold, in alphabetical order, and how many units
-- hold just that set; the empty set is of units whose models are all of unknown family.
create function stats.family_sets(
    scan bigint, since timestamptz, until timestamptz, unit text, population text, by text)
returns table (members text[], count bigint)
language sql stable parallel safe
begin atomic
    select s.members, s.count
    from stats.value_sets(by, scan, since, until, unit, population) s
    where stats.one_of('by', by, array['family', 'architecture']);
end;
