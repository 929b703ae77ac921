"""A census of exposed AI inference hosts: scope, probe, store, statistics."""

__version__ = "0.1.0"  # the package takes its version from here: to look it up would cost every start 30 ms
