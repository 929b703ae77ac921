"""The settings of a scan as they apply to all its workers, stored with the scan and read back by each of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from census.targets.scope import Scope

_SMALL: Final = 1_000  # targets: as many answers tell a share well enough
_FEWEST: Final = 10  # of so many Ollamas one is asked what it has loaded, in the largest scans


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker needs to know.

    `rate` is new connections a second of all workers together; `workers` how many are started here; `timeout` and
    `deadline` are seconds, for connecting and for all of one target; `places` are files of place databases; one Ollama
    in `loaded` is asked what it has loaded.
    """

    scope: Scope
    rate: float
    workers: int = 1
    timeout: float = 3.0
    deadline: float = 15.0
    places: tuple[str, ...] = ()
    loaded: int = 1

    def to_json(self) -> dict[str, Any]:
        """As it is stored in `scan.settings`."""
        return {**asdict(self), "scope": self.scope.to_json(), "places": list(self.places)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Settings:
        """From what `to_json` made."""
        return cls(**{**stored, "scope": Scope.from_json(stored["scope"]), "places": tuple(stored["places"])})


def loaded_by_size(targets: int) -> int:
    """Of how many Ollamas one is asked what it has loaded, where the scope does not say: all in a small scan."""
    return min(_FEWEST, max(1, targets // _SMALL))
