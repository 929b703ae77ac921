"""What changes at one simulated server from one scan to the next: models, versions, locks, and moments of weakness."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from collections.abc import Callable
from typing import Final

from census.demo.behaviour import MIX, Behaviour
from census.demo.catalogue import Entry
from census.demo.holdings import Held, hold, release_of
from census.demo.population import Resident, running
from census.facts import Verdict

Change = Callable[[random.Random, Resident], Resident]

_LATEST: Final = "latest"
_LOADS = 0.05  # of the servers from one scan to the next, those that have loaded something else
_FAILING: Final = (Behaviour.MUTE, Behaviour.RESET, Behaviour.HANG_UP, Behaviour.SILENT, Behaviour.REFUSED)
_LOCKED: Final = {
    Behaviour.OLLAMA: Behaviour.NGINX_LOCKED,  # it knows no keys, so its owner puts a proxy before it
    Behaviour.VLLM: Behaviour.VLLM_LOCKED,
    Behaviour.LLAMA_CPP: Behaviour.LLAMA_CPP_LOCKED,
    Behaviour.LITELLM: Behaviour.LITELLM_LOCKED,
}
# Those that live on; the others are what they are for as long as they stand.
LIVELY: Final = {
    *(Behaviour.OLLAMA, Behaviour.OLLAMA_EMPTY, Behaviour.VLLM, Behaviour.LLAMA_CPP, Behaviour.LITELLM),
    *(Behaviour.LLAMA_CPP_PYTHON, Behaviour.MLX_LM, Behaviour.OPENAI),
}


def changed(rng: random.Random, resident: Resident) -> Resident:
    """A server as it is at the next scan: mostly as it was."""
    if resident.behaviour not in LIVELY:
        return resident
    for chance, change in _CHANGES:
        if rng.random() < chance:
            resident = change(rng, resident)
            if resident.behaviour not in LIVELY:  # it was locked
                return resident
    loaded = resident.running or 0
    if rng.random() < _LOADS or loaded > len(resident.models):
        loaded = running(rng, resident.behaviour, resident.version, len(resident.models)) or 0
    tells = running(rng, resident.behaviour, resident.version, 0) is not None
    return dataclasses.replace(resident, running=loaded if tells else None)


def stripped(resident: Resident, behaviour: Behaviour) -> Resident:
    """The same place with nothing on it that can be told, of another behaviour."""
    return dataclasses.replace(
        resident, behaviour=behaviour, outcome=MIX[behaviour].outcome, software=None, version=None, models=(),
        running=None, verdict=Verdict.CREDIBLE, signals=(),
    )  # fmt: skip


def failing(rng: random.Random, resident: Resident) -> Resident:
    """A server at a moment at which it does not get an answer out."""
    return stripped(resident, rng.choice(_FAILING))


def alias(held: Held) -> Held | None:
    """The same weights under the name that has the tag `latest`; None where there is no other such name."""
    base, _, tag = held.name.rpartition(":")
    if held.entry.remote or not base or tag == _LATEST:
        return None
    return dataclasses.replace(held, name=f"{base}:{_LATEST}")


def _stocked(resident: Resident, models: tuple[Held, ...]) -> Resident:
    """The same server with these models; an Ollama without any is an empty one."""
    if MIX[resident.behaviour].is_ollama:
        behaviour = Behaviour.OLLAMA if models else Behaviour.OLLAMA_EMPTY
        resident = dataclasses.replace(resident, behaviour=behaviour, outcome=MIX[behaviour].outcome)
    return dataclasses.replace(resident, models=models)


def _on_offer(resident: Resident) -> list[Entry]:
    """What it could pull: what it has not and its release can run."""
    ollama = MIX[resident.behaviour].is_ollama
    nature = MIX[Behaviour.OLLAMA if ollama else resident.behaviour]
    names = {held.name for held in resident.models}
    release = release_of(resident.version) if ollama else ()
    return [entry for entry in nature.menu if entry.name not in names and (not ollama or entry.since <= release)]


def _pull(rng: random.Random, resident: Resident) -> Resident:
    """One model more; a server that has room for one exchanges it."""
    offer = _on_offer(resident)
    if not offer:
        return resident
    entry = rng.choices(offer, [each.weight for each in offer])[0]
    ollama = MIX[resident.behaviour].is_ollama
    pulled = hold(entry, Behaviour.OLLAMA if ollama else resident.behaviour, resident.version)
    only_one = not ollama and max(most for _, most, _ in MIX[resident.behaviour].bands) == 1
    return _stocked(resident, (pulled,) if only_one else (pulled, *resident.models))


def _remove(rng: random.Random, resident: Resident) -> Resident:
    least = 0 if MIX[resident.behaviour].is_ollama else 1
    if len(resident.models) <= least:
        return resident
    gone = rng.randrange(len(resident.models))
    return _stocked(resident, resident.models[:gone] + resident.models[gone + 1 :])


def _copy(rng: random.Random, resident: Resident) -> Resident:
    """A second name for a model that it has."""
    names = {held.name for held in resident.models}
    copies = [copy for held in resident.models if (copy := alias(held)) is not None and copy.name not in names]
    if not copies or resident.behaviour is not Behaviour.OLLAMA:
        return resident
    return _stocked(resident, (rng.choice(copies), *resident.models))


def _pull_again(rng: random.Random, resident: Resident) -> Resident:
    """The same name with what its maker has published under it meanwhile."""
    if resident.behaviour is not Behaviour.OLLAMA:
        return resident
    models = list(resident.models)
    place = rng.randrange(len(models))
    again = hashlib.sha256(f"manifest of {models[place].name}, once more".encode()).hexdigest()
    models[place] = dataclasses.replace(models[place], digest=again)
    return _stocked(resident, tuple(models))


def _upgrade(rng: random.Random, resident: Resident) -> Resident:
    """A later version in place, which may tell more of the same models."""
    versions = [version for version, _ in MIX[resident.behaviour].versions]
    later = versions[versions.index(resident.version) + 1 :] if resident.version in versions else []
    if not later:
        return resident
    version = rng.choice(later)
    models = tuple(
        dataclasses.replace(hold(held.entry, resident.behaviour, version), name=held.name, digest=held.digest)
        for held in resident.models
    )
    return dataclasses.replace(resident, version=version, models=models)


def _lock(rng: random.Random, resident: Resident) -> Resident:
    """Behind a key from now on."""
    behaviour = _LOCKED.get(resident.behaviour)
    if behaviour is None:
        return resident
    nature = MIX[behaviour]
    version = rng.choice(nature.versions)[0] if nature.versions else None
    return dataclasses.replace(
        stripped(resident, behaviour), outcome=nature.outcome, software=nature.software, version=version
    )


# How often each happens from one scan to the next, in a hundred servers that live on.
_CHANGES: Final[tuple[tuple[float, Change], ...]] = (
    (0.03, _pull),
    (0.02, _remove),
    (0.006, _copy),
    (0.006, _pull_again),
    (0.03, _upgrade),
    (0.006, _lock),
)
