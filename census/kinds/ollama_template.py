"""Which variables an Ollama prompt template uses: in Go's template language, told apart as Ollama itself does.

Ollama parses the template and gathers the parts of every field and variable (`.Tools`, `$.Tools`, `.Foo.Tools`) in
actions, conditions, loops and calls, in all branches and definitions. What stands in text, comments or strings does
not count, nor do declarations, nor whatever a further field is taken of: `(index .Tools 0).Name` has no variable.
"""

from __future__ import annotations

import re
from typing import Final

from census.facts import Tools

# Characters; a longer template is not looked through. Real ones have a few thousand, and looking through takes the
# time of all other targets: half a second for a million characters, times every model that a target may list.
LIMIT: Final = 2**16

_COMMENT: Final = re.compile(r"-?\s*+/\*")
_TOKEN: Final = re.compile(
    r"""
      (?P<end>\}\})
    | (?P<literal>"(?:[^"\\]|\\.)*+" | `[^`]*+` | '(?:[^'\\]|\\.)*+')
    | (?P<unclosed>["`'])
    | (?P<declaration>\$\w*+\s*+(?:,\s*+\$\w*+\s*+)?:?=)
    | (?P<name>\$\w*+|\.[^\W\d]\w*+)
    | (?P<word>\w++)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CHAIN: Final = re.compile(r"(?:\.[^\W\d]\w*+)*+")
# These may be followed by a field at once, `{{if.Tools}}`; after any other word it is a field of a function's result.
_KEYWORDS: Final = frozenset({"if", "else", "range", "with", "template", "block"})


def identifiers(template: str) -> frozenset[str]:
    """The variables of a Go template, in lower case; of a broken one those before it breaks. Linear in its length."""
    found: set[str] = set()
    position = 0
    while (start := template.find("{{", position)) >= 0:
        comment = _COMMENT.match(template, start + 2)
        if comment is None:
            position = _action(template, start + 2, found)
            continue
        end = template.find("*/", comment.end())
        if end < 0:
            break
        position = end + 2
    return frozenset(found)


def _action(template: str, position: int, found: set[str]) -> int:
    """Add the names of the action that begins at `position` to `found`; the position behind it."""
    names: list[str] = []
    groups: list[int] = []  # how many names there were when each open parenthesis began
    while (token := _TOKEN.match(template, position)) is not None:
        position = token.end()
        match token.lastgroup:
            case "end":
                found.update(names)
                return position
            case "name":
                names.append(token[0].lstrip(".").lower())
            case "word" if token[0] not in _KEYWORDS:
                position = _chain_end(template, position)
            case "open":
                groups.append(len(names))
            case "close" if groups:
                began = groups.pop()
                behind = _chain_end(template, position)
                if behind > position:
                    del names[began:]
                position = behind
            case "unclosed":
                break
    return len(template)


def _chain_end(template: str, position: int) -> int:
    chain = _CHAIN.match(template, position)
    return chain.end() if chain else position


def tools(template: str) -> Tools:
    """Whether a Go template uses the tools it is given; unknown for Jinja, which Ollama judges by other means."""
    if len(template) > LIMIT or "{%" in template:
        return Tools.UNKNOWN
    return Tools.YES if "tools" in identifiers(template) else Tools.NO
