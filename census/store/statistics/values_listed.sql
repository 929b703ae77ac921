-- The lists with a model that units had, as `listed` has them, each with its values of a dimension (family,
-- architecture, origin or quantization), sorted and distinct.
create function stats.values_listed(
    dimension text, scan bigint, since timestamptz, until timestamptz, unit text, population text)
returns table (id bigint, alone boolean, count bigint, members text[])
language sql stable parallel safe
begin atomic
    select
        l.id, l.alone, l.count,
        case dimension
            when 'family' then l.families
            when 'architecture' then l.architectures
            when 'origin' then l.origins
            when 'quantization' then l.quantizations
        end
    from stats.listed(scan, since, until, unit, population) l;
end;
