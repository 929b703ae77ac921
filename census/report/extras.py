"""Libraries that only some users need: imported when first used, with a sentence when they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from census.errors import FailedError


class ReportError(FailedError):
    """Something cannot be shown or written; the sentence says why and what helps."""


def need(module: str, extra: str, purpose: str) -> ModuleType:
    """The module, or a ReportError that says how to install the extra it comes with."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ReportError(
            f"{purpose} needs {module.partition('.')[0]}, which is not installed:"
            f" python -m pip install 'inference-census[{extra}]'"
        ) from error
