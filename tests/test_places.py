"""Place databases of every publisher's layout, made here, answer in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from census.places import Place, Places, PlacesError, usual_folders


def write(file: Path, record: Any, network: str = "127.0.0.0/8", *, version: int = 4, kind: str = "Test") -> Path:
    writer = MMDBWriter(ip_version=version, ipv4_compatible=version == 6, database_type=kind)
    writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(file))
    return file


def located(file: Path, record: Any) -> Place:
    with Places([write(file, record)]) as places:
        return places.locate("127.3.2.1")


GEOLITE_CITY = {
    "country": {"iso_code": "DE", "names": {"en": "Germany"}},
    "registered_country": {"iso_code": "US"},
    "subdivisions": [
        {"iso_code": "BY", "names": {"de": "Bayern", "en": "Bavaria"}},
        {"names": {"en": "Upper Bavaria"}},
    ],
    "city": {"names": {"de": "München", "en": "Munich"}},
}
BAVARIA = Place("DE", "Bavaria", "Munich")
LAYOUTS = {
    "GeoLite2-City": (GEOLITE_CITY, BAVARIA),
    "GeoLite2-Country": ({"country": {"iso_code": "DE", "names": {"en": "Germany"}}}, Place("DE")),
    "GeoLite2-ASN": (
        {"autonomous_system_number": 3320, "autonomous_system_organization": "Deutsche Telekom AG"},
        Place(asn=3320, organization="Deutsche Telekom AG"),
    ),
    "DBIP-City-Lite": (
        {
            "country": {"iso_code": "DE"},
            "subdivisions": [{"names": {"en": "Bavaria"}}],
            "city": {"names": {"en": "Munich"}},
        },
        BAVARIA,
    ),
    "IPinfo Lite": (
        {"country": "Germany", "country_code": "DE", "asn": "AS3320", "as_name": "Deutsche Telekom AG"},
        Place("DE", asn=3320, organization="Deutsche Telekom AG"),
    ),
    "IPinfo country": ({"country": "DE", "country_name": "Germany"}, Place("DE")),
    "ip-location-db city": ({"country_code": "DE", "state1": "Bavaria", "state2": "", "city": "Munich"}, BAVARIA),
    "ip-location-db stateprov": ({"country": "de", "stateprov": "Bavaria", "city": "Munich"}, BAVARIA),
    "flat": (
        {"country": "DE", "region": "Bavaria", "city": "Munich", "asn": "3320", "as_organization": "DTAG"},
        Place("DE", "Bavaria", "Munich", 3320, "DTAG"),
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read(layout: str, tmp_path: Path) -> None:
    record, expected = LAYOUTS[layout]
    assert located(tmp_path / "x.mmdb", record) == expected


def test_the_first_file_that_knows_a_fact_wins(tmp_path: Path) -> None:
    country = write(tmp_path / "country.mmdb", {"country_code": "FR", "asn": "unknown"})
    city = write(tmp_path / "city.mmdb", GEOLITE_CITY)
    network = write(tmp_path / "asn.mmdb", {"asn": 64500})
    with Places([country, city, network]) as places:
        assert places.locate("127.0.0.1") == Place("FR", "Bavaria", "Munich", 64500)


def test_an_address_that_no_file_has_is_unknown(tmp_path: Path) -> None:
    with Places([write(tmp_path / "x.mmdb", {"country_code": "DE"})]) as places:
        assert places.locate("10.0.0.1") == Place()


def test_without_files_everything_is_unknown() -> None:
    with Places([]) as places:
        assert not places
        assert places.locate("127.0.0.1") == Place()


def test_a_file_of_ipv4_alone_knows_nothing_of_ipv6(tmp_path: Path) -> None:
    four = write(tmp_path / "four.mmdb", {"country_code": "DE"})
    six = write(tmp_path / "six.mmdb", {"country_code": "FR", "asn": 1}, "::1/128", version=6)
    with Places([four, six]) as places:
        assert places.locate("::1") == Place("FR", asn=1)
        assert places.locate("127.0.0.1") == Place("DE")


@pytest.mark.parametrize(
    "record",
    [
        {"country": {"iso_code": ["DE"]}, "subdivisions": {"names": 1}, "city": {"names": "Munich"}, "asn": {"a": 1}},
        {"country": 49, "subdivisions": [], "city": 5, "autonomous_system_number": True, "organization": ["x"]},
        {"country_code": "DEU", "region": " ", "asn": "ASx", "as_name": ""},
        {"country_code": "ZZ", "subdivisions": ["Bavaria"], "asn": 0},
        {"country_code": "ÄÖ", "subdivisions": [{"names": ["Bavaria"]}], "asn": 2**32},
        {"country_code": "--", "asn": "9" * 5000},
        {"asn": -5},
        ["DE"],
        "DE",
        True,
    ],
)
def test_values_of_odd_types_are_unknown(record: Any, tmp_path: Path) -> None:
    assert located(tmp_path / "x.mmdb", record) == Place()


def test_names_are_cleaned_and_cut(tmp_path: Path) -> None:
    place = located(tmp_path / "x.mmdb", {"city": " Mu\x00nich\x1b[31m\n\u202eMain ", "as_name": "x" * 5000})
    assert place.city == "Mu nich [31m Main"
    assert place.organization == "x" * 200


@pytest.mark.parametrize("content", [b"", b"not a place database", b"\x1f\x8b\x08\x00" * 50])
def test_a_file_that_is_no_place_database_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.mmdb"
    file.write_bytes(content)
    with pytest.raises(PlacesError, match=r"broken\.mmdb cannot be read: .*; download .* --geoip"):
        Places([file])


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PlacesError, match=r"absent\.mmdb cannot be read: No such file"):
        Places([tmp_path / "absent.mmdb"])


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlacesError, match="cannot be read"):
        Places([tmp_path])


def test_a_cut_off_file_is_refused_at_the_latest_when_it_is_asked(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mmdb", {"country_code": "DE", "city": "M" * 400}).read_bytes()
    start, metadata = whole.index(b"M" * 400), whole.rindex(b"\xab\xcd\xefMaxMind.com")
    damaged = tmp_path / "damaged.mmdb"
    damaged.write_bytes(whole[:start] + whole[metadata:])
    with pytest.raises(PlacesError, match=r"damaged\.mmdb cannot be read"), Places([damaged]) as places:
        places.locate("127.0.0.1")


def test_damaged_letters_are_refused_when_they_are_asked_for(tmp_path: Path) -> None:
    file = write(tmp_path / "letters.mmdb", {"city": "Muenchen"})
    file.write_bytes(file.read_bytes().replace(b"Muenchen", b"M\xff\xfenchen"))
    with pytest.raises(PlacesError, match=r"letters\.mmdb cannot be read"), Places([file]) as places:
        places.locate("127.0.0.1")


def test_files_are_found_in_the_order_of_folders_and_names(tmp_path: Path) -> None:
    own, system = tmp_path / "own", tmp_path / "system"
    for folder, name in ((system, "a.mmdb"), (own, "c.mmdb"), (own, "b.mmdb")):
        folder.mkdir(exist_ok=True)
        write(folder / name, {"country_code": "DE"})
    (own / "readme.txt").write_text("no place database")
    with Places.find([own, tmp_path / "absent", system]) as places:
        assert [entry["file"] for entry in places.describe()] == ["b.mmdb", "c.mmdb", "a.mmdb"]


def test_the_own_folder_is_looked_into_before_those_of_the_system(tmp_path: Path) -> None:
    assert usual_folders(tmp_path)[0] == tmp_path
    assert Path("/usr/share/GeoIP") in usual_folders(tmp_path)


def test_a_description_names_file_type_and_date_of_build(tmp_path: Path) -> None:
    with Places([write(tmp_path / "x.mmdb", {"country_code": "DE"}, kind="GeoLite2-City")]) as places:
        (entry,) = places.describe()
    assert entry["file"] == "x.mmdb"
    assert entry["type"] == "GeoLite2-City"
    assert entry["built"].startswith("20")
    assert entry["built"].endswith("+00:00")
