"""The first stage of the Dockerfile, carried out step by step in a folder: no engine is needed to see that it installs.

Needs a registry of Python packages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import census
from tests.deploy.test_compose import DOCKERFILE, ROOT

pytestmark = pytest.mark.system

_STEP = re.compile(r"^(COPY|RUN) (.*)$", re.MULTILINE)


def copy(words: list[str], source: Path) -> None:
    *names, into = words
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / into)
        else:
            shutil.copy(ROOT / name, source / into)


def test_what_the_image_copies_is_enough_to_install_and_to_run(tmp_path: Path) -> None:
    source, installed = tmp_path / "source", tmp_path / "census"
    source.mkdir()
    around = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    around = {key: value for key, value in around.items() if not key.startswith(("CENSUS_", "PYTHON"))}
    _, stage, _ = DOCKERFILE.split("\nFROM ")
    for instruction, rest in _STEP.findall(stage):
        if instruction == "COPY":
            copy(rest.split(), source)
        else:
            line = rest.replace("/opt/census", str(installed))
            subprocess.run(["sh", "-ec", line], cwd=source, env=around, check=True, timeout=900)
    around |= {"PATH": f"{installed / 'bin'}:/usr/bin:/bin", "CENSUS_HOME": str(tmp_path / "home")}
    told = subprocess.run(["census", "--version"], env=around, capture_output=True, text=True, check=True, timeout=120)
    assert told.stdout.split()[-1] == census.__version__
    report = subprocess.run(
        ["census", "report", "--html", tmp_path / "page.html"], env=around, check=True, capture_output=True, timeout=300
    )
    assert b"wrote" in report.stdout
