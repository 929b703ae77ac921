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
    advisories as materialized (
        select a.software, a.id, row_number() over (partition by a.software order by a.id)::integer as place
        from advisory a
    ),
    judged as materialized (
        -- Of each version a bit for each advisory about its software, for units have many versions together.
        select
            w.id, w.name,
            string_agg((coalesce(j.affected, 1) = 2)::integer::text, '' order by a.place)::varbit as yes,
            string_agg((coalesce(j.affected, 1) > 0)::integer::text, '' order by a.place)::varbit as perhaps
        from software w
        join advisories a on a.software = w.name
        left join judgement j on j.software_id = w.id and j.advisory_id = a.id
        group by w.id
    ),
    alike as materialized (
        select u.name, u.yes, u.perhaps, sum(u.count)::bigint as count
        from (
            select s.count, j.name, bit_or(j.yes) as yes, bit_or(j.perhaps) as perhaps
            from sets s
            cross join unnest(s.members) run
            join judged j on j.id = run
            group by s.id, s.count, j.name
        ) u
        group by u.name, u.yes, u.perhaps
    ),
    units as materialized (
        select
            a.software, a.id as advisory,
            get_bit(u.yes, a.place - 1) + get_bit(u.perhaps, a.place - 1) as affected, sum(u.count)::bigint as count
        from alike u
        join advisories a on a.software = u.name
        group by 1, 2, 3
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
