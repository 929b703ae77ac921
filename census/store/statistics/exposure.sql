-- Published weaknesses (advisories) by the units that serve a model with the software they concern, of all units with a
-- model, whatever they run, so that locked servers are left out. By the version that the server tells, and nothing else
-- is asked or tried: a fix that was put into an older version is not seen. affected is yes if any version of that
-- software on the unit is affected, else unknown if of any it is not known (no version told, none that can be placed,
-- or sources that disagree), else no. Always these three rows for each advisory about software that was seen; the most
-- affected units come first.
create function stats.exposure(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (
    software text, advisory text, affected text,
    count bigint, of bigint, share double precision, low double precision, high double precision)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        select row_number() over () as id, h.members, h.count
        from stats.held_sets('software', scan, since, until, unit, population) h
    ),
    whole as materialized (
        select coalesce(sum(count), 0)::bigint as of from sets
    ),
    units as (
        select s.id, s.count, a.software, a.id as advisory, max(coalesce(j.affected, 1::smallint)) as affected
        from sets s
        cross join unnest(s.members) run
        join software w on w.id = run
        join advisory a on a.software = w.name
        left join judgement j on j.software_id = w.id and j.advisory_id = a.id
        group by s.id, s.count, a.id
    ),
    counted as (
        select u.software, u.advisory, state.affected, state.place,
            coalesce(sum(u.count) filter (where u.affected = state.affected), 0)::bigint as count
        from units u
        cross join (values (1, 2::smallint), (2, 1::smallint), (3, 0::smallint)) state (place, affected)
        group by 1, 2, 3, 4
    )
    select c.software, c.advisory, stats.affected_word(c.affected), c.count, whole.of, w.share, w.low, w.high
    from counted c cross join whole cross join lateral stats.wilson(c.count, whole.of, unit) w
    order by c.place, c.count desc, c.software collate "C", c.advisory collate "C";
end;

create view stats.exposure as select * from stats.exposure();
