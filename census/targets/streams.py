"""Opens a list and gives its blocks and lines: plain or gzip, file or standard input, in bounded memory."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, TypeAlias

from census.targets.entries import ListError
from census.targets.form import Source

Lines: TypeAlias = tuple[int, list[str]]  # the number of the first line, and lines without their ends

STANDARD_INPUT = "-"
LONGEST_LINE = 1 << 20  # bytes; a longer one is a problem, never held in memory
_CUT = "the list is cut off here, and this line is left out; copy the list anew for the rest"
_SHOWN = 400  # bytes of a long line that are kept for its problem
_READ = 1 << 16
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_GZIP_FORMAT = 16 + zlib.MAX_WBITS


class CutOffError(ListError):
    """A list that ends before it is whole. What came before is right, but for its last line."""


def blocks(path: str) -> Iterator[bytes]:
    """The content of a list, unpacked, in blocks. Raises ListError if the file cannot be read to its end."""
    with _opened(path) as stream:
        yield from _unpacked(path, _blocks(path, stream))


def _opened(path: str) -> AbstractContextManager[BinaryIO]:
    if path == STANDARD_INPUT:
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise ListError(f"{path}: there is no such list; name a file, or - for standard input") from None
    except IsADirectoryError:
        raise ListError(f"{path}: this is a folder; name the lists in it, such as {path}/*.txt") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ListError(f"{path}: the list cannot be opened ({reason}); make it a readable file") from None


def _blocks(path: str, stream: BinaryIO) -> Iterator[bytes]:
    try:
        while block := stream.read(_READ):
            yield block
    except OSError as error:
        raise ListError(f"{path}: the list cannot be read ({error.strerror}); copy it anew") from None


def _unpacked(path: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, decompressed if the first two say gzip, without a byte order mark."""
    first = next(blocks, b"")
    if not first.startswith(_GZIP):
        yield first.removeprefix(_BOM)
        yield from blocks
        return
    unpacked = _gunzipped(path, first, blocks)
    head = b""
    while len(head) < len(_BOM) and (more := next(unpacked, b"")):
        head += more
    yield head.removeprefix(_BOM)
    yield from unpacked


def _gunzipped(path: str, first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The content of all members of a gzip stream, in pieces whose size the packing cannot blow up."""
    engine = zlib.decompressobj(_GZIP_FORMAT)
    block = first
    try:
        while block or (block := next(blocks, b"")):
            if engine.eof:
                block = block.lstrip(b"\0")  # padding between members
                if not block:
                    continue
                engine = zlib.decompressobj(_GZIP_FORMAT)
            if piece := engine.decompress(block, _READ):
                yield piece
            block = engine.unused_data if engine.eof else engine.unconsumed_tail
        if not engine.eof:
            raise CutOffError(f"{path}: the gzip file is cut off; copy it anew, or use what is there with --partial")
    except zlib.error as error:
        raise ListError(f"{path}: the gzip file is damaged ({error}); copy it anew") from None


def whole_lines(source: Source, blocks: Iterable[bytes], longest: int = LONGEST_LINE) -> Iterator[tuple[int, bytes]]:
    """Blocks that end where a line does, without its end, each with the number of its first line.

    A line of more than `longest` bytes is noted as a problem. Of a list that is cut off, the last line is left out,
    for the rest of an address is another address; unless a part was asked for, CutOffError is raised then.
    """
    number, rest, skipping = 1, b"", False
    try:
        for block in blocks:
            if skipping:
                _, end, block = block.partition(b"\n")  # noqa: PLW2901  the rest of the long line goes
                if not end:
                    continue
                number, skipping = number + 1, False
            head, end, tail = block.rpartition(b"\n")
            if end:
                whole = rest + head
                yield number, whole
                number, rest = number + whole.count(b"\n") + 1, tail
            else:
                rest += block
            if len(rest) > longest:
                source.note(
                    number, rest[:_SHOWN], f"the line is longer than {longest} bytes; write one target on a line"
                )
                rest, skipping = b"", True
    except CutOffError:
        if not source.partial:
            raise
        source.note(number, rest[:_SHOWN], _CUT)
    else:
        if rest:
            yield number, rest


def decoded(blocks: Iterable[tuple[int, bytes]]) -> Iterator[Lines]:
    """The lines of blocks as text, without their ends."""
    for number, block in blocks:
        yield number, block.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
