-- What became of the targets of a scan, of the scans that began in [since, until), or of all scans added up: stages
-- from all targets, over those contacted, connected, that spoke HTTP, that were recognised (served, locked, empty) and
-- that served models, to those served by credible endpoints. It counts targets, and shows all: the unit and the
-- population change nothing. Whoever hung up or was too slow is not known to speak HTTP.
create function stats.funnel(
    scan bigint default null, since timestamptz default null, until timestamptz default null,
    unit text default 'host', population text default 'credible')
returns table (stage text, count bigint)
language sql stable parallel safe
begin atomic
    with chosen as (
        select s.id
        from scan s
        where stats.asked(unit, population)
            and (funnel.scan is null or s.id = funnel.scan)
            and (since is null or s.began >= since)
            and (until is null or s.began < until)
    ),
    chunks as (
        select c.outcomes, c.counts from chosen join chunk c on c.scan_id = chosen.id
    ),
    reached as (
        select o.stage, sum(n) as targets
        from chunks, unnest(counts) with ordinality as counted (n, outcome)
        join outcome o on o.id = counted.outcome
        group by o.stage
        union all
        -- Those not asked yet have no outcome; they are targets like those that are never contacted.
        select 0, sum(length(outcomes) - (select coalesce(sum(n), 0) from unnest(counts) n)) from chunks
    ),
    stages (place, stage) as (
        values (0, 'targets'), (1, 'contacted'), (2, 'connected'), (3, 'http'), (4, 'recognised'), (5, 'served')
    ),
    credible as (
        select coalesce(sum(targets), 0)::bigint as targets
        from (
            -- All scans: the counters of the sightings, so that no observation is read.
            select s.observations as targets
            from stats.served(null, null, null, 'observation', 'credible') s
            where scan is null and since is null and until is null
            union all
            select count(*)
            from chosen
            join observation o on o.scan_id = chosen.id
            join outcome w on w.id = o.outcome and w.word = 'served'
            join endpoint e on e.id = o.endpoint_id
            where stats.credible(e.verdict) and not (scan is null and since is null and until is null)
            union all
            -- Of observations that were pruned only this number is left.
            select s.pruned_credible
            from chosen join scan s on s.id = chosen.id
            where not (scan is null and since is null and until is null)
        ) counted
    )
    select f.stage, f.count
    from (
        select s.place, s.stage, coalesce(sum(r.targets), 0)::bigint as count
        from stages s
        left join reached r on r.stage >= s.place
        group by s.place, s.stage
        union all
        select 6, 'credible', coalesce(targets, 0)::bigint from credible
    ) f
    order by f.place;
end;

create view stats.funnel as select * from stats.funnel();
