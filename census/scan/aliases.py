"""Endpoints that a list names twice, by a name and by their address: what was recognised once is not asked again.

What a server without a list of models says may depend on the name that it is asked by, so only what was recognised
counts. Names are few, for a scope lists them: they may cost a question to the database, which addresses never do, and
what is remembered of them does not grow with the list. A target that is to be asked by TLS alone takes the outcome
only of what was asked by TLS.
"""

from __future__ import annotations

from census.facts import Observation, Outcome, Target
from census.scan.books import Books
from census.scan.chunks import OpenChunk
from census.store import claims
from census.store.door import BusyError


class Aliases:
    """What one worker knows of endpoints that names lead to; without `names` in the scope there is nothing to know."""

    def __init__(self, books: Books, *, names: bool) -> None:
        self._books = books
        self._names = names
        self._recognised: dict[claims.Way, Outcome] = {}

    async def begin(self, chunk: OpenChunk) -> None:
        """Learn which addresses of a chunk were recognised by a name before, by whichever worker."""
        if self._names:
            self._recognised |= await self._books.ask(claims.recognised_before, chunk.claim)

    def note(self, seen: Observation) -> None:
        """Remember what a name led to."""
        if seen.target.name is not None and seen.outcome.recognised and seen.address is not None:
            self._recognised[seen.address, seen.target.port, False] = seen.outcome
            if seen.certificate is not None:
                self._recognised[seen.address, seen.target.port, True] = seen.outcome

    async def outcome(self, target: Target, address: str) -> Outcome | None:
        """What this scan has recognised at `address` as another target; None if it must be asked."""
        way = (address, target.port, target.tls is True)
        found = self._recognised.get(way)
        if found is None and target.name is not None:
            found = self._books.unwritten(address, target.port, tls=way[2]) or await self._stored(way)
        return found

    async def _stored(self, way: claims.Way) -> Outcome | None:
        try:
            return await self._books.ask(claims.recognised, self._books.scan, way)
        except BusyError:  # somebody changes the tables; to ask once more does no harm
            return None
