"""A chunk while a worker holds it: outcomes as they come in, and what of them is still to be written."""

from __future__ import annotations

from census.facts import Observation, Outcome, Target
from census.store.claims import Claim
from census.store.writer import Batch


class OpenChunk:
    """The state of one claimed chunk; `known` are endpoints whose failures are worth a row."""

    def __init__(self, claim: Claim, known: frozenset[tuple[str, int]]) -> None:
        self.claim = claim
        self.lost = False  # superseded: nothing of it counts any more
        self.unwritten: list[Observation] = []
        self._known = known
        self._outcomes = bytearray(claim.outcomes)
        self._requests = 0
        self._connections = 0
        self._changed = False

    def left(self) -> list[tuple[int, Target]]:
        """The targets without an outcome, with their places in the chunk."""
        return [(place, self.claim.targets[place]) for place, byte in enumerate(self._outcomes) if byte == 0]

    def settle(self, place: int, seen: Observation) -> None:
        """Note the observation of the target at `place`."""
        self._outcomes[place] = seen.outcome
        self._requests += seen.requests
        self._connections += seen.connections
        self._changed = True
        if seen.outcome.recognised or (seen.address, seen.target.port) in self._known:
            self.unwritten.append(seen)

    def settle_unasked(self, place: int, outcome: Outcome) -> None:
        """Note an outcome that was decided without connecting."""
        self._outcomes[place] = outcome
        self._changed = True

    def take(self, *, release: bool = False) -> Batch | None:
        """What is new since the last batch, to be written as it stands now; None when nothing is."""
        if not (self._changed or release):
            return None
        batch = Batch(
            self.claim.scan, self.claim.number, self.claim.attempt, bytes(self._outcomes), self.unwritten,
            self._requests, self._connections, release,
        )  # fmt: skip
        self.unwritten, self._requests, self._connections, self._changed = [], 0, 0, False
        return batch
