"""What the scans of a history find, sight by sight, told from the history itself and from no database."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from census.demo.history import History
from census.demo.population import Resident
from census.facts import Signal, Verdict

_VERDICTS: Final = {signal.word: signal.verdict for signal in Signal}


@dataclass(frozen=True, slots=True)
class Sight:
    """One target as one scan met it; `resident` has the signals of all time, for those stay with an endpoint."""

    scan: int
    at: datetime
    resident: Resident

    def under(self, unit: str) -> Hashable:
        """What it is counted under; days are those of UTC."""
        match unit:
            case "endpoint":
                return self.resident.endpoint
            case "host":
                return self.resident.address
            case "host-day":
                return self.resident.address, self.at.date()
        return self.scan, self.resident.endpoint


@dataclass(frozen=True, slots=True)
class Selection:
    """The sights of one scan, of a window or of all time.

    `sights` are the observations, `failures` the attempts at endpoints known from an earlier scan that brought
    nothing; `ends` are all targets of the scans, once for each scan; `names` are those of each digest in all time.
    """

    sights: tuple[Sight, ...]
    failures: tuple[Sight, ...]
    ends: tuple[Resident, ...]
    names: Mapping[str, frozenset[str]]

    def seen(self, unit: str) -> Iterator[tuple[Hashable, Resident]]:
        """Every observed resident, with the unit that it is counted under."""
        return ((sight.under(unit), sight.resident) for sight in self.sights)


class Findings:
    """Everything that the scans of these moments of a history find; scans have the numbers of the moments."""

    def __init__(self, history: History, numbers: Iterable[int]) -> None:
        self._began = {number: history.began(number) for number in numbers}
        asked = list(_asked(history, self._began))
        signals: defaultdict[str, set[str]] = defaultdict(set)
        for sight in asked:
            signals[sight.resident.endpoint].update(sight.resident.signals)
        self._asked = [
            dataclasses.replace(sight, resident=_judged(sight.resident, signals[sight.resident.endpoint]))
            for sight in asked
        ]
        self._known: dict[str, int] = {}
        for sight in asked:
            if sight.resident.outcome.recognised:
                self._known.setdefault(sight.resident.endpoint, sight.scan)
        listed = {held for sight in asked for held in sight.resident.models}
        digests = {held.digest for held in listed if held.digest is not None}
        self._names = {digest: frozenset(held.name for held in listed if held.digest == digest) for digest in digests}

    def select(
        self, scan: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Selection:
        """Those of one scan, of [since, until), or of all time; of targets those whose scan began then."""

        def within(at: datetime) -> bool:
            return (since is None or at >= since) and (until is None or at < until)

        def chosen(fits: Callable[[Sight], bool]) -> tuple[Sight, ...]:
            return tuple(each for each in self._asked if scan in (None, each.scan) and fits(each))

        return Selection(
            sights=chosen(lambda each: within(each.at) and each.resident.outcome.recognised),
            failures=chosen(lambda each: within(each.at) and self._failed(each)),
            ends=tuple(each.resident for each in chosen(lambda each: within(self._began[each.scan]))),
            names=self._names,
        )

    def _failed(self, sight: Sight) -> bool:
        """Whether it is on record as an attempt in vain."""
        known = self._known.get(sight.resident.endpoint)
        return not sight.resident.outcome.recognised and known is not None and known < sight.scan


def _asked(history: History, numbers: Iterable[int]) -> Iterator[Sight]:
    for number in numbers:
        moment = history.moment(number)
        for resident in moment.population.residents:
            if resident.endpoint in moment.asked:
                yield Sight(number, history.at(number, resident.endpoint), resident)


def _judged(resident: Resident, signals: set[str]) -> Resident:
    """A resident with everything that ever told against its endpoint."""
    verdict = max((_VERDICTS[word] for word in signals), default=Verdict.CREDIBLE)
    return dataclasses.replace(resident, verdict=verdict, signals=tuple(sorted(signals)))
