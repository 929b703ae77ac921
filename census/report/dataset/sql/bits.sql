-- How many bits a weight has under a quantization, by its name; null where the name does not tell.
create or replace temporary macro bits(quantization) as nullif(
    regexp_extract(lower(quantization), '^(?:iq|tq|q|mxfp|nvfp|fp|bf|f|nf|int|w)(16|32|64|[1-8])(?:[^0-9]|$)', 1)
    || regexp_extract(lower(quantization), '^(16|32|[1-8])-?bit', 1), '')::integer;
