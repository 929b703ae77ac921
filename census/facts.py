"""The words of the census as closed enumerations and frozen records; nothing here does I/O.

Everything a target says has been cleaned before it reaches one of these records (see `census.kinds.reading`);
everything stored is made from them.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from datetime import datetime

import msgspec


class Outcome(enum.IntEnum):
    """The closed word a target ends in; the number is the byte stored for it in `chunk.outcomes`."""

    SERVED = 1
    LOCKED = 2
    EMPTY = 3
    OTHER = 4
    NOT_HTTP = 5
    REFUSED = 6
    UNREACHABLE = 7
    TIMED_OUT = 8
    TOO_SLOW = 9
    BROKEN_OFF = 10
    TLS_FAILED = 11
    MISREAD = 12
    OPTED_OUT = 13
    OUT_OF_SCOPE = 14
    UNRESOLVED = 15

    # Remembered, for they are asked for several times a target, and looking a member up takes longer than the rest.
    @functools.cached_property
    def word(self) -> str:
        """The outcome as every table, export and metric writes it, such as `timed_out`."""
        return self.name.lower()

    @functools.cached_property
    def recognised(self) -> bool:
        """Whether the target was an inference server: only those become endpoints."""
        return self in (Outcome.SERVED, Outcome.LOCKED, Outcome.EMPTY)


class Tools(enum.IntEnum):
    """Whether a model advertises tool calling; the numbers make `max()` over models the host's answer."""

    NO = 0
    UNKNOWN = 1
    YES = 2

    @functools.cached_property
    def word(self) -> str:
        """`yes`, `no` or `unknown`."""
        return self.name.lower()


class Verdict(enum.IntEnum):
    """How far an endpoint may be believed; the worst of its signals decides."""

    CREDIBLE = 0
    SUSPECT = 1
    DECOY = 2

    @functools.cached_property
    def word(self) -> str:
        """`credible`, `suspect` or `decoy`."""
        return self.name.lower()


class Signal(enum.Enum):
    """A sign that an endpoint only pretends, with the verdict it carries alone; the worst is the endpoint's."""

    CANARY = ("canary", Verdict.DECOY)  # a path that cannot exist answers 2xx
    DIGEST = ("digest", Verdict.DECOY)  # "Ollama" with digests that are not 64 hex digits
    FIELD_TOO_NEW = ("field_too_new", Verdict.DECOY)  # a field that the claimed version did not have
    FIELD_MISSING = ("field_missing", Verdict.SUSPECT)  # a field that the claimed version always has
    ENGINE_TOO_NEW = ("engine_too_new", Verdict.SUSPECT)  # a model that the claimed version could not run
    METHOD = ("method", Verdict.SUSPECT)  # a wrong method answered as the claimed version does not
    PATH = ("path", Verdict.SUSPECT)  # a path that the claimed version did not have
    DIGEST_SHARED = ("digest_shared", Verdict.SUSPECT)  # one digest for different models
    DIGEST_STATIC = ("digest_static", Verdict.SUSPECT)  # the digest that an emulator gives to every model
    EMULATED = ("emulated", Verdict.SUSPECT)  # the version and the marks of an emulator, but recognised as none
    SERVER_HEADER = ("server_header", Verdict.SUSPECT)  # a Python web server that calls itself Ollama
    NOT_FOUND_SHAPE = ("not_found_shape", Verdict.SUSPECT)  # a 404 that is not this server's 404
    ECHO = ("echo", Verdict.SUSPECT)  # a path that cannot exist answers what a path that exists does
    SHOW_ANY = ("show_any", Verdict.SUSPECT)  # details of a model that was made up
    ALL_LOADED = ("all_loaded", Verdict.SUSPECT)  # every model of a longer list is loaded
    MEMORY = ("memory", Verdict.SUSPECT)  # models of hundreds of GB are loaded
    TOOL_MAGOO = ("tool:magoo", Verdict.DECOY)  # this and the next: tells of known tools (kinds/ollama_decoys.py)
    TOOL_SIGHTEM = ("tool:sightem", Verdict.DECOY)
    TOOL_RC_CHN = ("tool:rc-chn", Verdict.DECOY)
    TOOL_PEDXYUYUKO = ("tool:pedxyuyuko", Verdict.DECOY)
    TOOL_QQLZFMN = ("tool:qqlzfmn", Verdict.DECOY)
    TEN_PORTS = ("ten_ports", Verdict.DECOY)  # one of so many of an address with one inventory (store/crowds.py)
    MANY_PORTS = ("many_ports", Verdict.SUSPECT)  # likewise, five or more
    CLONE = ("clone", Verdict.SUSPECT)  # one inventory, written at the same instants, in many networks
    LATENCY = ("latency", Verdict.SUSPECT)  # one inventory that many networks answer equally fast
    CONTRADICTED = ("contradicted", Verdict.SUSPECT)  # most networks tell otherwise of a model with the same digest

    def __init__(self, word: str, verdict: Verdict) -> None:
        self.word = word
        self.verdict = verdict


