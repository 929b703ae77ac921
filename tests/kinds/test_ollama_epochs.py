"""Which release a version claims, and by which rule that release decided about tools."""

from __future__ import annotations

import pytest

from census.kinds.ollama_epochs import Epoch, Release, epoch_of, release_of


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("0.33.0-rc2", (0, 33, 0)),
        ("0.30.0-rc0", (0, 30, 0)),
        ("0.1.32", (0, 1, 32)),
        ("v0.6.4", (0, 6, 4)),
        ("0.12", (0, 12, 0)),
        ("1.0.0", (1, 0, 0)),
        ("0.5.7-1", (0, 5, 7)),
        ("0.0.0", None),
        ("0.5.7-6-g2ef3c80", None),
        ("0.9.1-ci0", None),
        ("0.6.4+dirty", None),
        ("0.30.0.dev1", None),
        ("1!0.30.0", None),
        ("unknown", None),
        ("-1", None),
        ("", None),
        (None, None),
        ("9" * 64, (int("9" * 64), 0, 0)),
        ("9" * 5000, None),
    ],
)
def test_a_version_belongs_to_a_release_or_to_none(version: str | None, release: Release | None) -> None:
    assert release_of(version) == release


@pytest.mark.parametrize(
    ("version", "epoch"),
    [
        ("0.0.14", Epoch.NO_TOOLS),
        ("0.1.48", Epoch.NO_TOOLS),
        ("0.2.5", Epoch.NO_TOOLS),
        ("0.2.6", Epoch.TEMPLATE),
        ("0.6.3", Epoch.TEMPLATE),
        ("0.6.4-rc0", Epoch.SHOW),
        ("0.6.4", Epoch.SHOW),
        ("0.11.11", Epoch.SHOW),
        ("0.12.0", Epoch.PARSER),
        ("0.24.2", Epoch.PARSER),
        ("0.29.9", Epoch.PARSER),
        ("0.30.0-rc1", Epoch.LIST),
        ("0.33.0-rc2", Epoch.LIST),
        ("2.0", Epoch.LIST),
        ("0.0.0", None),
        ("nonsense", None),
        (None, None),
    ],
)
def test_a_version_has_its_epoch(version: str | None, epoch: Epoch | None) -> None:
    assert epoch_of(version) is epoch
