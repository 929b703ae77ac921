"""Where the embedded server puts its socket: in a folder that only its owner may enter, at a path that is allowed.

Whoever reaches the socket is the server's superuser, so the folder is the whole protection.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

from census.store.programs import EmbeddedError

PORT = 5432  # no port is opened; it is part of the socket's name

_MOST_BYTES = 103  # for the path of a Unix socket, on every platform


def socket_folder(place: Path) -> Path:
    """The folder for the socket of the server in `place`: that itself, or a private one in the temporary folder.

    Not in $XDG_RUNTIME_DIR, which goes away when the user logs out while a scan runs on.
    """
    if _can_hold_socket(place):
        return place
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"census-{os.geteuid()}-{digest}"
    if not _can_hold_socket(folder):
        raise EmbeddedError(
            f"neither {place} nor {folder} can hold a socket, for their paths are too long or have odd characters: "
            "set CENSUS_HOME to a shorter one of plain letters"
        )
    return folder


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter; one that is already there must be like that, else EmbeddedError.

    Nothing is changed about the folders above it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise EmbeddedError(
            f"{folder} must be a folder of yours that nobody else may enter, but belongs to user number "
            f"{found.st_uid} with the mode {stat.filemode(found.st_mode)}: correct that (chown, chmod 700), "
            "or set CENSUS_HOME to another folder"
        )


def _can_hold_socket(folder: Path) -> bool:
    """Whether a socket's path fits, and has no character that Postgres, libpq or a shell would read otherwise."""
    socket = str(folder / f".s.PGSQL.{PORT}")
    return len(socket) <= _MOST_BYTES and re.fullmatch(r"[A-Za-z0-9_./-]+", socket) is not None
