"""The truth about each statistic of the scans of a history, by the name of the statistic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from census.demo import truth, truth_of_models, truth_of_places, truth_over_time, truth_over_weeks
from census.demo.sights import Selection
from census.demo.truth import Row


class Truth(Protocol):
    """Gives the rows that a statistic must have, as far as they are known exactly."""

    def __call__(self, source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:
        """The rows for a unit, with decoys or without."""


def _funnel(source: Selection, unit: str = "host", *, credible: bool = True) -> list[Row]:  # noqa: ARG001  all are shown
    return truth.funnel(source)


TRUTHS: Final[Mapping[str, Truth]] = {
    "funnel": _funnel,
    "countries": truth.countries,
    "regions": truth_of_places.regions,
    "networks": truth_of_places.networks,
    "concentration": truth_of_places.concentration,
    "exposure": truth_of_places.exposure,
    "software": truth.software,
    "transport": truth_of_places.transport,
    "families": truth.families,
    "architectures": truth.architectures,
    "origins": truth.origins,
    "derivatives": truth.derivatives,
    "co-deployment": truth.co_deployment,
    "inventory": truth.inventory,
    "models": truth.models,
    "decoys": truth.decoys,
    "tool-calling": truth.tool_calling,
    "tool-calling-by-family": truth.tool_calling_by_family,
    "tool-calling-by-country": truth.tool_calling_by_country,
    "capabilities": truth_of_models.capabilities,
    "capability-sets": truth_of_models.capability_sets,
    "rag": truth_of_models.rag,
    "remote": truth_of_models.remote,
    "uncensored": truth_of_models.uncensored,
    "quantization": truth_of_models.quantization,
    "quantization-bits": truth_of_models.quantization_bits,
    "parameter-sizes": truth_of_models.parameter_sizes,
    "digests": truth_of_models.digests,
    "model-instances": truth_of_models.model_instances,
    "running": truth_of_models.running,
    "together": truth_of_models.together,
    "persistence": truth_over_time.persistence,
    "ranks": truth_over_time.ranks,
    "weekly-ranks": truth_over_weeks.weekly_ranks,
    "uptime": truth_over_time.uptime,
    "survival": truth_over_time.survival,
    "growth": truth_over_weeks.growth,
    "upgrades": truth_over_time.upgrades,
    "unseen": truth_over_time.unseen,
}
