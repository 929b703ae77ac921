"""Model names taken apart: references, hub ids, file names and paths give organisation, base, tag and sizes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

LIMIT: Final = 512  # characters of a name that are read
BIGINT: Final = 2**63 - 1  # what the database can hold

_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}

_SEPARATOR: Final = re.compile(r"[/\\]")
_PATH: Final = re.compile(r"(?:[/\\~]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|file:)")
_HUB_CACHE: Final = "models--"
# The end of a file's name, and what the parts of one are called that was cut without regard to its content.
_WEIGHTS: Final = re.compile(
    r"\.(?:gguf|ggml|bin|safetensors|llamafile|pth?|onnx)(?:-split-[a-z]|\.part[0-9]{1,2}of[0-9]{1,2})?$", re.IGNORECASE
)
_SHARD: Final = re.compile(r"[-.][0-9]{5}-of-[0-9]{5}$")
_PROJECTOR: Final = "mmproj-"  # the vision half of a model, published as a file of its own
_LIBRARY: Final = "library"  # the namespace that Ollama leaves out

_QUANTIZATION: Final = re.compile(
    r"(?<![a-z0-9])(?:"
    r"i?q[1-8](?:_(?:[0-9]|k|nl|x{0,2}s|m|x?l)){1,4}|q[2-8]-k(?:-[sml])?|q[24568]|tq[12]_0"  # GGUF
    r"|q[0348]f(?:16|32)(?:_[01])?"  # MLC
    r"|bf16|fp?16|fp?32|fp8|fp4|mxfp[468]|nvfp4(?:a16)?|nf4"  # floats
    r"|(?:gptq|awq)(?:-int[2348])?|exl[23]|w[48]a(?:16|8|4)|int[48]|[2-8]-?bit|[1-8](?:\.[0-9]{1,2})?bpw"
    r")(?![a-z0-9])",
    re.IGNORECASE,
)
_BITS: Final = ("bit", "bpw")
_SAME: Final = {"FP16": "F16", "FP32": "F32"}

# "8x7b", "1.5b", "270m", "1t", and "7b1" as BLOOM writes 7.1 billion. Not the 3b of "30b-a3b" or the 4b of "e4b"
# (active and effective parameters), and not "17b-16e", where the number counts one of sixteen parts.
_SIZE: Final = re.compile(
    r"(?<![a-z0-9.])(?<![0-9]_)(?:([0-9]{1,3})x)?"
    r"(?:([0-9]{1,4}(?:\.[0-9]{1,3})?)([mbt])|([0-9]{1,3})b([0-9]))(?![a-z0-9])(?!-[0-9]{1,3}e(?![a-z0-9]))",
    re.IGNORECASE,
)
_COUNT: Final = re.compile(r"(?:([0-9]{1,3})x)?([0-9]{1,19}(?:\.[0-9]{1,19})?) ?([kmbt]?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """The parts of a model's name; folders, hosts and digests are gone.

    `org` is the namespace or the organisation of a hub, None for Ollama's own library and for files; `base` has
    lost extension and shard number; `file` says that it was a file of weights.
    """

    org: str | None
    base: str
    tag: str | None
    file: bool

    @property
    def quantization(self) -> str | None:
        """The quantization that the tag, else the base tells, such as `Q4_K_M`, `F16`, `AWQ`, `4bit`."""
        return _quantization(self.tag or "") or _quantization(self.base)

    @property
    def parameters(self) -> int | None:
        """The number of parameters that the tag, else the base tells: 8x7b is 56 billion, 30b-a3b is 30 billion."""
        return _parameters(self.tag or "") or _parameters(self.base)


def parse(name: str) -> Name:
    """The parts of any text used as a model's name; never raises, reads the first 512 characters."""
    org, last = _folders(name[:LIMIT].strip())
    full, tag = _tagged(last)
    stem = _WEIGHTS.sub("", full)
    return Name(org, _SHARD.sub("", stem).removeprefix(_PROJECTOR), tag, file=stem != full)


def quantization_of(name: str) -> str | None:
    """The quantization that a whole name tells, None if it tells none."""
    return parse(name).quantization


def parameters_of(name: str) -> int | None:
    """The number of parameters that a whole name tells, None if it tells none."""
    return parse(name).parameters


def parse_count(value: Any) -> int | None:
    """A count of parameters as servers report it ("7.6B", "119K", 7615616512); None if it is nonsense or none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if not isinstance(value, str):
        return int(value) if 1 <= value <= BIGINT else None
    match = _COUNT.fullmatch(value.strip()[:LIMIT])
    return _bounded(match[1], match[2], match[3]) if match else None


def _folders(name: str) -> tuple[str | None, str]:
    """The organisation and the last part of a name: of a path nothing but its file, of a hub's cache its model."""
    parts = [part for part in _SEPARATOR.split(name) if part]
    for position, part in enumerate(parts):
        if part.startswith(_HUB_CACHE):
            return _cached(part, parts[position + 1 :])
    if not parts:
        return None, ""
    if len(parts) == 1 or _PATH.match(name) or _WEIGHTS.search(parts[-1]):
        return None, parts[-1]
    org = parts[-2]
    is_host = "." in org or ":" in org
    return (None if is_host or org.lower() == _LIBRARY else org), parts[-1]


def _cached(folder: str, below: list[str]) -> tuple[str | None, str]:
    """What `models--org--name` stands for; a file of weights below it tells more than the folder."""
    org, _, repository = folder.removeprefix(_HUB_CACHE).partition("--")
    if not repository:
        org, repository = "", org
    return org or None, below[-1] if below and _WEIGHTS.search(below[-1]) else repository


def _tagged(last: str) -> tuple[str, str | None]:
    """The name and the tag of a reference's last part, without the digest; an @ in front begins a name."""
    named = last[0:1] + last[1:].partition("@")[0]
    base, _, tag = named.rpartition(":")
    return (base, tag or None) if base else (named.strip(":"), None)


def _quantization(text: str) -> str | None:
    """The last quantization in a text, in the spelling of servers: it is the file's, an earlier one its source's.

    A number of bits counts if nothing says how they are made, as AWQ or EXL2 would.
    """
    found: list[str] = _QUANTIZATION.findall(text)
    if not found:
        return None
    word = next((word for word in reversed(found) if not word.lower().endswith(_BITS)), found[-1]).upper()
    if word.lower().endswith(_BITS):
        return word.replace("-", "").lower()
    return word.replace("-", "_") if word.startswith("Q") else _SAME.get(word, word)


def _parameters(text: str) -> int | None:
    """The first size in a text, as a count."""
    match = _SIZE.search(text)
    if match is None:
        return None
    experts, number, unit, billions, tenths = match.groups()
    return _bounded(experts, number or f"{billions}.{tenths}", unit or "b")


def _bounded(experts: str | None, number: str, unit: str) -> int | None:
    count = int(Decimal(number) * int(experts or 1) * _UNITS[unit.lower()])
    return count if 1 <= count <= BIGINT else None
