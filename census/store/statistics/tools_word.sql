-- Whether tool calling is advertised, in a word: no, unknown or yes.
create function stats.tools_word(tools smallint)
returns text
language sql immutable parallel safe
return (array['no', 'unknown', 'yes'])[tools + 1];
