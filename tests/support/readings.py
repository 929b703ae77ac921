"""What every reading must be, whatever was answered; and the recorded answers that hostile ones are made from."""

from __future__ import annotations

import json
import re
from pathlib import Path

from census.facts import Outcome, Reading, Tools

FOLDER = Path(__file__).parents[1] / "kinds" / "examples"
EXAMPLES = [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]
BAD = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\\ud800-\\udfff]")


def assert_clean(reading: Reading) -> None:
    assert reading.outcome in (Outcome.SERVED, Outcome.EMPTY, Outcome.LOCKED, Outcome.MISREAD)
    assert len(reading.models) <= 2000
    assert (reading.outcome is Outcome.SERVED) == bool(reading.models)
    assert len({model.name for model in reading.models}) == len(reading.models)
    strings = [reading.version]
    for model in reading.models:
        assert model.name.strip()
        assert isinstance(model.tools, Tools)
        assert (model.tools is Tools.UNKNOWN) == (model.tools_source is None)
        for field in model.__struct_fields__:
            value = getattr(model, field)
            strings.extend([value] if isinstance(value, str) else value if isinstance(value, tuple) else [])
            assert value is None or isinstance(value, str | bool | int | tuple)
            assert not isinstance(value, int) or 0 <= value < 2**63
    for string in strings:
        assert string is None or (len(string) <= 512 and not BAD.search(string))
