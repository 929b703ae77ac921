-- Pairs of families on one unit, of the units with two known families or more; with the sixth parameter
-- architecture, pairs of architectures. a comes before b in the alphabet. jaccard is the units with both by those with
-- either, lift is P(ab) / (P(a) P(b)); both are over all units with a model.
create function stats.co_deployment(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible', by text default 'family')
returns table (
    a text, b text,
    count bigint, of bigint, share double precision, low double precision, high double precision,
    jaccard double precision, lift double precision)
language sql stable parallel safe
begin atomic
    with sets as (
        select s.members, s.count from stats.family_sets(scan, since, until, unit, population, by) s
    ),
    whole as materialized (
        select
            coalesce(sum(count), 0)::bigint as units,
            coalesce(sum(count) filter (where cardinality(members) >= 2), 0)::bigint as of
        from sets
    ),
    singles as (
        select member, sum(count)::bigint as units from sets, unnest(members) member group by member
    ),
    pairs as (
        select x as a, y as b, sum(count)::bigint as count
        from sets, unnest(members) with ordinality first (x, place), unnest(members[place + 1:]) y
        group by x, y
    )
    select
        p.a, p.b, p.count, t.of, w.share, w.low, w.high,
        p.count::double precision / (x.units + y.units - p.count),
        p.count::double precision * t.units / (x.units::double precision * y.units)
    from pairs p
    join singles x on x.member = p.a
    join singles y on y.member = p.b
    cross join whole t,
        lateral stats.wilson(p.count, t.of, unit) w
    order by p.count desc, p.a collate "C", p.b collate "C";
end;

create view stats.co_deployment as select * from stats.co_deployment();
