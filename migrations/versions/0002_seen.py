"""What was seen: hosts, endpoints and observations, and the dimensions that many of them share."""

from alembic import op
from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, INET

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _place()
    _network()
    _host()
    _endpoint()
    _software()
    _family()
    _model()
    _inventory()
    _sighting()
    _observation()


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), nullable=False, comment="Number of the row")


def _place() -> None:
    op.create_table(
        "place",
        _id(),
        Column("country", Text, comment="ISO 3166 two letters; null when unknown"),
        Column("region", Text, comment="Region or state as the place database names it"),
        Column("city", Text, comment="City as the place database names it"),
        PrimaryKeyConstraint("id", name="place_pkey"),
        UniqueConstraint(
            "country", "region", "city", name="place_country_region_city_key", postgresql_nulls_not_distinct=True
        ),
        comment="Where hosts are, as far as a place database tells",
    )


def _network() -> None:
    op.create_table(
        "network",
        _id(),
        Column("asn", BigInteger, comment="Number of the autonomous system; null when unknown"),
        Column("organization", Text, comment="Who runs it, as the place database names it"),
        PrimaryKeyConstraint("id", name="network_pkey"),
        UniqueConstraint(
            "asn", "organization", name="network_asn_organization_key", postgresql_nulls_not_distinct=True
        ),
        comment="Autonomous systems that hosts belong to",
    )


def _host() -> None:
    op.create_table(
        "host",
        _id(),
        Column("address", INET, nullable=False, comment="IP address"),
        Column("place_id", BigInteger, comment="Where it is"),
        Column("network_id", BigInteger, comment="Whose network it is in"),
        ForeignKeyConstraint(["network_id"], ["network.id"], name="host_network_id_fkey"),
        ForeignKeyConstraint(["place_id"], ["place.id"], name="host_place_id_fkey"),
        PrimaryKeyConstraint("id", name="host_pkey"),
        UniqueConstraint("address", name="host_address_key"),
        comment="An address that was ever an inference server",
    )


def _endpoint() -> None:
    op.create_table(
        "endpoint",
        _id(),
        Column("host_id", BigInteger, nullable=False, comment="Its address"),
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
        ForeignKeyConstraint(["host_id"], ["host.id"], name="endpoint_host_id_fkey"),
        PrimaryKeyConstraint("id", name="endpoint_pkey"),
        UniqueConstraint("host_id", "port", name="endpoint_host_id_port_key"),
        comment="An address and port that was ever recognised as an inference server",
    )
    op.create_index("endpoint_imprint_idx", "endpoint", ["imprint"], postgresql_where=text("imprint is not null"))


def _software() -> None:
    op.create_table(
        "software",
        _id(),
        Column("name", Text, nullable=False, comment="Server software, such as Ollama or vLLM"),
        Column("version", Text, comment="Version as the server tells it; null when it does not"),
        PrimaryKeyConstraint("id", name="software_pkey"),
        UniqueConstraint("name", "version", name="software_name_version_key", postgresql_nulls_not_distinct=True),
        comment="Server software with version",
    )


def _family() -> None:
    op.create_table(
        "family",
        Column("name", Text, nullable=False, comment="Family, such as Qwen"),
        Column("developer", Text, comment="Who makes it"),
        Column("origin", Text, comment="Country of the developer, ISO 3166 two letters"),
        PrimaryKeyConstraint("name", name="family_pkey"),
        comment="Families that models were placed in",
    )


