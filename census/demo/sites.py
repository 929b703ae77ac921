"""Where the simulated hosts are: invented networks in real countries, inside 127.0.0.0/8, and their MMDB file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mmdb_writer import MMDBWriter
from netaddr import IPNetwork, IPSet

_FIRST_BLOCK: Final = 16  # 127.16.0.0 and up: what programs bind by themselves lies below
_BLOCKS: Final = 224
_FEWEST: Final = 60  # networks of a population, however small
_USUAL: Final = 240  # networks up to which hosts stay in one block, so that other seeds do not meet it
_CROWD: Final = 100  # hosts of one network in a very large population, on average
_SPARSE: Final = 10


@dataclass(frozen=True, slots=True)
class Site:
    """One network operator at one place; None is what no place file knows. `share` is its part of all hosts."""

    country: str | None
    region: str | None
    city: str | None
    asn: int | None
    organization: str | None
    share: float

    def record(self) -> dict[str, Any]:
        """What a place file says of its addresses, in the layout of GeoLite2 City with the network's fields beside."""
        found: dict[str, Any] = {}
        if self.country is not None:
            found["country"] = {"iso_code": self.country}
        if self.region is not None:
            found["subdivisions"] = [{"names": {"en": self.region}}]
        if self.city is not None:
            found["city"] = {"names": {"en": self.city}}
        if self.asn is not None:
            found["autonomous_system_number"] = self.asn
            found["autonomous_system_organization"] = self.organization
        return found


# Numbers of autonomous systems for private use, so that nobody real is spoken of. The first is known to no file,
# the next two to files of countries or of networks alone.
SITES: Final = (
    Site(None, None, None, None, None, 0.015),
    Site("TR", None, None, None, None, 0.01),
    Site(None, None, None, 64512, "Wandering Cable", 0.005),
    Site("CN", "Beijing", "Beijing", 64520, "Northern Capital Telecom", 0.09),
    Site("CN", "Shanghai", "Shanghai", 64521, "Huangpu Cloud", 0.03),
    Site("CN", "Guangdong", "Shenzhen", 64522, "Pearl River Networks", 0.033),
    Site("CN", "Zhejiang", "Hangzhou", 64523, "West Lake Cloud", 0.06),
    Site("CN", "Sichuan", "Chengdu", 64520, "Northern Capital Telecom", 0.05),
    Site("CN", "Jiangsu", "Nanjing", 64524, "Yangtze Broadband", 0.037),
    Site("US", "Virginia", "Ashburn", 64530, "Potomac Compute", 0.04),
    Site("US", "California", "San Jose", 64531, "Bay Hosting", 0.06),
    Site("US", "Texas", "Dallas", 64532, "Lone Star Fiber", 0.05),
    Site("US", "Oregon", "Boardman", 64530, "Potomac Compute", 0.04),
    Site("US", "New York", "Buffalo", 64533, "Great Lakes Cable", 0.03),
    Site("DE", "Hesse", "Frankfurt am Main", 64540, "Main Rechenzentrum", 0.05),
    Site("DE", "Bavaria", "Nuremberg", 64541, "Frankenhost", 0.04),
    Site("FR", "Île-de-France", "Paris", 64542, "Seine Hébergement", 0.055),
    Site("KR", "Seoul", "Seoul", 64543, "Han River Telecom", 0.055),
    Site("IN", "Maharashtra", "Mumbai", 64544, "Konkan Broadband", 0.05),
    Site("RU", "Moscow", "Moscow", 64545, "Kremlin View Hosting", 0.04),
    Site("SG", None, "Singapore", 64546, "Straits Cloud", 0.035),
    Site("BR", "São Paulo", "São Paulo", 64547, "Banda Paulista", 0.03),
    Site("GB", "England", "London", 64548, "Thames Data", 0.03),
    Site("JP", "Tokyo", "Tokyo", 64549, "Sumida Net", 0.025),
    Site("NL", "North Holland", "Amsterdam", 64550, "Canal Servers", 0.015),
    Site("CA", "Quebec", "Montreal", 64551, "Saint Lawrence Compute", 0.015),
    Site("VN", "Hanoi", "Hanoi", 64552, "Red River Post", 0.005),
    Site("PL", "Mazovia", "Warsaw", 64553, "Vistula Net", 0.005),
)


def networks(seed: int, hosts: int) -> dict[Site, tuple[str, ...]]:
    """The /24 networks of each site for a population of so many hosts, as their first three numbers (`127.16.0`).

    Up to some 25,000 hosts, populations of seeds that differ by less than 224 have no network in common.
    """
    wanted = max(_FEWEST, min(hosts // _SPARSE, _USUAL), hosts // _CROWD)
    placed: dict[Site, tuple[str, ...]] = {}
    given = 0
    for site in SITES:
        own = max(1, int(site.share * wanted))
        placed[site] = tuple(_network(seed, number) for number in range(given, given + own))
        given += own
    return placed


def _network(seed: int, number: int) -> str:
    return f"127.{_FIRST_BLOCK + (seed + number // 256) % _BLOCKS}.{number % 256}"


def write_places(path: Path, placed: Mapping[Site, tuple[str, ...]]) -> None:
    """Write an MMDB file that knows these networks, as far as their sites are known."""
    writer = MMDBWriter(
        ip_version=4,
        database_type="Census-Demo-City-ASN",
        languages=["en"],
        description="Simulated networks on loopback",
    )
    for site, prefixes in placed.items():
        if record := site.record():
            writer.insert_network(IPSet([IPNetwork(f"{prefix}.0/24") for prefix in prefixes]), record)
    writer.to_db_file(str(path))