class Target(msgspec.Struct, frozen=True, gc=False):  # made by the million: eight times as fast as a dataclass
    """One place to ask, not yet known to be anything.

    `address` is the canonical text of an IP address, or None while `name` has not been resolved;
    `tls` is True or False when the list says https or http, None when it says neither.
    """

    address: str | None
    port: int
    name: str | None = None
    tls: bool | None = None

    def __str__(self) -> str:
        host = self.name or self.address or ""
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


class Model(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """One model as a server lists it; None is "the server does not tell".

    `name` is at most 512 characters and never a path; `digest` is what the server sent; `size` is bytes;
    `parameters` is a count; context lengths are tokens (trained, and served now); `capabilities` is None
    when unknown, which differs from none; `tools_source` says where the answer about tools was read, `tools_level`
    whether it is the model's, the server's for any model, or a relay's about somebody else's; `template_hash` is
    the SHA-256 of a chat template, never its text.
    """

    name: str
    digest: str | None = None
    size: int | None = None
    format: str | None = None
    architecture: str | None = None
    parameters: int | None = None
    quantization: str | None = None
    context_length: int | None = None
    context_served: int | None = None
    capabilities: tuple[str, ...] | None = None
    tools: Tools = Tools.UNKNOWN
    tools_source: str | None = None
    tools_level: str | None = None
    remote: bool | None = None
    template_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Saying:
    """What one server told of the model with this digest; all with the digest and the same rules tell alike.

    `digest` is 64 hex digits; `rules` is the first release with the rules by which it answers, such as `0.6.4`; `said`
    is what the kind keeps of the answer, as JSON: equal answers are equal texts, of at most 1,024 characters.
    """

    digest: str
    rules: str
    said: str


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What a kind read from its exchanges: outcome is SERVED, EMPTY, LOCKED or MISREAD.

    `cut` says that the server listed more models than are kept; `running` counts the models loaded now; `imprint` is
    a SHA-256 in hex that only copies of one machine share, None where the server does not tell enough; `told` is what
    it said itself that other servers would say alike; `recalled` names the models of which others told, not it.
    """

    outcome: Outcome
    version: str | None = None
    models: tuple[Model, ...] = ()
    cut: bool = False
    running: int | None = None
    relay: bool = False
    imprint: str | None = None
    signals: frozenset[Signal] = frozenset()
    told: tuple[Saying, ...] = ()
    recalled: frozenset[str] = frozenset()


class Observation(msgspec.Struct, frozen=True, gc=False):
    """What one target was at one moment, whatever that was; made by the probe, stored by the writer.

    `address` is the one connected to; `latency_ms` is the time of connecting and the first answer, None
    without one; `certificate` is the SHA-256 of a TLS certificate in hex.
    """

    target: Target
    outcome: Outcome
    observed_at: datetime
    address: str | None = None
    software: str | None = None
    version: str | None = None
    models: tuple[Model, ...] = ()
    cut: bool = False
    running: int | None = None
    relay: bool = False
    imprint: str | None = None
    signals: frozenset[Signal] = frozenset()
    told: tuple[Saying, ...] = ()
    recalled: frozenset[str] = frozenset()
    latency_ms: float | None = None
    certificate: str | None = None
    requests: int = 0
    connections: int = 0


@dataclass(frozen=True, slots=True)
class Lineage:
    """Who made a model and whence it derives; `family` is None when no rule places the name.

    `origin` is the ISO 3166 two-letter country of the developer; `base` is the family it was derived from;
    `rule` names the rule of families.toml that decided.
    """

    family: str | None = None
    developer: str | None = None
    origin: str | None = None
    derived: bool | None = None
    base: str | None = None
    rule: str | None = None
