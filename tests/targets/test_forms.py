"""The forms of lists: each as its tool writes it, what is recognised as what, and what is refused."""

from __future__ import annotations

import gzip
import io
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from census.facts import Target
from census.targets.entries import Plain
from census.targets.form import Form
from census.targets.lists import FORMS, Block, ListError, Problems, read

LISTS = Path(__file__).parent / "lists"
PORT = 11434
NAMES = sorted(file.name for file in LISTS.iterdir())
SAMPLES = {file.name: file.read_bytes() for file in LISTS.iterdir()}

TWO = ["192.0.2.10:11434", "192.0.2.12:8000"]
TOLD = {
    "nmap.xml": ["127.0.0.1:11434"],
    "masscan.json": TWO,
    "masscan_commas.json": TWO,
    "masscan.ndjson": TWO,
    "masscan.txt": TWO,
    "zmap.csv": ["192.0.2.10:11434", "192.0.2.12:11434"],
    "zmap_ports.csv": TWO,
    "zmap_fields.csv": TWO,
    "zmap_bare.csv": TWO,
    "shodan.jsonl": ["192.0.2.10:11434", "[2001:db8::7]:8000"],
    "censys.jsonl": ["192.0.2.10:11434", "192.0.2.10:443", "[2001:db8::7]:8000"],
    "zgrab2.csv": [
        "192.0.2.10:11434", "192.0.2.11:11434", "192.0.2.12:8000", "192.0.2.13:11434", "192.0.2.14:5678",
        "198.51.100.0+4:11434", "[2001:db8::7]:8000", "llm.example.edu:11434", "other.example.edu:11434",
    ],
}  # fmt: skip


def targets(path: Path | str, problems: Problems, *, partial: bool = False) -> Iterator[str]:
    for entry in read([str(path)], [PORT], problems, partial=partial):
        if isinstance(entry, Plain):
            for key in entry.keys:
                yield f"{'.'.join(str(key >> shift & 255) for shift in (40, 32, 24, 16))}:{key & 65535}"
        elif isinstance(entry, Block):
            first = ".".join(str(byte) for byte in entry.first.to_bytes(4, "big"))
            yield f"{first}+{entry.count}:{','.join(map(str, entry.ports))}"
        else:
            assert isinstance(entry, Target)
            yield str(entry)


def read_bytes(folder: Path, content: bytes, *, partial: bool = False) -> tuple[list[str], Problems]:
    (folder / "list").write_bytes(content)
    problems = Problems()
    return sorted(targets(folder / "list", problems, partial=partial)), problems


def test_every_form_has_a_list_as_its_tool_writes_it() -> None:
    assert sorted(TOLD) == NAMES
    assert len({_form(content).name for content in SAMPLES.values()}) == len(FORMS) - 1  # all but plain


def _form(content: bytes) -> Form:
    lines = [line.strip() for line in content.decode().split("\n") if line.strip()]
    return next(form for form in FORMS if form.fits(lines))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_list_of_each_tool_gives_its_open_tcp_ports(tmp_path: Path, name: str, packed: bool) -> None:
    content = SAMPLES[name]
    found, problems = read_bytes(tmp_path, gzip.compress(content) if packed else content)
    assert found == TOLD[name]
    assert problems.samples == []


@pytest.mark.parametrize("name", NAMES)
def test_a_list_of_each_tool_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    class Pipe(io.BytesIO):
        def seek(self, *_: int) -> int:
            raise OSError("a pipe has no place to go back to")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(SAMPLES[name])))
    assert sorted(targets("-", Problems())) == TOLD[name]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "nmap.xml"])
def test_a_damaged_line_of_any_form_is_noted_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    first, rest = SAMPLES[name].split(b"\n", 1)
    found, problems = read_bytes(tmp_path, first + b"\n" + rest + b"\xff{no: target\n")
    assert found == TOLD[name]
    assert [sample.line for sample in problems.samples] == [SAMPLES[name].count(b"\n") + 1]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b'{"ip_str": "1.2.3.4"}', "missing required field `port`"),
        (b'{"ip_str": "1.2.3.4", "port": 0}', "Expected `int` >= 1"),
        (b'{"ip_str": "1.2.3.4", "port": 65536}', "Expected `int` <= 65535"),
        (b'{"ip_str": "1.2.3", "port": 1}', "is no IP address"),
        (b'{"ip_str": null, "port": 1}', "Expected `str`, got `null`"),
        (b'{"ip_str": "1.2.3.4", "x": ' + b"[" * 9000 + b"}", "the record cannot be used"),
    ],
)
def test_a_record_without_address_or_port_is_noted(tmp_path: Path, record: bytes, why: str) -> None:
    found, problems = read_bytes(tmp_path, SAMPLES["shodan.jsonl"] + record)
    assert found == TOLD["shodan.jsonl"]
    assert problems.samples[0].line == 4
    assert why in problems.samples[0].why


