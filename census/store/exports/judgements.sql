-- One row for each version of server software that was seen and each published weakness (advisory) of that software:
-- whether that version is affected. unknown too where no version is told, or none that can be placed.
create view export.judgements as
select
    w.name as software,
    w.version,
    a.id as advisory,
    stats.affected_word(coalesce(j.affected, 1::smallint)) as affected
from software w
join advisory a on a.software = w.name
left join judgement j on j.software_id = w.id and j.advisory_id = a.id;
