"""Lineage: from a model's name and architecture to who made it and whence it derives."""

from census.lineage.place import place

__all__ = ["place"]