@pytest.mark.parametrize(
    ("content", "line", "shown"),
    [
        (b'# mine\n\n{"host": "1.2.3.4"}\n', 3, '{"host": "1.2.3.4"}'),
        (b"<html>\n<body>not found</body>\n", 1, "<html>"),
        (b"name;address\nx;1.2.3.4\n", 1, "name;address"),
        (b"1.2.3.4,5.6.7.8,tag\n", 1, "1.2.3.4,5.6.7.8,tag"),
        (b"\x7fELF\x02\x01\x01\x00\x00", 1, "?ELF?????"),
        (b"x" * (9 << 20), 1, "x" * 80 + "…"),
    ],
)
def test_a_list_of_no_known_form_is_refused_with_its_first_line(
    tmp_path: Path, content: bytes, line: int, shown: str
) -> None:
    with pytest.raises(ListError) as caught:
        read_bytes(tmp_path, content)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path / 'list'}:{line}: {shown}: the form of this list is not recognised; ")
    assert all(form.name in said for form in FORMS)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"# nothing\n", gzip.compress(b"", mtime=0), b"[\n]\n", b"#masscan\n# end\n"]
)
def test_a_list_that_holds_nothing_is_no_error(tmp_path: Path, content: bytes) -> None:
    found, problems = read_bytes(tmp_path, content)
    assert (found, problems.count) == ([], 0)


def test_a_plain_list_stays_plain_whatever_else_is_in_it(tmp_path: Path) -> None:
    content = b'hello, world\n1.2.3.4:1\nsaddr\n{"ip_str": 1}\n1.2.3.4,5\n<x>\nhttp://1.2.3.5\n'
    found, problems = read_bytes(tmp_path, content)
    assert found == ["1.2.3.4:1", "1.2.3.5:80"]
    assert [sample.line for sample in problems.samples] == [1, 3, 4, 5, 6]


def test_a_wide_network_is_refused_in_zgrab2_csv_too(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"list:2: 10\.0\.0\.0/7 has 33,554,432 addresses"):
        read_bytes(tmp_path, b"10.0.0.1,,tag\n10.0.0.0/7,,tag\n")


