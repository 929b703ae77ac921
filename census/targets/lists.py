"""Reads target lists one after another as a stream, whatever their form; memory does not grow with them.

The form is recognised from the first bytes, for standard input cannot be read twice. A form is a module with a
`FORM`; what all of them stand on, files and packing, is in `streams`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from census.targets import censys, masscan_json, masscan_list, nmap, plain, shodan, streams, zgrab2, zmap
from census.targets.entries import Block, Entry, ListError, Plain, Problem, Problems, clean
from census.targets.form import Form, Source
from census.targets.gathered import LONGEST_RECORD
from census.targets.streams import CutOffError

__all__ = ["FORMS", "Block", "Entry", "ListError", "Plain", "Problem", "Problems", "read"]

# In the order in which they are tried: the ones with a sign of their own first, plain takes what has a target in it.
FORMS: tuple[Form, ...] = (
    nmap.FORM,
    masscan_list.FORM,
    shodan.FORM,
    censys.FORM,
    masscan_json.FORM,
    zmap.FORM,
    zgrab2.FORM,
    plain.FORM,
)
_HEAD = 1 << 16  # bytes from which the form is recognised; more only if the first line is longer


def read(paths: Iterable[str], ports: Iterable[int], problems: Problems, *, partial: bool = False) -> Iterator[Entry]:
    """Every entry of all lists; `-` is standard input, and an entry without a port goes to each of `ports`.

    Lines that are no target are noted in `problems`. Raises ListError for a list whose form is not recognised, for
    one that cannot be read to its end (unless `partial`: then what could be read counts, but for its last line), and
    for a network of more than 2**24 addresses.
    """
    ports = tuple(ports)
    for path in map(str, paths):
        head = _Head(streams.blocks(path))
        form = _recognised(path, head)
        yield from form.entries(Source(path, ports, problems, partial), head.blocks())


class _Head:
    """The first bytes of a list, read ahead, and all of it again."""

    def __init__(self, rest: Iterator[bytes]) -> None:
        self._rest = rest
        self._cut: CutOffError | None = None
        self._pieces: list[bytes] = []
        self.ended = False
        size, line = 0, False
        while size < _HEAD or (size < LONGEST_RECORD and not line):
            try:
                piece = next(rest)
            except StopIteration:
                self.ended = True
                break
            except CutOffError as error:
                self._cut = error
                break
            size, line = size + len(piece), line or b"\n" in piece.lstrip()
            self._pieces.append(piece)

    def lines(self) -> list[str]:
        """The lines that are whole, stripped; also a first one that is not."""
        lines = b"".join(self._pieces).decode("utf-8", "replace").split("\n")
        whole = lines if self.ended or not any(map(str.strip, lines[:-1])) else lines[:-1]
        return [line.strip() for line in whole]

    def blocks(self) -> Iterator[bytes]:
        """All of the list, as if nothing had been read ahead."""
        yield from self._pieces
        if self._cut:
            raise self._cut
        yield from self._rest


def _recognised(path: str, head: _Head) -> Form:
    """The form of a list; raises ListError that shows the first line that fits none."""
    lines = head.lines()
    filled = [line for line in lines if line]
    for form in FORMS:
        if form.fits(filled):
            return form
    odd = next(line for line in filled if not line.startswith("#"))
    raise ListError(
        f"{path}:{lines.index(odd) + 1}: {clean(odd)}: the form of this list is not recognised; give one of: "
        + "; ".join(form.name for form in FORMS)
    )
