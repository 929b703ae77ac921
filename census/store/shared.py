"""The tables of what many observations share: places, networks, software and its weaknesses, models, inventories."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from census.store.columns import id_column as _id
from census.store.columns import metadata

place = Table(
    "place",
    metadata,
    _id(),
    Column("country", Text, comment="ISO 3166 two letters; null when unknown"),
    Column("region", Text, comment="Region or state as the place database names it"),
    Column("city", Text, comment="City as the place database names it"),
    UniqueConstraint("country", "region", "city", postgresql_nulls_not_distinct=True),
    comment="Where hosts are, as far as a place database tells",
)

network = Table(
    "network",
    metadata,
    _id(),
    Column("asn", BigInteger, comment="Number of the autonomous system; null when unknown"),
    Column("organization", Text, comment="Who runs it, as the place database names it"),
    UniqueConstraint("asn", "organization", postgresql_nulls_not_distinct=True),
    comment="Autonomous systems that hosts belong to",
)

software = Table(
    "software",
    metadata,
    _id(),
    Column("name", Text, nullable=False, comment="Server software, such as Ollama or vLLM"),
    Column("version", Text, comment="Version as the server tells it; null when it does not"),
    UniqueConstraint("name", "version", postgresql_nulls_not_distinct=True),
    comment="Server software with version",
)

advisory = Table(
    "advisory",
    metadata,
    Column("id", Text, primary_key=True, comment="Its number, such as CVE-2024-37032"),
    Column("software", Text, nullable=False, comment="Server software, by the name that table software has"),
    Column("about", Text, nullable=False, comment="What it is about"),
    Column("ranges", JSONB, nullable=False, comment="Affected versions by each source that gives some"),
    comment="Published weaknesses of server software, as this version of census knows them",
)

judgement = Table(
    "judgement",
    metadata,
    Column(
        "software_id", ForeignKey("software.id", ondelete="CASCADE"), primary_key=True, comment="Software with version"
    ),
    Column("advisory_id", Text, primary_key=True, comment="advisory.id"),
    Column("affected", SmallInteger, nullable=False, comment="By its version: 0 no, 1 unknown, 2 yes"),
    comment="Which advisories concern a version; without a row unknown, as where a version cannot be placed",
)

family = Table(
    "family",
    metadata,
    Column("name", Text, primary_key=True, comment="Family, such as Qwen"),
    Column("developer", Text, comment="Who makes it"),
    Column("origin", Text, comment="Country of the developer, ISO 3166 two letters"),
    Column("number", Integer, Identity(always=True), nullable=False, unique=True, comment="Its number, above 0"),
    comment="Families that models were placed in",
)

# Statistics ask for these of all models of a unit together, which the database does by combining bits.
_TRAITS = """
case when parameters is null then 128
    else 1 << width_bucket(parameters, array[
        1000000000, 4000000000, 8000000000, 15000000000, 35000000000, 80000000000]::bigint[])
end
| case when capabilities is null then 256
    else 512
        | case when capabilities @> array['completion'] then 1024 else 0 end
        | case when capabilities @> array['embedding'] then 2048 else 0 end
end
| case when remote is null then 4096 when remote then 8192 else 0 end
| case when name ~* '(uncensored|abliterat|unfiltered|unaligned|nsfw)' then 16384 else 0 end
"""

model = Table(
    "model",
    metadata,
    _id(),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 over the facts as the server told them"),
    Column("name", Text, nullable=False, comment="Name as sent, cleaned, at most 512 characters"),
    Column("digest", Text, comment="Digest as the server lists it"),
    Column("size", BigInteger, comment="Bytes"),
    Column("format", Text, comment="File format, such as gguf"),
    Column("architecture", Text, comment="Architecture as the server reports it, such as qwen2"),
    Column("parameters", BigInteger, comment="Number of parameters"),
    Column("quantization", Text, comment="Quantization, such as Q4_K_M"),
    Column("context_length", BigInteger, comment="Tokens it was trained for"),
    Column("context_served", BigInteger, comment="Tokens the server allows"),
    Column("capabilities", ARRAY(Text), comment="What it is said to do, sorted; null when unknown"),
    Column("tools", SmallInteger, nullable=False, comment="Advertises tool calling: 0 no, 1 unknown, 2 yes"),
    Column("tools_source", Text, comment="Where that was read"),
    Column("tools_level", Text, comment="Whose answer it is: the model's, the server's for any model, or a relay's"),
    Column("remote", Boolean, comment="Whether it runs elsewhere (a cloud model); null when unknown"),
    Column("template_hash", Text, comment="SHA-256 of its chat template, hex; the text is never stored"),
    Column("family", Text, comment="Whose model it is, by lineage; null when no rule places it"),
    Column("developer", Text, comment="Developer of the family"),
    Column("origin", Text, comment="Country of the developer, ISO 3166 two letters"),
    Column("derived", Boolean, comment="Derived from other weights (true) or an original (false)"),
    Column("base", Text, comment="Family it was derived from"),
    Column("rule", Text, comment="Rule of families.toml that placed it"),
    Column(
        "traits",
        Integer,
        Computed(_TRAITS, persisted=True),
        nullable=False,
        comment="Bits: 0 to 6 the band of its parameters (<1B, 1-3B, 4-7B, 8-14B, 15-34B, 35-79B, >=80B), 7 if they are"
        " unknown; 8 its capabilities are unknown, 9 known, 10 it completes, 11 it embeds; 12 it is unknown whether it"
        " runs elsewhere, 13 it does; 14 its name says that it is uncensored",
    ),
    Index("model_name_idx", "name"),
    comment="A model as some server lists it; equal facts are stored once",
)

inventory = Table(
    "inventory",
    metadata,
    _id(),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 over the hashes of its models"),
    Column("models", ARRAY(BigInteger), nullable=False, comment="model.id of each, sorted"),
    Column("size", Integer, nullable=False, comment="Number of models"),
    Column("cut", Boolean, nullable=False, comment="The server listed more than the 2,000 that are kept"),
    Column("families", ARRAY(Text), nullable=False, comment="Families in it, sorted, distinct, known ones"),
    Column("architectures", ARRAY(Text), nullable=False, comment="Architectures in it, sorted, distinct"),
    Column("origins", ARRAY(Text), nullable=False, comment="Countries of developers in it, sorted, distinct"),
    Column("quantizations", ARRAY(Text), nullable=False, comment="Quantizations in it, sorted, distinct"),
    Column("capabilities", ARRAY(Text), nullable=False, comment="Capabilities in it, sorted, distinct"),
    Column("unplaced", Boolean, nullable=False, comment="Holds a model whose family is unknown"),
    Column("tools", SmallInteger, nullable=False, comment="Highest model.tools in it; 0 when it has no model"),
    Column("names", Integer, nullable=False, comment="Number of distinct names in it"),
    Column(
        "instances",
        Integer,
        nullable=False,
        comment="Number of distinct models in it: by digest, and by name where there is none",
    ),
    Column("traits", Integer, nullable=False, comment="The bits of model.traits that any model in it has"),
    Column(
        "placed",
        ARRAY(Integer),
        nullable=False,
        comment="Families in it, sorted: 16 times family.number, 0 for models of none, and bits of what any of its"
        " models is: 0 unknown whether it advertises tool calling, 1 it does; 2 an original, 3 derived (22: family 1,"
        " an original, with tools)",
    ),
    Index("inventory_empty_idx", "id", postgresql_where=text("size = 0")),
    comment="A set of models that some endpoint lists; the same set is stored once",
)
