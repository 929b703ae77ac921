"""Where an address is and whose network it is in, from the place databases (MMDB files) that the user has.

No such file may be shipped, and their publishers lay them out differently: GeoLite2 and DB-IP Lite nest what
IPinfo Lite and ip-location-db write flat. Each fact is looked for under every name it is known by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import maxminddb

from census.errors import UseError

_SYSTEM_FOLDERS = (Path("/usr/share/GeoIP"), Path("/var/lib/GeoIP"))
_LONGEST_NAME = 200  # characters; no region, city or organisation needs more

_COUNTRY = (("country", "iso_code"), ("country_code",), ("country",))
_REGION = (("subdivisions", 0, "names", "en"), ("region",), ("state1",), ("stateprov",))
_CITY = (("city", "names", "en"), ("city",))
_ASN = (("autonomous_system_number",), ("asn",))
_ORGANIZATION = (("autonomous_system_organization",), ("as_name",), ("organization",), ("as_organization",))

_T = TypeVar("_T")


class PlacesError(UseError):
    """A place database cannot be read; the sentence names the file and a remedy."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is known about an address; None is "unknown".

    `country` is two upper-case letters of ISO 3166; `asn` is the number of the autonomous system and
    `organization` who runs it; names are as the place database has them, at most 200 characters.
    """

    country: str | None = None
    region: str | None = None
    city: str | None = None
    asn: int | None = None
    organization: str | None = None


_NOWHERE = Place()


def usual_folders(home: Path) -> tuple[Path, ...]:
    """The folders where place databases are looked for: the program's own, then those of the system."""
    return (home, *_SYSTEM_FOLDERS)


class Places:
    """Place databases that answer together: for each fact, the first file that knows it. Also a context manager."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._readers: list[tuple[Path, maxminddb.Reader]] = []
        try:
            for file in files:
                self._readers.append((file, _open(file)))
        except PlacesError:
            self.close()
            raise

    @classmethod
    def find(cls, folders: Sequence[Path]) -> Self:
        """The `*.mmdb` files of these folders, in the order of folders and names; there may be none."""
        return cls([file for folder in folders for file in sorted(folder.glob("*.mmdb"))])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __bool__(self) -> bool:
        return bool(self._readers)

    def close(self) -> None:
        """Close the files; no address can be located afterwards."""
        for _, reader in self._readers:
            reader.close()

    def locate(self, address: str) -> Place:
        """The place of an IP address in its canonical text; PlacesError if a file turns out to be damaged."""
        records = list(self._records(address)) if self._readers else []
        if not records:
            return _NOWHERE
        return Place(
            country=_first(records, _COUNTRY, _country),
            region=_first(records, _REGION, _name),
            city=_first(records, _CITY, _name),
            asn=_first(records, _ASN, _number),
            organization=_first(records, _ORGANIZATION, _name),
        )

    def describe(self) -> list[dict[str, Any]]:
        """What a scan records of each file: `file` (its name), `type`, and `built` (date of build, ISO 8601)."""
        return [
            {"file": file.name, "type": _name(reader.metadata().database_type), "built": _built(reader)}
            for file, reader in self._readers
        ]

    def _records(self, address: str) -> Iterator[Any]:
        """What each file has about the address; a file of IPv4 alone has nothing about IPv6."""
        for file, reader in self._readers:
            if ":" in address and reader.metadata().ip_version == 4:  # noqa: PLR2004  the version of IP
                continue
            try:
                yield reader.get(address)
            except (maxminddb.InvalidDatabaseError, UnicodeDecodeError) as error:
                raise _unreadable(file, str(error)) from error


def _open(file: Path) -> maxminddb.Reader:
    try:
        return maxminddb.open_database(file)
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    except (maxminddb.InvalidDatabaseError, UnicodeDecodeError, ValueError) as error:
        raise _unreadable(file, "it is no MMDB file or a damaged one") from error


def _unreadable(file: Path, reason: str) -> PlacesError:
    return PlacesError(
        f"the place database {file} cannot be read: {reason}; download and unpack it again, remove it, "
        "or name another with --geoip"
    )


def _first(records: list[Any], paths: Sequence[tuple[str | int, ...]], read: Callable[[Any], _T | None]) -> _T | None:
    """The first usable value under any of the paths, in the first record that has one."""
    for record in records:
        for path in paths:
            found = read(_follow(record, path))
            if found is not None:
                return found
    return None


def _follow(record: Any, path: tuple[str | int, ...]) -> Any:
    """The value that a path of keys and positions leads to, None where it leads nowhere."""
    for step in path:
        if isinstance(record, dict):
            record = record.get(step)
        elif isinstance(record, list) and isinstance(step, int) and step < len(record):
            record = record[step]
        else:
            return None
    return record


def _country(value: Any) -> str | None:
    """Two letters, in upper case; `ZZ` is how registries write that they do not know."""
    if not isinstance(value, str):
        return None
    code = value.strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() and code != "ZZ" else None  # noqa: PLR2004  ISO


def _name(value: Any) -> str | None:
    """A name on one line, without the control characters that a terminal or Postgres would choke on."""
    if not isinstance(value, str):
        return None
    plain = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(plain.split())[:_LONGEST_NAME] or None


def _number(value: Any) -> int | None:
    """The number of an autonomous system, which some write with `AS` before it; 0 is no network's."""
    if isinstance(value, str):
        digits = value.strip().upper().removeprefix("AS")
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else None  # noqa: PLR2004  32 bits
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value < 2**32 else None


def _built(reader: maxminddb.Reader) -> str | None:
    try:
        return datetime.fromtimestamp(reader.metadata().build_epoch, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return None
