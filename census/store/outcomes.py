"""What each outcome says, in a sentence, and how far a target with it got: the rows of the table `outcome`."""

from __future__ import annotations

from typing import NamedTuple

from census.facts import Outcome


class Meaning(NamedTuple):
    """`stage` counts 0 not contacted, 1 contacted, 2 connected, 3 spoke HTTP, 4 recognised, 5 served."""

    stage: int
    sentence: str


MEANINGS: dict[Outcome, Meaning] = {
    Outcome.SERVED: Meaning(5, "An inference server whose list of models was read."),
    Outcome.LOCKED: Meaning(4, "An inference server that asks for a key."),
    Outcome.EMPTY: Meaning(4, "An inference server that has no model."),
    Outcome.OTHER: Meaning(3, "It speaks HTTP, but is no inference server that is known."),
    Outcome.NOT_HTTP: Meaning(2, "What it answered is no HTTP."),
    Outcome.REFUSED: Meaning(1, "It refused the connection."),
    Outcome.UNREACHABLE: Meaning(1, "The network had no way to it."),
    Outcome.TIMED_OUT: Meaning(1, "It did not answer in the time for connecting."),
    Outcome.TOO_SLOW: Meaning(2, "It took the connection, but was not done by the deadline."),
    Outcome.BROKEN_OFF: Meaning(2, "It closed or reset the connection in the middle of an answer."),
    Outcome.TLS_FAILED: Meaning(2, "It took the connection, but no TLS session came about."),
    Outcome.MISREAD: Meaning(3, "It claimed to be an inference server, but its answers cannot be read."),
    Outcome.OPTED_OUT: Meaning(0, "It is on the opt-out list, or asked for a longer pause than a scan waits."),
    Outcome.OUT_OF_SCOPE: Meaning(0, "It is not in the scope and was not contacted."),
    Outcome.UNRESOLVED: Meaning(0, "Its name has no address and it was not contacted."),
}
