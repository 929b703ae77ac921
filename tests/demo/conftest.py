"""One served neighbourhood for all tests of this folder, in each worker of pytest its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from census.demo import Neighbourhood, launch
from tests.support.seeds import own_seed


@pytest.fixture(scope="session")
def neighbourhood() -> Iterator[Neighbourhood]:
    seed = own_seed(20)
    print(f"seed {seed}")  # what is tested holds for every seed
    with launch(seed, 300) as served:
        yield served
