-- Whether a version is affected by an advisory, in a word: no, unknown or yes.
create function stats.affected_word(affected smallint)
returns text
language sql immutable parallel safe
return (array['no', 'unknown', 'yes'])[affected + 1];
