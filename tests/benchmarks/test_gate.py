"""The gate of the benchmarks: it and its baseline name the same ratios, and it fails when one has fallen."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
# Prints the next line of a file at each run, so that a second look sees something else than the first.
SCRIPT = """
import sys
from pathlib import Path
file = Path(__file__).with_suffix(".txt")
first, _, rest = file.read_text().partition("\\n")
file.write_text(rest)
assert sys.argv[1:] == ["--size", "9", "--json"]
print(first)
"""


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script as a module."""
    monkeypatch.syspath_prepend(FOLDER)
    spec = importlib.util.spec_from_file_location("gate_of_benchmarks", FOLDER / "gate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def passes(gate: Any, folder: Path, kept: dict[str, float], *printed: dict[str, float]) -> int:
    """The gate's exit code for a benchmark that prints these one after another."""
    (folder / "one.py").write_text(SCRIPT)
    (folder / "one.txt").write_text("\n".join(map(json.dumps, printed)))
    gate.GATED = (gate.Gated("one.py --size 9", tuple(kept)),)
    gate.HERE = folder
    code: int = gate.gate(kept)
    return code


def test_the_baseline_has_a_ratio_for_each_that_is_gated_and_no_other(gate: Any) -> None:
    kept = json.loads((FOLDER / "baseline.json").read_text())
    assert list(kept) == [name for gated in gate.GATED for name in gated.ratios]
    assert all(0 < ratio < 2 for ratio in kept.values())


def test_every_gated_benchmark_exists(gate: Any) -> None:
    assert all((FOLDER / gated.command.split()[0]).is_file() for gated in gate.GATED)


def test_a_fifth_less_still_passes(gate: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert passes(gate, tmp_path, {"a": 0.5, "b": 1.0}, {"a": 0.41, "b": 3.0, "other": 7}) == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["| a | 0.500 | 0.410 | -18% |", "| b | 1.000 | 3.000 | +200% |"]


def test_a_ratio_that_fell_twice_fails_and_is_named(
    gate: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passes(gate, tmp_path, {"a": 0.5, "b": 1.0}, {"a": 0.39, "b": 1.0}, {"a": 0.3, "b": 1.0}) == 1
    assert "fell by more than 20%: a;" in capsys.readouterr().err


def test_one_that_fell_once_is_looked_at_again(gate: Any, tmp_path: Path) -> None:
    assert passes(gate, tmp_path, {"a": 0.5}, {"a": 0.1}, {"a": 0.5}) == 0


def test_a_benchmark_that_does_not_print_what_is_gated_is_an_error(gate: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not print a; GATED names"):
        passes(gate, tmp_path, {"a": 0.5}, {"b": 0.5})


def test_what_is_measured_can_be_kept(gate: Any, tmp_path: Path) -> None:
    gate.BASELINE = tmp_path / "baseline.json"
    gate.GATED = (gate.Gated("requests_per_kind.py --endpoints 60", ("requests_per_kind", "connections_per_kind")),)
    gate.update()
    kept = json.loads(gate.BASELINE.read_text())
    assert 0.1 < kept["requests_per_kind"] < kept["connections_per_kind"] <= 1


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("reading_lists.py --lines 3000", {"reading_plain", "reading_shodan"}),
        ("writing.py --observations 300", {"writing"}),
    ],
)
def test_benchmarks_print_the_ratios_that_are_gated(gate: Any, command: str, names: set[str]) -> None:
    script = command.split(maxsplit=1)[0]
    assert {name for gated in gate.GATED if gated.command.startswith(script) for name in gated.ratios} == names
    done = subprocess.run(
        [sys.executable, str(FOLDER / script), *command.split()[1:], "--json"],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert set(json.loads(done.stdout)) == names
