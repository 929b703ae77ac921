"""The ends that a sentence explains: what the user gave must change, something did not work, it was stopped."""

from __future__ import annotations


class UseError(Exception):
    """What was asked for cannot be done as it was asked; the message says what to write instead. Exit code 2."""


class FailedError(Exception):
    """What was asked for was right and did not work; the message says what failed and what to do. Exit code 1."""


class StoppedError(Exception):
    """What was asked for was ended by its user, from elsewhere; the message says how to go on. Exit code 130."""
