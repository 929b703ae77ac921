-- Whether a word is one of those allowed; raises an error that lists them if it is not. Immutable, so that
-- the planner asks once for each query and not once for each row.
create function stats.one_of(parameter text, word text, allowed text[])
returns boolean
language plpgsql immutable parallel safe
as $$
begin
    if word is null or word <> all (allowed) then
        raise exception '% must be one of: %', parameter, array_to_string(allowed, ', ')
            using errcode = 'invalid_parameter_value', detail = format('It was: %s', coalesce(word, 'null'));
    end if;
    return true;
end
$$;
