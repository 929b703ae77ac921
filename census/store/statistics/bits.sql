-- How many bits a weight has under a quantization, by its name (Q4_K_M 4, IQ3_XS 3, MXFP4 4, BF16 16, 8bit 8); null
-- where the name does not tell.
create function stats.bits(quantization text)
returns integer
language sql immutable parallel safe
return (array[
    substring(lower(quantization) from '^(?:iq|tq|q|mxfp|nvfp|fp|bf|f|nf|int|w)([1-8]|16|32|64)(?![0-9])'),
    substring(lower(quantization) from '^([1-8]|16|32)-?bit')
])[case when lower(quantization) ~ '^[0-9]' then 2 else 1 end]::integer;
