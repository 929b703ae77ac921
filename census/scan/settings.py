"""The settings of a scan as they apply to all its workers, stored with the scan and read back by each of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from census.targets.scope import Scope


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker needs to know.

    `rate` is new connections a second of all workers together; `workers` how many are started here; `timeout` and
    `deadline` are seconds, for connecting and for all of one target; `places` are files of place databases.
    """

    scope: Scope
    rate: float
    workers: int = 1
    timeout: float = 3.0
    deadline: float = 15.0
    places: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is stored in `scan.settings`."""
        return {**asdict(self), "scope": self.scope.to_json(), "places": list(self.places)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Settings:
        """From what `to_json` made."""
        return cls(**{**stored, "scope": Scope.from_json(stored["scope"]), "places": tuple(stored["places"])})
