"""From lists and a scope to the chunks of a scan: read, put in seeded order, judged by the gate, cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from census.errors import UseError
from census.facts import Outcome, Target
from census.probe.pace import network_of
from census.scan.feed import network_key
from census.targets.gate import Gate
from census.targets.lists import Problems, read
from census.targets.order import Spool
from census.targets.scope import Scope

DEFAULT_PORT = 11434
_CHUNK = 5_000  # targets of a full chunk
_SMALLEST = 100
_CHUNKS_EACH = 8  # chunks for each worker at least, so that none is idle at the end of a short list

# Targets, the outcomes that are clear without asking, and whether they are of the network that the chunk before has.
Judged = tuple[list[Target], bytes, bool]


class NothingToDoError(UseError):
    """No target of the lists may be contacted; the message says why and what to change."""


@dataclass(slots=True)
class Plan:
    """What a pass over the lists found; filled while its chunks are being taken.

    `verdicts` counts targets by the outcome that was clear without asking; `networks` the targets to be asked in
    each /24 (IPv6: /48), of which only the largest are kept.
    """

    scope: Scope
    seed: int
    problems: Problems
    targets: int = 0
    verdicts: Counter[Outcome] = field(default_factory=Counter)
    largest: int = 0
    names: int = 0

    @property
    def to_ask(self) -> int:
        """Targets that will be contacted."""
        return self.targets - self.verdicts.total()

    def seconds(self, rate: float) -> float:
        """The least time that asking takes at `rate` connections a second, with the pace of the largest network."""
        return max(self.to_ask / rate, self.largest / self.scope.rate_per_network)


def ports_for(scope: Scope, wanted: Sequence[int]) -> tuple[int, ...]:
    """The ports on which an entry without a port is asked: those wanted, else the scope's, else Ollama's."""
    return tuple(wanted) or scope.ports or (DEFAULT_PORT,)


def chunks(plan: Plan, spool: Spool, workers: int) -> Iterator[Judged]:
    """The chunks of a filled spool with the outcomes that are clear without asking; counts them into `plan`.

    Raises NothingToDoError at the end if there is nothing to ask.
    """
    size = min(_CHUNK, max(_SMALLEST, spool.count // (workers * _CHUNKS_EACH)))
    gate = Gate(plan.scope)
    network = None
    for targets in spool.chunks(size, _CHUNK):
        outcomes = bytes(_judge(plan.scope, gate, target) or 0 for target in targets)
        _count(plan, targets, outcomes)
        before, network = network, network_key(targets[0])
        yield targets, outcomes, before == network
    if plan.to_ask == 0:
        raise NothingToDoError(_why_nothing(plan))


def fill(spool: Spool, lists: Iterable[str], plan: Plan, ports: Sequence[int], *, partial: bool = False) -> None:
    """Read all lists into the spool, with `partial` also what is left of one that is cut off.

    Raises the list reader's ListError.
    """
    for entry in read(lists, ports, plan.problems, partial=partial):
        spool.add(entry)


def _judge(scope: Scope, gate: Gate, target: Target) -> Outcome | None:
    refused = gate.verdict_name(target.name or "") if target.address is None else gate.verdict(target.address)
    if refused is None and scope.ports is not None and target.port not in scope.ports:
        return Outcome.OUT_OF_SCOPE
    return refused


def _count(plan: Plan, targets: list[Target], outcomes: bytes) -> None:
    plan.targets += len(targets)
    plan.verdicts.update(Outcome(byte) for byte in outcomes if byte)
    asked = [target for target, byte in zip(targets, outcomes, strict=True) if not byte]
    plan.names += sum(target.address is None for target in asked)
    networks = Counter(network_of(target.address) for target in asked if target.address is not None)
    plan.largest = max(plan.largest, *networks.values(), 0)


def _why_nothing(plan: Plan) -> str:
    if plan.targets == 0:
        return (
            f"the lists hold no target ({plan.problems.count} lines were none); a target is an address, address:port, "
            "network, host:port or URL on a line"
        )
    outside, opted = plan.verdicts[Outcome.OUT_OF_SCOPE], plan.verdicts[Outcome.OPTED_OUT]
    return (
        f"none of the {plan.targets:,} targets may be contacted: {outside:,} are out of scope, {opted:,} opted out; "
        f"compare the list with networks, hosts and ports in {plan.scope.source}"
    )
