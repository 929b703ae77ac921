"""Lineage: from a model's name and architecture to who made it and whence it derives."""

from census.lineage.place import place
from census.lineage.rules import digest

__all__ = ["digest", "place"]
