from __future__ import annotations

import json
from pathlib import Path

from tests.support.program import census


def test_explain_says_who_made_a_model_and_by_which_rule(tmp_path: Path) -> None:
    done = census("lineage", "explain", "deepseek-r1:14b-qwen-distill-q4_K_M", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert told["family"] == "DeepSeek"
    assert told["developer"] == "DeepSeek (CN)"
    assert told["weights"] == "derived from other weights"
    assert told["base"] == "Qwen"
    assert told["rule"]
    assert not (tmp_path / "home").exists()


def test_explain_takes_the_architecture_where_the_name_tells_nothing(tmp_path: Path) -> None:
    without = census("lineage", "explain", "our-own", folder=tmp_path)
    assert without.stdout == "rule       none places it\n"
    done = census("lineage", "explain", "our-own", "--architecture", "gemma2", "--json", folder=tmp_path)
    told = json.loads(done.stdout)
    assert told["name"] == "our-own"
    assert (told["family"], told["derived"], told["base"]) == ("Gemma", None, None)
    assert told["rule"].startswith("architecture:")


def test_unplaced_writes_rows_for_programs(tmp_path: Path, database_url: str) -> None:
    done = census("lineage", "unplaced", "--format", "json", folder=tmp_path, url=database_url)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    shown = census("lineage", "unplaced", "--top", "3", folder=tmp_path, url=database_url)
    assert "no rule places" in shown.stdout
