"""The tables of scans and of what they saw, with a comment on every column that travels into the database."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    Column,
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
from census.store import shared as shared  # noqa: PLC0414  its tables and those of notes are of the same metadata
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
    Index("endpoint_stale_idx", "id", postgresql_where=text("listed_stale")),
    Index("endpoint_decoy_idx", "id", postgresql_where=text("verdict >= 2")),
    comment="An address and port that was ever recognised as an inference server",
)

# Made by triggers, of migrations 0013 and 0017, from endpoint and inventory; nothing else writes it.
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
    Column("placed", ARRAY(Integer), nullable=False, comment="As in inventory"),
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
    Column("day_count", Integer, nullable=False, comment="Number of days on which it was seen"),
    Column(
        "weeks",
        INT4MULTIRANGE,
        nullable=False,
        comment="Weeks in which it was seen, by number: week 0 began on Monday, 2000-01-03",
    ),
    Column("host_id", BigInteger, nullable=False, comment="The address of its endpoint: endpoint.host_id"),
    Column("size", Integer, comment="How many models it listed: inventory.size; null when it was locked"),
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