BOMB = (
    b'<?xml version="1.0"?>\n<!DOCTYPE nmaprun [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>\n'
    b'<nmaprun scanner="nmap" args="&b;"></nmaprun>'
)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (BOMB, "declares entities"),
        (
            b'<!DOCTYPE nmaprun [<!ENTITY a SYSTEM "file:///etc/hostname">]>\n<nmaprun>&a;</nmaprun>',
            "declares entities",
        ),
        (b"<list><nmaprun></nmaprun></list>", "the root of the XML is not <nmaprun>"),
        (b"<nmaprun>" + b"<x>" * 100, "more than 64 elements"),
        (b'<nmaprun a="' + b"x" * (9 << 20), "longer than 8 MiB"),
        (b"<nmaprun><host></port></nmaprun>", "no XML that can be read"),
        (b'<?xml version="1.0" encoding="no-such"?><nmaprun></nmaprun>', "no XML that can be read"),
        (SAMPLES["nmap.xml"][:-20], "the XML ends before </nmaprun>"),
    ],
)
def test_hostile_and_broken_xml_is_refused_with_its_line(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(ListError, match=rf"list:\d+: .*{why}"):
        read_bytes(tmp_path, content)


def test_hosts_that_nmap_only_found_to_be_up_go_to_each_port(tmp_path: Path) -> None:
    up = '<host><status state="{}"/><address addr="{}" addrtype="{}"/></host>'
    hosts = [("up", "192.0.2.1", "ipv4"), ("down", "192.0.2.2", "ipv4"), ("up", "2001:db8::7", "ipv6"),
             ("up", "02:00:00:00:00:01", "mac")]  # fmt: skip
    content = "<nmaprun>\n" + "\n".join(up.format(*host) for host in hosts) + "</nmaprun>"
    found, problems = read_bytes(tmp_path, content.encode())
    assert found == ["192.0.2.1:11434", "[2001:db8::7]:11434"]
    assert problems.count == 1  # no address of the last one


@pytest.mark.parametrize("name", ["zmap_ports.csv", "shodan.jsonl", "masscan.json"])
def test_a_gzip_list_that_is_cut_off_is_read_only_when_that_is_asked_for(tmp_path: Path, name: str) -> None:
    lines = SAMPLES[name].splitlines(keepends=True)
    packed = gzip.compress(b"".join(lines) + b"".join(lines[1:]) * 200, compresslevel=0)[:-40]
    with pytest.raises(ListError, match="the gzip file is cut off; copy it anew, or use what is there with --partial"):
        read_bytes(tmp_path, packed)
    found, problems = read_bytes(tmp_path, packed, partial=True)
    assert set(found) == set(TOLD[name])
    assert [sample.why for sample in problems.samples] == [
        "the list is cut off here, and this line is left out; copy the list anew for the rest"
    ]


def test_half_an_address_is_no_target(tmp_path: Path) -> None:
    packed = gzip.compress(b"192.0.2.10:11434\n" * 9 + b"192.0.2.111:8000\n", compresslevel=0)
    for cut in range(9, 25):  # the checksum and length of gzip take eight bytes
        found, _ = read_bytes(tmp_path, packed[:-cut], partial=True)
        assert set(found) == {"192.0.2.10:11434"}


def test_cut_off_xml_is_read_only_when_that_is_asked_for(tmp_path: Path) -> None:
    whole = SAMPLES["nmap.xml"]
    for content in (whole[:-20], gzip.compress(whole, compresslevel=0)[:-40]):
        with pytest.raises(ListError, match="--partial"):
            read_bytes(tmp_path, content)
        found, problems = read_bytes(tmp_path, content, partial=True)
        assert found == TOLD["nmap.xml"]
        assert problems.count == 1


def _many(name: str) -> bytes:
    """A list of some megabytes in the form of a sample."""
    content = SAMPLES[name]
    if name == "nmap.xml":
        head, host = content.split(b"<host ", 1)
        host, tail = host.split(b"</host>")
        return head + (b"<host " + host + b"</host>") * 5_000 + tail
    lines = content.splitlines(keepends=True)
    if name == "shodan.jsonl":
        return content * (6_000_000 // len(content))
    return lines[0] + b"".join(lines[1:-1]) * (6_000_000 // len(content)) + lines[-1]


@pytest.mark.parametrize("name", ["nmap.xml", "shodan.jsonl", "masscan.json", "zmap_fields.csv"])
def test_memory_does_not_grow_with_a_list(tmp_path: Path, name: str) -> None:
    file = tmp_path / "list"
    file.write_bytes(_many(name))
    tracemalloc.start()
    count = sum(len(e.keys) if isinstance(e, Plain) else 1 for e in read([str(file)], [PORT], Problems()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count > 4_000
    assert peak < 2_500_000 < file.stat().st_size


def _harmless(folder: Path, content: bytes) -> None:
    """Reads a list, whole and in part; whatever else than ListError comes of it fails the test."""
    for partial in (False, True):
        try:
            found, _ = read_bytes(folder, content, partial=partial)
        except ListError as error:
            assert str(folder) in str(error)  # noqa: PT017  an error is one of two good ends
        else:
            assert all(0 < int(target.rpartition(":")[2]) < 65536 for target in found)


@settings(deadline=None, max_examples=40)
@given(st.data())
@pytest.mark.parametrize("name", NAMES)
def test_no_damage_to_a_list_does_more_than_make_problems(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    content = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 30))
        content[start:end] = data.draw(st.binary(max_size=12) | st.sampled_from([b'"', b"}", b"]", b",", b"\n", b"<!"]))
    cut = data.draw(st.none() | st.integers(0, 2000))
    folder = tmp_path_factory.getbasetemp()
    _harmless(folder, bytes(content))
    if cut is not None:
        _harmless(folder, gzip.compress(bytes(content), mtime=0)[:cut])


PIECES = st.sampled_from(
    ["1.2.3.4", "::1", ",", '"', "{", "}", "[", "]", ":", "/8", "80", '"ip_str"', '"ip"', '"port"', '"ports"', "saddr",
     '"services"', "open tcp ", "#masscan", "\n", " ", "a.b", "sport", "<nmaprun>", "<host>", "0", "-1", "1e9", "null"]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_no_mix_of_the_forms_does_more_than_make_problems(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    _harmless(tmp_path_factory.getbasetemp(), text.encode())
