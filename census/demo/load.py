"""Loads the scans of a simulated history into a database: planned, claimed and written as scans are, without sockets.

Each scan has the time at which it is said to have been made, and the demo's authorisation, so that none of them can
pass for a measurement.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from psycopg import Connection

from census.demo.history import SECONDS, History
from census.demo.interview import observe
from census.places import Places
from census.scan import plan as planning
from census.scan import run
from census.scan.chunks import OpenChunk
from census.scan.settings import Settings
from census.store import claims, exclusions, scans
from census.store.connect import connect
from census.store.writer import Writer
from census.targets.lists import Problems
from census.targets.order import Spool
from census.targets.scope import Scope

_WORKER: Final = "simulation"


def load(database: str, history: History, numbers: Iterable[int], folder: Path) -> list[int]:
    """Store the scans of these moments of a history; gives their numbers. `folder` keeps lists, scopes and places."""
    places = folder / "history.places"
    history.moment(1).population.write_places(places)
    made = []
    with connect(database) as connection, Places([places]) as opened:
        writer = Writer(connection, opened.locate)
        for number in numbers:
            made.append(_planned(database, history, number, folder))
            _asked(connection, writer, history, number, made[-1])
            scans.end(connection, made[-1])
            began = history.began(number)
            scans.antedate(connection, made[-1], began, began + timedelta(seconds=SECONDS))
    return made


def _planned(database: str, history: History, number: int, folder: Path) -> int:
    """The scan with its chunks, from a list and a scope file like any other; gives its number."""
    moment, began = history.moment(number), history.began(number)
    listed, allowed = folder / "history.txt", folder / "history.toml"
    listed.write_text("\n".join(moment.targets()) + "\n", encoding="utf-8")
    allowed.write_text(moment.population.scope_toml(began.date()), encoding="utf-8")
    scope = Scope.read(allowed)
    plan = planning.Plan(scope, history.seed, Problems())
    settings = Settings(scope, scope.rate, places=(str(folder / "history.places"),))
    with Spool(history.seed) as spool:
        planning.fill(spool, [str(listed)], plan, planning.ports_for(scope, ()))
        chunks = planning.chunks(plan, spool, settings.workers)
        return run.create(database, plan, settings, chunks, name=f"simulated {began:%Y-%m-%d}", lists=[str(listed)])


def _asked(connection: Connection[Any], writer: Writer, history: History, number: int, scan: int) -> None:
    """Every target of the scan answered, chunk by chunk."""
    residents = {(each.address, each.port): each for each in history.moment(number).population.residents}
    while (claim := claims.claim(connection, scan, _WORKER)) is not None:
        chunk = OpenChunk(claim, claims.known_endpoints(connection, claim))
        for place in chunk.left():
            target = claim.targets[place]
            resident = residents[str(target.address), target.port]
            chunk.settle(place, observe(resident, history.at(number, resident.endpoint)))
        with connection.cursor() as cursor:
            batch = chunk.batch(exclusions.version(cursor))
        assert batch is not None
        writer.write(batch)
