"""How residents of the simulated neighbourhood behave, how common each is, and what a scan must say of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from census.demo import catalogue
from census.demo.catalogue import Entry
from census.facts import Outcome, Signal, Verdict

Weighted = tuple[tuple[str, int], ...]
Ports = tuple[tuple[int, int], ...]
Bands = tuple[tuple[int, int, int], ...]


class Behaviour(enum.StrEnum):
    """What stands on an address and port. Those without an outcome in their name are servers that serve."""

    OLLAMA = "ollama"
    OLLAMA_EMPTY = "ollama-empty"
    VLLM = "vllm"
    LLAMA_CPP = "llama.cpp"
    LITELLM = "litellm"
    LLAMA_CPP_PYTHON = "llama-cpp-python"
    MLX_LM = "mlx-lm"
    OPENAI = "openai"
    VLLM_LOCKED = "vllm-locked"
    LLAMA_CPP_LOCKED = "llama.cpp-locked"
    LITELLM_LOCKED = "litellm-locked"
    NGINX_LOCKED = "nginx-locked"  # a proxy that asks for a password whatever the path
    NGINX_PAGE = "nginx-page"  # one page, 200, whatever the path
    NGINX_404 = "nginx-404"
    SSH = "ssh"
    NOISE = "noise"  # bytes that are no protocol, as soon as connected
    REFUSED = "refused"  # nothing listens
    SILENT = "silent"  # packets are dropped
    MUTE = "mute"  # takes the connection and never says a word
    DRIP = "drip"  # a model list, a byte at a time
    RESET = "reset"  # resets at once
    HANG_UP = "hang-up"  # closes when asked
    CUT = "cut"  # resets in the middle of its list
    BROKEN_JSON = "broken-json"  # a list that is no JSON
    NO_LIST = "no-list"  # a list that is a string
    ENDLESS = "endless"  # a list without end
    DECOY_CANARY = "decoy-canary"  # 200 for every path
    DECOY_DIGEST = "decoy-digest"  # digests with a prefix that Ollama's never have
    DECOY_FIELDS = "decoy-fields"  # fields that its version did not have
    DECOY_MAGOO = "decoy-magoo"  # as magoo/ollama-honeypot answers
    DECOY_RC_CHN = "decoy-rc-chn"  # as RC-CHN/Ollama-Honeypot answers
    DECOY_PORTS = "decoy-ports"  # one of ten ports of its address that list the same
    SUSPECT_PYTHON = "suspect-python"  # an Ollama behind a web server in Python
    SUSPECT_CLONE = "suspect-clone"  # one of some in different networks that were all made at the same instant


@dataclass(frozen=True, slots=True)
class Nature:
    """What is true of every resident of one behaviour.

    `weight` is its part of 1000 targets, 0 for those that only come together; `ports` and `versions` are the usual
    ones with their weights; `menu` is what it may serve, `bands` how many of it: (from, to, weight); `signals` are
    those that a scan with details finds.
    """

    weight: int
    outcome: Outcome
    ports: Ports
    software: str | None = None
    versions: Weighted = ()
    menu: tuple[Entry, ...] = ()
    bands: Bands = ((0, 0, 1),)
    signals: tuple[Signal, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of its signals."""
        return max((signal.verdict for signal in self.signals), default=Verdict.CREDIBLE)

    @property
    def is_ollama(self) -> bool:
        """Whether it claims to be an Ollama."""
        return self.software == "Ollama"


_11434: Final[Ports] = ((11434, 90), (11435, 4), (8080, 3), (8000, 3))
_8000: Final[Ports] = ((8000, 85), (8001, 15))
_8080: Final[Ports] = ((8080, 85), (8081, 15))
_4000: Final[Ports] = ((4000, 1),)
_ANY: Final[Ports] = ((11434, 60), (8000, 20), (8080, 20))
_WEB: Final[Ports] = ((8080, 40), (8000, 30), (11434, 30))

# All five epochs in which Ollama decided about tools by different rules.
_VERSIONS: Final[Weighted] = (
    *(("0.1.33", 2), ("0.1.38", 3), ("0.1.48", 4), ("0.2.5", 3)),
    *(("0.3.6", 5), ("0.3.14", 6), ("0.4.7", 6), ("0.5.7", 8), ("0.5.13", 5)),
    *(("0.6.8", 7), ("0.7.0", 5), ("0.9.6", 9), ("0.11.4", 7)),
    *(("0.12.3", 5), ("0.13.5", 6), ("0.17.7", 5), ("0.20.2", 4)),
    *(("0.30.1", 4), ("0.32.15", 5), ("0.33.0-rc2", 2)),
)
_VERSIONS_OF: Final[dict[str, Weighted]] = {
    "vLLM": (("0.6.3.post1", 1), ("0.8.5", 2), ("0.11.0", 3), ("0.32.0", 1)),
    "LiteLLM": (("1.61.3", 1), ("1.74.9", 2), ("1.106.0", 1)),
    "llama.cpp": (("b5401-1c2d3e4", 1), ("b6800-abcdef1", 2), ("b7214-0a1b2c3", 1)),
    "llama-cpp-python": (("0.2.90", 1), ("0.3.16", 2)),
}

_INVENTORY: Final[Bands] = ((1, 1, 150), (2, 3, 470), (4, 9, 300), (10, 19, 62), (20, 30, 18))
_FEW: Final[Bands] = ((1, 1, 3), (2, 2, 1))
_SEVERAL: Final[Bands] = ((2, 5, 1),)
_ONE: Final[Bands] = ((1, 1, 1),)