def _model() -> None:
    op.create_table(
        "model",
        _id(),
        Column("hash", LargeBinary, nullable=False, comment="SHA-256 over the facts as the server told them"),
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
        Column(
            "tools_level", Text, comment="Whose answer it is: the model's, the server's for any model, or a relay's"
        ),
        Column("remote", Boolean, comment="Whether it runs elsewhere (a cloud model); null when unknown"),
        Column("template_hash", Text, comment="SHA-256 of its chat template, hex; the text is never stored"),
        Column("family", Text, comment="Whose model it is, by lineage; null when no rule places it"),
        Column("developer", Text, comment="Developer of the family"),
        Column("origin", Text, comment="Country of the developer, ISO 3166 two letters"),
        Column("derived", Boolean, comment="Derived from other weights (true) or an original (false)"),
        Column("base", Text, comment="Family it was derived from"),
        Column("rule", Text, comment="Rule of families.toml that placed it"),
        PrimaryKeyConstraint("id", name="model_pkey"),
        UniqueConstraint("hash", name="model_hash_key"),
        comment="A model as some server lists it; equal facts are stored once",
    )
    op.create_index("model_name_idx", "model", ["name"])


def _inventory() -> None:
    op.create_table(
        "inventory",
        _id(),
        Column("hash", LargeBinary, nullable=False, comment="SHA-256 over the hashes of its models"),
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
        PrimaryKeyConstraint("id", name="inventory_pkey"),
        UniqueConstraint("hash", name="inventory_hash_key"),
        comment="A set of models that some endpoint lists; the same set is stored once",
    )


def _sighting() -> None:
    op.create_table(
        "sighting",
        _id(),
        Column("endpoint_id", BigInteger, nullable=False, comment="Where"),
        Column("inventory_id", BigInteger, comment="What it listed; null when it was locked"),
        Column("software_id", BigInteger, comment="What it ran; null when only that it is locked is known"),
        Column("first_seen", DateTime(timezone=True), nullable=False, comment="First observation"),
        Column("last_seen", DateTime(timezone=True), nullable=False, comment="Last observation"),
        Column("observations", Integer, nullable=False, comment="How many observations"),
        Column("days", DATEMULTIRANGE, nullable=False, comment="Days (UTC) on which it was seen"),
        ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"], name="sighting_endpoint_id_fkey"),
        ForeignKeyConstraint(["inventory_id"], ["inventory.id"], name="sighting_inventory_id_fkey"),
        ForeignKeyConstraint(["software_id"], ["software.id"], name="sighting_software_id_fkey"),
        PrimaryKeyConstraint("id", name="sighting_pkey"),
        UniqueConstraint(
            "endpoint_id",
            "inventory_id",
            "software_id",
            name="sighting_endpoint_id_inventory_id_software_id_key",
            postgresql_nulls_not_distinct=True,
        ),
        comment="One endpoint with one inventory and one software, over all the time it stayed so",
    )


def _observation() -> None:
    op.create_table(
        "observation",
        _id(),
        Column("scan_id", BigInteger, nullable=False, comment="The scan"),
        Column("endpoint_id", BigInteger, nullable=False, comment="Where"),
        Column("sighting_id", BigInteger, comment="What was seen; null when the attempt failed"),
        Column("observed_at", DateTime(timezone=True), nullable=False, comment="When the target was asked"),
        Column("outcome", SmallInteger, nullable=False, comment="What it ended in"),
        Column("running", Integer, comment="Models loaded at that moment; null when not told"),
        Column("latency_ms", REAL, comment="Milliseconds from connecting to the first answer"),
        ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"], name="observation_endpoint_id_fkey"),
        ForeignKeyConstraint(["outcome"], ["outcome.id"], name="observation_outcome_fkey"),
        ForeignKeyConstraint(["scan_id"], ["scan.id"], name="observation_scan_id_fkey", ondelete="CASCADE"),
        ForeignKeyConstraint(["sighting_id"], ["sighting.id"], name="observation_sighting_id_fkey"),
        PrimaryKeyConstraint("id", name="observation_pkey"),
        comment="What one endpoint was at one moment; failures of known endpoints included",
    )
    op.create_index("observation_endpoint_id_idx", "observation", ["endpoint_id"])
    op.create_index("observation_observed_at_idx", "observation", ["observed_at"], postgresql_using="brin")
    op.create_index("observation_scan_id_idx", "observation", ["scan_id"])
