"""What a scan with details must find out about a model, from the software and the version that serve it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from census.demo.behaviour import MIX, Behaviour
from census.demo.catalogue import Entry
from census.facts import Tools

Release = tuple[int, ...]

TOOLS_API: Final[Release] = (0, 2, 6)  # before, Ollama passes no tools on
SHOW_TELLS: Final[Release] = (0, 6, 4)  # the first with capabilities in show
THINKING: Final[Release] = (0, 9, 0)  # the first that knows of it
LIST_TELLS: Final[Release] = (0, 30, 0)  # the first with capabilities in the list

# How the digests begin by which two tools are known.
_DIGESTS_BEGIN: Final = {
    (Behaviour.DECOY_MAGOO, "llama2:latest"): "a2af6cc3eb7f",
    (Behaviour.DECOY_MAGOO, "mistral:latest"): "b2af6cc3",
    (Behaviour.DECOY_RC_CHN, "qwq:latest"): "cc1091b0",
    (Behaviour.DECOY_RC_CHN, "deepseek-r1:14b"): "ea35dfe1",
    (Behaviour.DECOY_RC_CHN, "deepseek-r1:32b"): "38056bbc",
    (Behaviour.DECOY_RC_CHN, "deepseek-r1:671b"): "739e1b22",
}


@dataclass(frozen=True, slots=True)
class Held:
    """One model of one resident, with what is to be known of it; None is "the server does not tell".

    `capabilities` are sorted; `entry` is its line in the catalogue, which has its lineage.
    """

    entry: Entry
    name: str
    digest: str | None
    architecture: str | None
    parameters: int | None
    quantization: str | None
    capabilities: tuple[str, ...] | None
    tools: Tools
    tools_source: str | None
    remote: bool | None


def release_of(version: str | None) -> Release:
    """The numbers of a version, without what follows a hyphen; that of no version is before all others."""
    return tuple(int(part) for part in version.partition("-")[0].split(".")) if version else ()


def rules_of(behaviour: Behaviour, version: str | None) -> Release:
    """The release whose fields a resident has: not always the one it claims."""
    return LIST_TELLS if behaviour is Behaviour.DECOY_FIELDS else release_of(version)


def digest_of(behaviour: Behaviour, entry: Entry) -> str:
    """The digest that an Ollama lists for a model."""
    digest = (_DIGESTS_BEGIN.get((behaviour, entry.name), "") + entry.digest)[: len(entry.digest)]
    return f"sha256:{digest}" if behaviour in (Behaviour.DECOY_DIGEST, Behaviour.DECOY_MAGOO) else digest


def hold(entry: Entry, behaviour: Behaviour, version: str | None) -> Held:
    """What is to be known of a model that a resident serves."""
    ollama = MIX[behaviour].is_ollama
    mum = behaviour is Behaviour.DECOY_RC_CHN  # it calls the names that it lists invalid
    told = _ollama(entry, rules_of(behaviour, version)) if ollama and not mum else _others(entry, behaviour)
    capabilities, tools, source = told
    return Held(
        entry=entry,
        name=entry.name,
        digest=digest_of(behaviour, entry) if ollama else None,
        architecture=entry.architecture,
        parameters=entry.parameters,
        quantization=entry.quantization,
        capabilities=None if capabilities is None else tuple(sorted(capabilities)),
        tools=tools,
        tools_source=source,
        remote=entry.remote if ollama else None,
    )


def _ollama(entry: Entry, rules: Release) -> tuple[tuple[str, ...] | None, Tools, str | None]:
    if rules >= LIST_TELLS:
        return _listed(entry)
    if entry.remote:  # show would have an effect elsewhere, so nobody asks
        return None, Tools.UNKNOWN, None
    if rules < SHOW_TELLS:
        return None, _yes(entry.go_tools and rules >= TOOLS_API), "template"
    told = entry.capabilities(jinja=False, thinking=rules >= THINKING)
    return told, _yes("tools" in told), "show"


def _listed(entry: Entry) -> tuple[tuple[str, ...], Tools, str]:
    """From the list where it says enough; of a local model that may have tools which the list misses, from show."""
    listed = entry.capabilities(jinja=False, thinking=True)
    if "tools" in listed or entry.embeds or entry.remote:
        return listed, _yes("tools" in listed), "tags"
    shown = entry.capabilities(jinja=True, thinking=True)
    return shown, _yes("tools" in shown), "show"


def _others(entry: Entry, behaviour: Behaviour) -> tuple[tuple[str, ...] | None, Tools, str | None]:
    if behaviour is Behaviour.LLAMA_CPP:
        able = entry.template == "jinja"
        return ("completion", "tools") if able else ("completion",), _yes(able), "props_caps"
    if behaviour is Behaviour.LITELLM and entry.template != "?":
        return None, _yes(entry.go_tools), "litellm"
    return None, Tools.UNKNOWN, None


def _yes(advertised: bool) -> Tools:
    return Tools.YES if advertised else Tools.NO
