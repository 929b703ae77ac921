"""Misbehaviours of JSON, and of what servers write into it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, Final

from census.facts import Outcome
from tests.hostile.misbehaviour import LIST, MODEL, NAMED, Misbehaviour, entry, listed, ollama, serves
from tests.support.wire import Handler, answer, page

MIB: Final = 2**20

# Names as strangers write them, and as they must be kept: without control characters, separators, overrides, folders.
NAMES: Final = {
    "\x1b[2J\x1b]0;owned\x07red": "[2J]0;ownedred",
    "\x9b31mcsi": "31mcsi",
    "a\u202egpj.exe": "agpj.exe",
    "\u2066isolated\u2069": "isolated",
    "two\r\nlines\u2028and\u0085more": "twolinesandmore",
    "nul\0nul": "nulnul",
    "half \ud800 of a pair": "half  of a pair",
    "=cmd|' /C calc'!A0": "=cmd|' /C calc'!A0",
    "+1+1": "+1+1",
    "-2+3": "-2+3",
    "@SUM(1+1)": "@SUM(1+1)",
    " =1+1": " =1+1",
    "\uff1d1+1": "\uff1d1+1",
    "'=1+1": "'=1+1",
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>': '"><img src=x onerror=alert(1)>',
    "</script><svg onload=alert(1)>": "</script><svg onload=alert(1)>",
    "{{7*7}}${7*7}#{7*7}": "{{7*7}}${7*7}#{7*7}",
    "[bold red]rich[/bold red]": "[bold red]rich[/bold red]",
    "'; DROP TABLE model; --": "'; DROP TABLE model; --",
    "%s%n%x{0}{0.__class__}": "%s%n%x{0}{0.__class__}",
    'a"} 1\nowned{b="c': 'a"} 1owned{b="c',
    "back\\slash": "back\\slash",
    "../../../etc/passwd": "passwd",
    "/home/somebody/models/secret.gguf": "secret.gguf",
    "C:\\Users\\somebody\\x.gguf": "x.gguf",
    "~/x.gguf": "x.gguf",
    "a,b;c\td|e": "a,b;cd|e",
    "\U0001f9a5 sloth": "\U0001f9a5 sloth",
}


ARCHITECTURE: Final = "<script>alert(1)</script>"


def named(*names: Any) -> Callable[[], Handler]:
    details = {
        "format": "=1+1",
        "family": ARCHITECTURE,
        "parameter_size": "%s",
        "quantization_level": "\x1b[31m@SUM(1)",
    }
    return listed([entry(name, details=details) for name in names])


def raw(text: str, **replaced: str) -> bytes:
    """The list, with JSON written by hand in place of a value of its model."""
    for key, value in replaced.items():
        text = text.replace(json.dumps(MODEL[key]), value)
    return text.encode()


def shows_megabytes() -> Handler:
    """Sixty models, and almost two megabytes of template for each."""
    models = [
        {key: value for key, value in entry(f"m{number}").items() if key != "capabilities"} for number in range(60)
    ]
    shown = page({"template": "{{ .Prompt }}" + "x" * (2 * MIB - 1000), "details": {}, "model_info": {}})
    return ollama(page({"models": models}), version=page({"version": "0.5.0"}), show=shown)()


def never_the_same() -> Handler:
    """Another list, version and status each time."""
    dice = random.Random(3)
    pages = {"/api/tags": page({"models": [entry("first")]})}

    class Changing(dict[str, bytes]):
        def get(self, path: str, missing: Any = None) -> Any:
            if path == "/v1/models" or path in pages:
                return pages.get(path, missing)
            return answer(dice.choice([200, 404, 500]), dice.randbytes(200))

    return serves(Changing())()


LARGE = json.dumps([entry(f"m{number}", digest=f"{number:064x}") for number in range(5000)], separators=(",", ":"))
SHORT = ",".join(f'{{"name":"{number:x}","model":""}}' for number in range(60_000))

JSONS: Final[dict[str, Misbehaviour]] = {
    "nests a hundred thousand deep": Misbehaviour(listed(b'{"models":' + b"[" * 100_000), Outcome.MISREAD),
    "nests objects a hundred thousand deep": Misbehaviour(listed(b'{"models":' + b'{"a":' * 100_000), Outcome.MISREAD),
    "nests within a field": Misbehaviour(listed(raw(LIST.decode(), size="[" * 9000 + "]" * 9000)), Outcome.MISREAD),
    "has a number of a million digits": Misbehaviour(
        listed(raw(LIST.decode(), size="9" * 1_000_000)), Outcome.SERVED, NAMED
    ),
    "has the number 1e999": Misbehaviour(listed(raw(LIST.decode(), size="1e999")), Outcome.SERVED, NAMED),
    "has NaN and Infinity": Misbehaviour(listed(raw(LIST.decode(), size="[NaN,-Infinity]")), Outcome.SERVED, NAMED),
    "has each key twice": Misbehaviour(
        listed(b'{"models":[{"name":"first","name":"second","model":"first","model":"second","digest":1}]}'),
        Outcome.SERVED,
        ("second",),
    ),
    "begins with a byte order mark": Misbehaviour(listed(b"\xef\xbb\xbf" + LIST), Outcome.SERVED, NAMED),
    "writes UTF-16": Misbehaviour(listed(LIST.decode().encode("utf-16")), Outcome.SERVED, NAMED),
    "writes UTF-32 without a mark": Misbehaviour(listed(LIST.decode().encode("utf-32-le")), Outcome.SERVED, NAMED),
    "writes bytes that are no UTF-8": Misbehaviour(listed(LIST.replace(b"3b", b"\xff\xfe")), Outcome.MISREAD),
    "puts NUL bytes between": Misbehaviour(listed(LIST.replace(b",", b"\0,")), Outcome.MISREAD),
    "has a list that ends early": Misbehaviour(listed(LIST[:-2]), Outcome.MISREAD),
    "has bytes behind its list": Misbehaviour(listed(LIST + b"{}"), Outcome.MISREAD),
    "has an object for a list": Misbehaviour(listed(b'{"models":{"0":{"name":"a"}}}'), Outcome.MISREAD),
    "has a text for a list": Misbehaviour(listed(b'{"models":"llama"}'), Outcome.MISREAD),
    "lists sixty thousand models": Misbehaviour(
        listed(f'{{"models":[{SHORT}]}}'.encode()), Outcome.SERVED, tuple(f"{n:x}" for n in range(2000)), cut=True
    ),
    "lists five thousand models with all they have": Misbehaviour(
        listed(f'{{"models":{LARGE}}}'.encode()), Outcome.SERVED, tuple(f"m{n}" for n in range(2000)), cut=True
    ),
    "lists six hundred thousand empty models": Misbehaviour(
        listed(b'{"models":[' + b"{}," * 600_000 + b"{}]}"), Outcome.MISREAD
    ),
    "lists more than two megabytes": Misbehaviour(listed(b'{"models":[' + b" " * 2 * MIB + LIST[12:]), Outcome.MISREAD),
    "lists one model fifty thousand times": Misbehaviour(
        listed(b'{"models":[' + b'{"name":"m","model":"m"},' * 50_000 + b'{"name":"m","model":"m"}]}'),
        Outcome.SERVED,
        ("m",),
        cut=True,
    ),
}

CONTENTS: Final[dict[str, Misbehaviour]] = {
    "has names with escapes, overrides, formulas, markup, SQL, paths": Misbehaviour(
        named(*NAMES), Outcome.SERVED, tuple(dict.fromkeys(NAMES.values()))
    ),
    "has a name of half a megabyte": Misbehaviour(named("n" * (MIB // 2)), Outcome.SERVED, ("n" * 512,)),
    "has a path of half a megabyte for a name": Misbehaviour(named("/a" * (MIB // 4)), Outcome.SERVED, ("a",)),
    "has names that are no texts": Misbehaviour(named(None, 1, True, [], {}, "m", "", " "), Outcome.SERVED, ("m",)),
    "has only names that cannot be used": Misbehaviour(named(None, 1, "", "\x1b", "/"), Outcome.EMPTY, ()),
    "has entries that are no objects": Misbehaviour(listed([None, 1, "x", [], MODEL, True]), Outcome.SERVED, NAMED),
    "has the wrong type in every field": Misbehaviour(
        listed([{**{key: [{}] for key in MODEL}, "name": "m", "model": "m"}]), Outcome.SERVED, ("m",)
    ),
    "has ten thousand capabilities of a model": Misbehaviour(
        listed([entry("m", capabilities=[f"c{number}" for number in range(10_000)])]), Outcome.SERVED, ("m",)
    ),
    "has ten thousand versions' worth of version": Misbehaviour(
        ollama(page({"models": [MODEL]}), version=page({"version": "0.33.0\x1b[31m" * 10_000})), Outcome.SERVED, NAMED
    ),
    "has sixty templates of two megabytes": Misbehaviour(
        shows_megabytes, Outcome.SERVED, tuple(f"m{number}" for number in range(60))
    ),
    "says something else each time": Misbehaviour(never_the_same, Outcome.SERVED, ("first",)),
}
