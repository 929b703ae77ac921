-- What units listed, together: each distinct set of inventories that could be read (served, empty), and how many
-- units listed just that set. Everything about the models of a unit is made from this.
create function stats.holdings(
    scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (inventories bigint[], count bigint)
language sql stable parallel safe
begin atomic
    select carriers.inventories, count(*)
    from (
        select array_agg(distinct s.inventory_id) as inventories
        from stats.seen(scan, since, until, unit, population) s
        where stats.asked(unit, population) and unit in ('host', 'endpoint') and s.inventory_id is not null
        group by s.carrier
    ) carriers
    group by carriers.inventories
    union all
    select array[s.inventory_id], sum(s.observations)::bigint
    from stats.seen(scan, since, until, unit, population) s
    where unit = 'observation' and s.inventory_id is not null
    group by s.inventory_id
    union all
    select d.inventories, d.count
    from stats.held_on_days(scan, since, until, population) d
    where unit = 'host-day';
end;
