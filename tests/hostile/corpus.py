"""All misbehaviours by name, in the groups in which docs/hostile-servers.md lists them."""

from __future__ import annotations

from typing import Final

from tests.hostile.codings import CODINGS
from tests.hostile.connections import CONNECTIONS, TLS
from tests.hostile.documents import CONTENTS, JSONS
from tests.hostile.messages import FRAMING, HEADS
from tests.hostile.misbehaviour import Misbehaviour

GROUPS: Final[dict[str, dict[str, Misbehaviour]]] = {
    "Connections": CONNECTIONS,
    "TLS": TLS,
    "Status lines and headers": HEADS,
    "Framing": FRAMING,
    "Compression": CODINGS,
    "JSON": JSONS,
    "What is written in it": CONTENTS,
}
CORPUS: Final = {name: each for group in GROUPS.values() for name, each in group.items()}
assert len(CORPUS) == sum(map(len, GROUPS.values())), "two misbehaviours have one name"
