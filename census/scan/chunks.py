"""A chunk while a worker holds it: outcomes as they come in, and what of them is still to be written."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from census.facts import Observation, Outcome
from census.store.claims import Claim
from census.store.exclusions import Version
from census.store.writer import Batch


class OpenChunk:
    """The state of one claimed chunk; `known` are endpoints whose failures are worth a row.

    A place is that of a target in the chunk as it was claimed, also after some were given away.
    """

    def __init__(self, claim: Claim, known: frozenset[tuple[str, int]]) -> None:
        self.claim = claim
        self.lost = False  # superseded: nothing of it counts any more
        self.unwritten: list[Observation] = []
        self._pending: Batch | None = None
        self._known = known
        self._outcomes = bytearray(claim.outcomes)
        self._places = array("I", range(len(claim.outcomes)))  # those still in the chunk as it is stored
        self._requests = 0
        self._connections = 0
        self._changed = False
        self._weight = 0  # of what is unwritten
        self._pending_weight = 0

    @property
    def waiting(self) -> int:
        """How much is in memory only: observations, models and capabilities, of which each is a text or a few."""
        return self._weight + self._pending_weight

    def recognised(self, address: str, port: int, *, tls: bool) -> Outcome | None:
        """What was recognised at an endpoint, with `tls` by TLS, and may not be written yet; None if nothing was."""
        pending = () if self._pending is None else self._pending.observations
        here = (seen for seen in (*self.unwritten, *pending) if (seen.address, seen.target.port) == (address, port))
        fitting = (seen for seen in here if seen.certificate is not None or not tls)
        return next((seen.outcome for seen in fitting if seen.outcome.recognised), None)

    def left(self) -> Iterator[int]:
        """The places in the chunk of the targets without an outcome."""
        return (place for place in self._places if self._outcomes[place] == 0)

    def settle(self, place: int, seen: Observation) -> None:
        """Note the observation of the target at `place`."""
        self._outcomes[place] = seen.outcome
        self._requests += seen.requests
        self._connections += seen.connections
        self._changed = True
        if seen.outcome.recognised or self._failed(seen):
            self.unwritten.append(seen)
            self._weight += _weight(seen)

    def _failed(self, seen: Observation) -> bool:
        """Whether it is a known endpoint that was asked."""
        asked = seen.outcome not in (Outcome.OPTED_OUT, Outcome.OUT_OF_SCOPE)
        return asked and (seen.address, seen.target.port) in self._known

    def settle_unasked(self, place: int, outcome: Outcome) -> None:
        """Note an outcome that was decided without connecting."""
        self._outcomes[place] = outcome
        self._changed = True

    def opt_out(self, opted_out: Callable[[str | None, str | None], bool], stored: bytes) -> None:
        """Forget what is not yet written of targets that asked to be left alone, by name and address.

        `stored` are the outcomes as the database has them. What was written of a target stays, unless a purge, which
        leaves its mark there, has deleted it.
        """
        for place, kept in zip(self._places, stored, strict=True):
            target = self.claim.targets[place]
            if self._outcomes[place] and kept in (0, Outcome.OPTED_OUT) and opted_out(target.name, target.address):
                self._outcomes[place] = Outcome.OPTED_OUT
                self._changed = True
        self.unwritten = [seen for seen in self.unwritten if not opted_out(seen.target.name, seen.address)]
        self._weight = sum(map(_weight, self.unwritten))

    def batch(self, version: Version, *, release: bool = False) -> Batch | None:
        """What is to be written next: the batch not yet known to be written, else what is new; None when nothing is.

        `version` is that of the opt-out list under which it is made.
        """
        if self._pending is None and (self._changed or release):
            outcomes = bytes(self._outcomes[place] for place in self._places)
            self._pending = Batch(
                self.claim.scan, self.claim.number, self.claim.attempt, outcomes, self.unwritten,
                self._requests, self._connections, release, version,
            )  # fmt: skip
            self.unwritten, self._requests, self._connections, self._changed = [], 0, 0, False
            self._weight, self._pending_weight = 0, self._weight
        return self._pending

    def written(self) -> None:
        """The batch has been committed."""
        self._pending, self._pending_weight = None, 0

    def put_back(self) -> None:
        """Take up again what is in a batch that could not be written, to look through it once more."""
        if self._pending is not None:
            self.unwritten = [*self._pending.observations, *self.unwritten]
            self._requests += self._pending.requests
            self._connections += self._pending.connections
            self._pending, self._changed = None, True
            self._weight, self._pending_weight = self._weight + self._pending_weight, 0

    def stored_places(self, places: Iterable[int]) -> list[int]:
        """Where targets lie in the chunk as it is stored, of which some may have been given away before."""
        return [bisect_left(self._places, place) for place in places]

    @property
    def size(self) -> int:
        """How many targets the chunk has as it is stored."""
        return len(self._places)

    def give_away(self, places: Iterable[int]) -> None:
        """Targets that are another chunk's from now on."""
        gone = set(places)
        self._places = array("I", (place for place in self._places if place not in gone))


def _weight(seen: Observation) -> int:
    weight = 1 + len(seen.models)
    for model in seen.models:
        weight += len(model.capabilities or ())
    return weight