# What the tools that are played here always list.
_MAGOO: Final = catalogue.entries("""
llama2:latest               llama       7B       Q4_0    4096    plain      -                0.1.0   1   Llama
mistral:latest              llama       7B       Q4_0    32768   plain      -                0.1.0   1   Mistral
""")
_RC_CHN: Final = catalogue.entries("""
qwq:latest                  qwen2       32.8B    Q4_K_M  40960   tools      -                0.5.13  1   Qwen
deepseek-r1:14b             qwen2       14.8B    Q4_K_M  131072  plain      thinking         0.5.5   1   DeepSeek<Qwen
deepseek-r1:32b             qwen2       32.8B    Q4_K_M  131072  plain      thinking         0.5.5   1   DeepSeek<Qwen
deepseek-r1:671b            deepseek2   671B     Q4_K_M  163840  plain      thinking         0.5.5   1   DeepSeek
""")
_S: Final = Signal


def _ollama(
    weight: int,
    *signals: Signal,
    versions: Weighted = _VERSIONS,
    menu: tuple[Entry, ...] = catalogue.OLLAMA,
    bands: Bands = _INVENTORY,
) -> Nature:
    return Nature(weight, Outcome.SERVED, _11434, "Ollama", versions, menu, bands, signals)


def _other(weight: int, outcome: Outcome, ports: Ports = _WEB) -> Nature:
    return Nature(weight, outcome, ports)


def _serving(weight: int, ports: Ports, software: str, menu: tuple[Entry, ...], bands: Bands) -> Nature:
    return Nature(weight, Outcome.SERVED, ports, software, _VERSIONS_OF.get(software, ()), menu, bands)


MIX: Final[dict[Behaviour, Nature]] = {
    Behaviour.OLLAMA: _ollama(440),
    Behaviour.OLLAMA_EMPTY: Nature(40, Outcome.EMPTY, _11434, "Ollama", _VERSIONS),
    Behaviour.VLLM: _serving(28, _8000, "vLLM", catalogue.VLLM, _ONE),
    Behaviour.LLAMA_CPP: _serving(28, _8080, "llama.cpp", catalogue.LLAMA_CPP, _ONE),
    Behaviour.LITELLM: _serving(14, _4000, "LiteLLM", catalogue.LITELLM, _SEVERAL),
    Behaviour.LLAMA_CPP_PYTHON: _serving(9, _8000, "llama-cpp-python", catalogue.LLAMA_CPP_PYTHON, _ONE),
    Behaviour.MLX_LM: _serving(7, _8080, "mlx-lm", catalogue.MLX_LM, _FEW),
    Behaviour.OPENAI: _serving(12, ((8000, 1), (8080, 1), (5000, 1)), "OpenAI-compatible", catalogue.OPENAI, _FEW),
    Behaviour.VLLM_LOCKED: Nature(8, Outcome.LOCKED, _8000, "vLLM", _VERSIONS_OF["vLLM"]),
    Behaviour.LLAMA_CPP_LOCKED: Nature(7, Outcome.LOCKED, _8080, "llama.cpp"),
    Behaviour.LITELLM_LOCKED: Nature(5, Outcome.LOCKED, _4000, "LiteLLM", _VERSIONS_OF["LiteLLM"]),
    Behaviour.NGINX_LOCKED: _other(10, Outcome.LOCKED, _ANY),
    Behaviour.NGINX_PAGE: _other(40, Outcome.OTHER),
    Behaviour.NGINX_404: _other(40, Outcome.OTHER),
    Behaviour.SSH: _other(15, Outcome.NOT_HTTP),
    Behaviour.NOISE: _other(10, Outcome.NOT_HTTP),
    Behaviour.REFUSED: _other(150, Outcome.REFUSED, _ANY),
    Behaviour.SILENT: _other(60, Outcome.TIMED_OUT, _ANY),
    Behaviour.MUTE: _other(7, Outcome.TOO_SLOW, _ANY),
    Behaviour.DRIP: _other(5, Outcome.TOO_SLOW, _ANY),
    Behaviour.RESET: _other(7, Outcome.BROKEN_OFF, _ANY),
    Behaviour.HANG_UP: _other(5, Outcome.BROKEN_OFF, _ANY),
    Behaviour.CUT: _other(5, Outcome.BROKEN_OFF, _ANY),
    Behaviour.BROKEN_JSON: _other(4, Outcome.MISREAD, _11434),
    Behaviour.NO_LIST: _other(4, Outcome.MISREAD, _11434),
    Behaviour.ENDLESS: _other(3, Outcome.MISREAD, _11434),
    Behaviour.DECOY_CANARY: _ollama(12, _S.CANARY),
    Behaviour.DECOY_DIGEST: _ollama(8, _S.DIGEST),
    Behaviour.DECOY_FIELDS: _ollama(8, _S.FIELD_TOO_NEW, versions=(("0.5.4", 1), ("0.5.7", 1))),
    Behaviour.DECOY_MAGOO: _ollama(
        4, _S.DIGEST, _S.NOT_FOUND_SHAPE, _S.SERVER_HEADER, _S.SHOW_ANY, _S.TOOL_MAGOO,
        versions=(), menu=_MAGOO, bands=((2, 2, 1),),
    ),
    Behaviour.DECOY_RC_CHN: _ollama(
        4, _S.ALL_LOADED, _S.MEMORY, _S.TOOL_RC_CHN, versions=(("0.6.2", 1),), menu=_RC_CHN, bands=((4, 4, 1),)
    ),
    Behaviour.DECOY_PORTS: _ollama(0, _S.MANY_PORTS, _S.TEN_PORTS, bands=_FEW),
    Behaviour.SUSPECT_PYTHON: _ollama(9, _S.NOT_FOUND_SHAPE, _S.SERVER_HEADER),
    Behaviour.SUSPECT_CLONE: _ollama(0, _S.CLONE, bands=((3, 6, 1),)),
}  # fmt: skip
