-- How many of the units with a model hold families (or architectures) together: a row for each, for each two and, with
-- parts 3, for each three that some unit holds, in the order of the alphabet and null where there is no more, and one
-- without any for all units. of is the units with as many known families as parts, or more.
create function stats.families_together(
    scan bigint, since timestamptz, until timestamptz, unit text, population text, by text, parts integer)
returns table (a text, b text, c text, count bigint, of bigint)
language sql stable parallel safe
begin atomic
    with sets as materialized (
        select s.members, s.count from stats.family_sets(scan, since, until, unit, population, by) s
    ),
    whole as materialized (
        select
            coalesce(sum(s.count), 0)::bigint as units,
            coalesce(sum(s.count) filter (where cardinality(s.members) >= parts), 0)::bigint as of
        from sets s
    ),
    words as materialized (
        -- The most frequent has number 1.
        select
            h.member, sum(h.count)::bigint as units,
            (row_number() over (order by sum(h.count) desc, h.member collate "C"))::integer as number
        from (select unnest(s.members) as member, s.count::double precision as count from sets s) h
        group by h.member
    ),
    -- Triples are too many to be counted set by set. So each of the 64 most frequent words has a string of bits, one for
    -- each set of words; of the bits that three strings have in common, as many are set as there are sets with all three
    -- words. As many units have the same set, there is a string for each binary digit of their number: it is about the
    -- sets whose number has this digit.
    digits as materialized (
        select h.members, h.digit, row_number() over (partition by h.digit) - 1 as place
        from (
            select
                s.members, s.count,
                generate_series(0, ceil(ln(greatest(s.count, 1)::double precision) / ln(2::double precision))::integer)
                    as digit
            from sets s
            where cardinality(s.members) >= 2
        ) h
        where h.count >> h.digit & 1 = 1
    ),
    lengths as materialized (
        select d.digit, ((max(d.place) >> 6) + 1)::integer << 6 as length from digits d group by d.digit
    ),
    -- A string is made of pieces of 64 bits, and nothing but noughts where it has no piece.
    pieces as materialized (
        select w.number, h.digit, h.piece, bit_or(h.bit) as bits
        from (
            select
                unnest(d.members) as member, d.digit, d.place >> 6 as piece,
                1::bigint << (63 - (d.place & 63))::integer as bit
            from digits d
        ) h
        join words w on w.member = h.member
        where w.number <= 64
        group by w.number, h.digit, h.piece
    ),
    strings as materialized (
        select
            p.number, p.digit,
            rpad(string_agg(lpad(p.bits::bit(64)::text, p.gap, '0'), '' order by p.piece), l.length, '0')::bit varying
                as bits
        from (
            select
                pieces.number, pieces.digit, pieces.piece, pieces.bits,
                (pieces.piece - lag(pieces.piece, 1, -1::bigint) over one)::integer << 6 as gap
            from pieces
            window one as (partition by pieces.number, pieces.digit order by pieces.piece)
        ) p
        join lengths l on l.digit = p.digit
        group by p.number, p.digit, l.length
    ),
    common as materialized (
        select x.digit, x.number as x, y.number as y, x.bits & y.bits as bits
        from strings x join strings y on y.digit = x.digit and y.number > x.number
    ),
    -- Sets with a rarer word are taken apart: servers can invent any number of words, too many for a string for each.
    odd as materialized (
        select h.members, h.count
        from (select s.members, s.count, unnest(s.members) as member from sets s) h
        join words w on w.member = h.member
        where w.number > 64 and exists (select from words where words.number > 64) and cardinality(h.members) >= 2
        group by h.members, h.count
    ),
    coded as materialized (
        select
            array_agg(w.number order by w.number) as codes, h.count::double precision as count,
            (count(*) filter (where w.number <= 64))::integer as frequent
        from (select o.members, o.count, unnest(o.members) as member from odd o) h
        join words w on w.member = h.member
        group by h.members, h.count
    ),
    counted as (
        -- Floats are exact here, and half as dear as whole numbers of 64 bits.
        select c.x, c.y, null::integer as z, sum((bit_count(c.bits) << c.digit)::double precision) as count
        from common c
        group by c.x, c.y
        union all
        select c.x, c.y, z.number, sum((bit_count(c.bits & z.bits) << c.digit)::double precision)
        from common c join strings z on z.digit = c.digit and z.number > c.y
        where parts = 3
        group by c.x, c.y, z.number
        union all
        select two.x, two.y, null, sum(two.count)
        from (
            select i.codes[i.place] as x, unnest(i.codes[greatest(i.place, i.frequent) + 1:]) as y, i.count
            from (
                select c.codes, c.frequent, c.count, generate_series(1, cardinality(c.codes) - 1) as place from coded c
            ) i
        ) two
        group by two.x, two.y
        union all
        select three.x, three.y, three.z, sum(three.count)
        from (
            select j.x, j.codes[j.place] as y, unnest(j.codes[greatest(j.place, j.frequent) + 1:]) as z, j.count
            from (
                select
                    i.codes, i.frequent, i.count, i.codes[i.place] as x,
                    generate_series(i.place + 1, cardinality(i.codes) - 1) as place
                from (
                    select c.codes, c.frequent, c.count, generate_series(1, cardinality(c.codes) - 2) as place
                    from coded c
                    where parts = 3
                ) i
            ) j
        ) three
        group by three.x, three.y, three.z
    )
    select null::text, null::text, null::text, w.units, w.of from whole w
    union all
    select words.member, null, null, words.units, w.of from words cross join whole w
    union all
    select t.first, case when t.z is null then t.last else t.middle end, case when t.z is not null then t.last end,
        t.count, w.of
    from (
        select
            n.z, n.count::bigint as count,
            least(x.member collate "C", y.member, z.member) as first,
            greatest(x.member collate "C", y.member, z.member) as last,
            greatest(least(x.member collate "C", y.member), least(greatest(x.member collate "C", y.member), z.member))
                as middle
        from counted n
        join words x on x.number = n.x
        join words y on y.number = n.y
        left join words z on z.number = n.z
        where n.count > 0
    ) t
    cross join whole w;
end;
