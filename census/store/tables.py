"""The tables of the census database, with a comment on every column that travels into the database."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, INET, INT4MULTIRANGE, JSONB

from census.store import notes
from census.store.columns import id_column as _id

metadata = notes.metadata  # also of the tables of notes, which migrations make like these

outcome = Table(
    "outcome",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, comment="The byte stored for it"),
    Column("word", Text, nullable=False, unique=True, comment="The word that exports and statistics use"),
    Column(
        "stage",
        SmallInteger,
        nullable=False,
        comment="How far a target got: 0 not contacted, 1 contacted, 2 connected, 3 spoke HTTP, 4 recognised, 5 served",
    ),
    Column("meaning", Text, nullable=False, comment="What it says, in a sentence"),
    comment="The closed list of words that a target of a scan ends in",
)

scan = Table(
    "scan",
    metadata,
    _id(),
    Column("name", Text, comment="What the researcher calls it"),
    Column("reference", Text, nullable=False, comment="Authorisation: its reference"),
    Column("basis", Text, nullable=False, comment="Authorisation: what it rests on"),
    Column("contact", Text, nullable=False, comment="Authorisation: whom a scanned network can write to"),
    Column("valid_from", Date, nullable=False, comment="Authorisation: first day"),
    Column("valid_until", Date, nullable=False, comment="Authorisation: last day"),
    Column("authorization_hash", Text, nullable=False, comment="SHA-256 of the authorisation record, hex"),
    Column("settings", JSONB, nullable=False, comment="The scope file and the options as they applied"),
    Column("lists", JSONB, nullable=False, comment="Names of the lists and how many of their lines were no target"),
    Column("places", JSONB, nullable=False, comment="The place databases in use: file, type, date of build"),
    Column("seed", BigInteger, nullable=False, comment="Seed of the order in which targets were asked"),
    Column("version", Text, nullable=False, comment="Version of census that made the scan"),
    Column("targets", BigInteger, nullable=False, comment="Number of distinct targets"),
    Column("began", DateTime(timezone=True), nullable=False, comment="When the scan began"),
    Column("ended", DateTime(timezone=True), comment="When the last target had its outcome; null before"),
    Column("resumed", DateTime(timezone=True), comment="When the present run of it began; differs after a resume"),
    Column("done_before", BigInteger, nullable=False, server_default="0", comment="Targets done when this run began"),
    Column("stopped", DateTime(timezone=True), comment="When its user stopped it; null again once it was resumed"),
    Column("heartbeat", DateTime(timezone=True), comment="Last sign of life of any worker; null once all had left it"),
    Column(
        "unexpected_errors", BigInteger, nullable=False, server_default="0", comment="Faults of ours, not of targets"
    ),
    Column(
        "uuid",
        Uuid,
        nullable=False,
        unique=True,
        server_default=text("gen_random_uuid()"),
        comment="The scan in whatever database it is; tells what was merged already",
    ),
    Column(
        "pruned_credible",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="Observations of served, credible endpoints that were pruned; the funnel adds them",
    ),
    comment="One pass over a target list under a scope",
)

chunk = Table(
    "chunk",
    metadata,
    Column("scan_id", ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True, comment="The scan"),
    Column("number", Integer, primary_key=True, comment="Place in the seeded order, from 0"),
    Column("addresses", ARRAY(INET), nullable=False, comment="Address of each target; null for a name"),
    Column("ports", ARRAY(Integer), nullable=False, comment="Port of each target"),
    Column("names", ARRAY(Text), comment="Name of each target, null where it is an address; null if none has one"),
    Column("tls", ARRAY(Boolean), comment="Whether the list said https (true) or http (false); null if none says"),
    Column("outcomes", LargeBinary, nullable=False, comment="One byte for each target: outcome.id, 0 not yet"),
    Column(
        "counts",
        ARRAY(Integer),
        nullable=False,
        server_default="{}",
        comment="How many of its targets ended in each outcome; the position is outcome.id",
    ),
    Column("attempt", Integer, nullable=False, server_default="0", comment="How often it was claimed; fences writers"),
    Column("worker", Text, comment="Who holds it: machine and process; null when nobody does"),
    Column("claimed_at", DateTime(timezone=True), comment="When it was claimed or last written to"),
    Column("done", Boolean, nullable=False, server_default="false", comment="Whether every target has an outcome"),
    Column(
        "follows",
        Boolean,
        nullable=False,
        server_default="false",
        comment="Of the same network as the chunk before, which must be done first, for the pace of a network is one",
    ),
    Column("requests", BigInteger, nullable=False, server_default="0", comment="HTTP requests sent"),
    Column("connections", BigInteger, nullable=False, server_default="0", comment="Connections attempted"),
    Index("chunk_open_idx", "scan_id", "number", postgresql_where=text("not done")),
    comment="Some thousand targets of a scan with their outcomes: the whole denominator",
)

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

host = Table(
    "host",
    metadata,
    _id(),
    Column("address", INET, nullable=False, unique=True, comment="IP address"),
    Column("place_id", ForeignKey("place.id"), comment="Where it is"),
    Column("network_id", ForeignKey("network.id"), comment="Whose network it is in"),
    comment="An address that was ever an inference server",
)

endpoint = Table(
    "endpoint",
    metadata,
    _id(),
    Column("host_id", ForeignKey("host.id"), nullable=False, comment="Its address"),
    Column("port", Integer, nullable=False, comment="TCP port"),
    Column("name", Text, comment="Name under which a list gave it, the last one"),
    Column("verdict", SmallInteger, nullable=False, comment="Decoy verdict: 0 credible, 1 suspect, 2 decoy"),
    Column("signals", ARRAY(Text), nullable=False, comment="Every decoy signal that ever fired, sorted"),
    Column("certificate", Text, comment="SHA-256 of the TLS certificate last seen, hex; null without TLS"),
    Column(
        "imprint",
        Text,
        comment="SHA-256 over the digests of its models and when each was written, hex, as last told; copies agree",
    ),
    Column(
        "listed_id",
        ForeignKey("inventory.id"),
        comment="All that it ever listed, together; null where it was always locked, and while it is stale",
    ),
    Column(
        "listed_stale",
        Boolean,
        nullable=False,
        server_default="true",
        comment="Whether listed_id has to be made anew, and until then the sightings be asked",
    ),
    UniqueConstraint("host_id", "port"),
    Index("endpoint_imprint_idx", "imprint", postgresql_where=text("imprint is not null")),
    Index("endpoint_stale_idx", "id", postgresql_where=text("listed_stale")),
    comment="An address and port that was ever recognised as an inference server",
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
    Index("inventory_empty_idx", "id", postgresql_where=text("size = 0")),
    comment="A set of models that some endpoint lists; the same set is stored once",
)

# Made by triggers, of migration 0013, from endpoint and inventory; nothing else writes it.
listing = Table(
    "listing",
    metadata,
    Column(
        "endpoint_id",
        BigInteger,
        ForeignKey("endpoint.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The endpoint",
    ),
    Column("host_id", BigInteger, nullable=False, comment="Its address"),
    Column("inventory_id", BigInteger, nullable=False, comment="All that it ever listed: endpoint.listed_id"),
    Column("verdict", SmallInteger, nullable=False, comment="Its decoy verdict: 0 credible, 1 suspect, 2 decoy"),
    Column("shared", Boolean, nullable=False, comment="Whether its host has, or had, another endpoint"),
    Column("tools", SmallInteger, nullable=False, comment="As in inventory"),
    Column("size", Integer, nullable=False, comment="As in inventory"),
    Column("names", Integer, nullable=False, comment="As in inventory"),
    Column("instances", Integer, nullable=False, comment="As in inventory"),
    Column("traits", Integer, nullable=False, comment="As in inventory"),
    Column("families", ARRAY(Text), nullable=False, comment="As in inventory"),
    Column("architectures", ARRAY(Text), nullable=False, comment="As in inventory"),
    Column("origins", ARRAY(Text), nullable=False, comment="As in inventory"),
    Column("quantizations", ARRAY(Text), nullable=False, comment="As in inventory"),
    Column("capabilities", ARRAY(Text), nullable=False, comment="As in inventory"),
    Column("models", ARRAY(BigInteger), nullable=False, comment="As in inventory"),
    Index("listing_shared_idx", "host_id", postgresql_where=text("shared")),
    comment="What an endpoint ever listed, as its inventory has it, so that statistics need no other table; made by"
    " triggers from endpoint.listed_id, and not there while that is stale",
)

sighting = Table(
    "sighting",
    metadata,
    _id(),
    Column("endpoint_id", ForeignKey("endpoint.id"), nullable=False, comment="Where"),
    Column("inventory_id", ForeignKey("inventory.id"), comment="What it listed; null when it was locked"),
    Column("software_id", ForeignKey("software.id"), comment="What it ran; null when only that it is locked is known"),
    Column("first_seen", DateTime(timezone=True), nullable=False, comment="First observation"),
    Column("last_seen", DateTime(timezone=True), nullable=False, comment="Last observation"),
    Column("observations", Integer, nullable=False, comment="How many observations"),
    Column("days", DATEMULTIRANGE, nullable=False, comment="Days (UTC) on which it was seen"),
    Column("latency_ms", REAL, comment="The least latency of its observations, milliseconds; null when none has one"),
    Column("recalled", ARRAY(BigInteger), comment="model.id, sorted, of those that only others told of; else null"),
    Column(
        "running_told",
        Integer,
        nullable=False,
        server_default="0",
        comment="How many of its observations tell how many models were loaded",
    ),
    Column(
        "running_yes",
        Integer,
        nullable=False,
        server_default="0",
        comment="How many of its observations found a model loaded",
    ),
    Column(
        "running_sum",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="Models loaded, added up over its observations",
    ),
    Column(
        "day_count",
        Integer,
        Computed("days_in(days)", persisted=True),
        nullable=False,
        comment="Number of days on which it was seen",
    ),
    Column(
        "weeks",
        INT4MULTIRANGE,
        Computed("weeks_of(days)", persisted=True),
        nullable=False,
        comment="Weeks in which it was seen, by number: week 0 began on Monday, 2000-01-03",
    ),
    UniqueConstraint("endpoint_id", "inventory_id", "software_id", postgresql_nulls_not_distinct=True),
    comment="One endpoint with one inventory and one software, over all the time it stayed so",
)

observation = Table(
    "observation",
    metadata,
    Column("scan_id", ForeignKey("scan.id", ondelete="CASCADE"), nullable=False, comment="The scan"),
    Column("endpoint_id", ForeignKey("endpoint.id"), nullable=False, comment="Where"),
    Column("sighting_id", ForeignKey("sighting.id"), comment="What was seen; null when the attempt failed"),
    Column("observed_at", DateTime(timezone=True), nullable=False, comment="When the target was asked"),
    Column("outcome", ForeignKey("outcome.id"), nullable=False, comment="What it ended in"),
    Column("running", Integer, comment="Models loaded at that moment; null when not told"),
    Column("latency_ms", REAL, comment="Milliseconds from connecting to the first answer"),
    Index("observation_scan_id_idx", "scan_id"),
    Index("observation_endpoint_id_idx", "endpoint_id"),
    Index("observation_observed_at_idx", "observed_at", postgresql_using="brin"),
    Index(
        "observation_in_vain_idx",
        "endpoint_id",
        "observed_at",
        postgresql_include=["outcome"],
        postgresql_where=text("sighting_id is null"),
    ),
    comment="What one endpoint was at one moment; failures of known endpoints included",
)
