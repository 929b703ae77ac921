"""A census of exposed AI inference hosts: scope, probe, store, statistics."""

from importlib.metadata import version

__version__ = version("inference-census")
