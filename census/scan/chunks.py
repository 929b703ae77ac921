"""A chunk while a worker holds it: outcomes as they come in, and what of them is still to be written."""

from __future__ import annotations

from collections.abc import Callable

from census.facts import Observation, Outcome, Target
from census.store.claims import Claim
from census.store.exclusions import Version
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
        asked = seen.outcome not in (Outcome.OPTED_OUT, Outcome.OUT_OF_SCOPE)
        if seen.outcome.recognised or (asked and (seen.address, seen.target.port) in self._known):
            self.unwritten.append(seen)

    def settle_unasked(self, place: int, outcome: Outcome) -> None:
        """Note an outcome that was decided without connecting."""
        self._outcomes[place] = outcome
        self._changed = True

    def opt_out(self, opted_out: Callable[[str | None, str | None], bool]) -> None:
        """Forget what is not yet written of targets that asked to be left alone, by name and address.

        Those that already had an outcome are opted out as well: a purge may have deleted what was written of them.
        """
        for place, target in enumerate(self.claim.targets):
            if self._outcomes[place] and opted_out(target.name, target.address):
                self._outcomes[place] = Outcome.OPTED_OUT
                self._changed = True
        self.unwritten = [seen for seen in self.unwritten if not opted_out(seen.target.name, seen.address)]

    def put_back(self, batch: Batch) -> None:
        """Take up again a batch that could not be written."""
        self.unwritten = [*batch.observations, *self.unwritten]
        self._requests += batch.requests
        self._connections += batch.connections
        self._changed = True

    def take(self, version: Version, *, release: bool = False) -> Batch | None:
        """What is new since the last batch, made under this version of the opt-out list; None when nothing is."""
        if not (self._changed or release):
            return None
        batch = Batch(
            self.claim.scan, self.claim.number, self.claim.attempt, bytes(self._outcomes), self.unwritten,
            self._requests, self._connections, release, version,
        )  # fmt: skip
        self.unwritten, self._requests, self._connections, self._changed = [], 0, 0, False
        return batch
