"""One served neighbourhood for all tests of this folder, in each worker of pytest its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from census.demo import Neighbourhood, launch


@pytest.fixture(scope="session")
def neighbourhood() -> Iterator[Neighbourhood]:
    # What is tested holds for every seed; that of the process keeps workers, and whoever tests beside them, apart.
    seed = os.getpid()
    print(f"seed {seed}")
    with launch(seed, 300) as served:
        yield served
