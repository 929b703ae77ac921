"""From lists and a scope to the chunks of a scan: read, put in seeded order, judged by the gate, cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from census.errors import UseError
from census.facts import Outcome, Target
from census.probe.pace import network_of, written_network
from census.scan.feed import network_key
from census.targets.gate import Gate, Reason
from census.targets.lists import Problems, read
from census.targets.order import Spool
from census.targets.scope import Scope

DEFAULT_PORT = 11434
_CHUNK = 2_500  # targets of a full chunk; a worker has two or three at a time, with half a megabyte each
_SMALLEST = 100
_LARGEST = 5  # networks kept for telling which have the most targets
_CHUNKS_EACH = 8  # chunks for each worker at least, so that none is idle at the end of a short list

# Targets, the outcomes that are clear without asking, and whether they are of the network that the chunk before has.
Judged = tuple[list[Target], bytes, bool]


class NothingToDoError(UseError):
    """No target of the lists may be contacted; the message says why and what to change."""


@dataclass(slots=True)
class Plan:
    """What a pass over the lists found; filled while its chunks are being taken.

    `opted_out` is the opt-out list of the database; `reasons` counts targets that are not to be asked by why not;
    `networks` the targets to be asked in each /24 (IPv6: /48), of which only the largest are kept; `both_schemes` the
    targets that the lists name with http and with https.
    """

    scope: Scope
    seed: int
    problems: Problems
    opted_out: Sequence[str] = ()
    targets: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    networks: Counter[str] = field(default_factory=Counter)
    names: int = 0
    both_schemes: int = 0

    @property
    def to_ask(self) -> int:
        """Targets that will be contacted."""
        return self.targets - self.reasons.total()

    def refused(self, outcome: Outcome) -> int:
        """Targets that end in this outcome without being asked."""
        return sum(count for reason, count in self.reasons.items() if reason.outcome is outcome)

    @property
    def largest(self) -> int:
        """Targets to be asked in the largest network."""
        return max(self.networks.values(), default=0)

    def largest_networks(self) -> list[tuple[str, int]]:
        """The networks with the most targets to be asked, as they are written, with how many those are."""
        return [(written_network(network), count) for network, count in self.networks.most_common(_LARGEST)]

    def seconds(self, rate: float) -> float:
        """The least time that asking takes at `rate` connections a second, with the pace of the largest network."""
        return max(self.to_ask / rate, self.largest / self.scope.rate_per_network)


def ports_for(scope: Scope, wanted: Sequence[int]) -> tuple[int, ...]:
    """The ports on which an entry without a port is asked: those wanted, else the scope's, else Ollama's."""
    return tuple(wanted) or scope.ports or (DEFAULT_PORT,)


def chunks(plan: Plan, spool: Spool, workers: int) -> Iterator[Judged]:
    """The chunks of a filled spool with the outcomes that are clear without asking; counts them into `plan`.

    Raises NothingToDoError at the end if there is nothing to ask; not for one shard of several, whose others may have.
    """
    size = min(_CHUNK, max(_SMALLEST, spool.count // (workers * _CHUNKS_EACH)))
    gate = Gate(plan.scope, plan.opted_out)
    network = None
    for targets in spool.chunks(size, _CHUNK):
        reasons = [_judge(plan.scope, gate, target) for target in targets]
        outcomes = bytes(0 if reason is None else reason.outcome for reason in reasons)
        _count(plan, targets, reasons)
        before, network = network, network_key(targets[0])
        yield targets, outcomes, before == network
    plan.both_schemes = spool.both_schemes
    if plan.to_ask == 0 and not spool.shared:
        raise NothingToDoError(_why_nothing(plan))


def fill(spool: Spool, lists: Iterable[str], plan: Plan, ports: Sequence[int], *, partial: bool = False) -> None:
    """Read all lists into the spool, with `partial` also what is left of one that is cut off.

    Raises the list reader's ListError.
    """
    for entry in read(lists, ports, plan.problems, partial=partial):
        spool.add(entry)


def _judge(scope: Scope, gate: Gate, target: Target) -> Reason | None:
    refused = gate.reason_name(target.name or "") if target.address is None else gate.reason(target.address)
    if refused is None and scope.ports is not None and target.port not in scope.ports:
        return Reason.PORT
    return refused


def _count(plan: Plan, targets: list[Target], reasons: list[Reason | None]) -> None:
    plan.targets += len(targets)
    plan.reasons.update(reason for reason in reasons if reason is not None)
    asked = [target for target, reason in zip(targets, reasons, strict=True) if reason is None]
    plan.names += sum(target.address is None for target in asked)
    here = Counter(network_of(target.address) for target in asked if target.address is not None)
    plan.networks.update(here)
    kept = dict(plan.networks.most_common(_LARGEST))
    if len(here) == 1:  # it may go on in the next chunk
        kept |= {network: plan.networks[network] for network in here}
    plan.networks = Counter(kept)


def why_nothing_in_shard(plan: Plan) -> str:
    """The sentence for a shard in which nobody is to be asked, though the lists hold targets."""
    if plan.targets == 0:
        return "no target of the lists falls into this shard, so there is nothing to do here"
    return f"{_none_of_them(plan)}; what becomes of the other shards' targets is not known here"


def _why_nothing(plan: Plan) -> str:
    if plan.targets == 0:
        return (
            f"the lists hold no target ({plan.problems.count} lines were none); a target is an address, address:port, "
            "network, host:port or URL on a line"
        )
    return f"{_none_of_them(plan)}; compare the list with networks, hosts and ports in {plan.scope.source}"


def _none_of_them(plan: Plan) -> str:
    outside, opted = plan.refused(Outcome.OUT_OF_SCOPE), plan.refused(Outcome.OPTED_OUT)
    return f"none of the {plan.targets:,} targets may be contacted: {outside:,} are out of scope, {opted:,} opted out"
