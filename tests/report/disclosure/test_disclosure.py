"""What networks are told: who belongs to whom, what the files say, and what they never say."""

from __future__ import annotations

import csv
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from census.facts import Verdict
from census.report import disclosure
from census.report.disclosure.contacts import LANGUAGES, Book, Contact, ContactsError, read
from tests.report.population import LLAMA, QWEN, Population
from tests.support.program import census


def contact(network: str, whom: str = "abuse@example.net", language: str = "en") -> Contact:
    return Contact(ip_network(network), whom, language)


@pytest.fixture
def scan(connection: Connection) -> int:
    population = Population(connection)
    scan = population.scan("week 47")
    population.seen(scan, "127.1.0.1", [LLAMA, QWEN])
    population.seen(scan, "127.1.0.1", [LLAMA], port=8000, software="vLLM\x1b[31m", version=None)
    population.seen(scan, "127.1.2.2", [QWEN])
    population.seen(scan, "127.9.0.9", [QWEN])
    population.seen(scan, "127.1.0.66", [QWEN], verdict=Verdict.DECOY)
    population.seen(scan, "127.1.0.77", [QWEN], name="llm.gone.example")
    connection.execute(text("insert into exclusion (entry, added_by, added_at) values ('gone.example', 'me', now())"))
    return scan


def test_each_network_has_its_files_and_an_address_is_in_the_smallest_one(
    connection: Connection, scan: int, tmp_path: Path
) -> None:
    given = [contact("127.1.0.0/16"), contact("127.1.2.0/24", "https://example.org/abuse", "de"), contact("::/8")]
    written = disclosure.write(connection, scan, given, tmp_path / "out")
    assert (written.networks, written.endpoints, written.unmatched, written.opted_out) == (2, 3, 1, 1)
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files == {
        "127.1.0.0_16.csv", "127.1.0.0_16.txt", "127.1.2.0_24.csv", "127.1.2.0_24.txt", "summary.csv",
        "without-contact.csv",
    }  # fmt: skip
    with (tmp_path / "out/127.1.0.0_16.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["address"], row["port"], row["models"], row["tools"]) for row in rows] == [
        ("127.1.0.1", "8000", "1", "yes"), ("127.1.0.1", "11434", "2", "yes"),
    ]  # fmt: skip
    with (tmp_path / "out/summary.csv").open(newline="") as file:
        assert [(row["network"], row["hosts"], row["endpoints"]) for row in csv.DictReader(file)] == [
            ("127.1.0.0/16", "1", "2"), ("127.1.2.0/24", "1", "1"),
        ]  # fmt: skip
    assert "127.9.0.9" in (tmp_path / "out/without-contact.csv").read_text()
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_says_what_was_seen_when_and_by_whom(
    connection: Connection, scan: int, tmp_path: Path, language: str
) -> None:
    connection.execute(text("""update scan set settings = '{"scope": {"info": "https://scans.example.edu"}}'"""))
    disclosure.write(connection, scan, [contact("127.1.0.0/16", language=language)], tmp_path / "out")
    said = (tmp_path / "out/127.1.0.0_16.txt").read_text()
    for part in ("abuse@example.net", "127.1.0.1", "11434", "2026-11-02 12:00 UTC: Ollama 0.9.0", "IRB 1",
                 "written permission", "mailto:scans@example.edu", "https://scans.example.edu"):  # fmt: skip
        assert part in said
    for never in ("127.1.0.66", "127.1.0.77", "127.9.0.9", "\x1b"):
        assert never not in said


def test_an_advisory_that_concerns_the_version_is_told(connection: Connection, scan: int, tmp_path: Path) -> None:
    connection.execute(
        text("insert into judgement (software_id, advisory_id, affected)"
             " select id, 'CVE-2024-37032', 2 from software where name = 'Ollama' on conflict do nothing")
    )  # fmt: skip
    disclosure.write(connection, scan, [contact("127.1.2.2/32")], tmp_path / "out")
    said = (tmp_path / "out/127.1.2.2_32.txt").read_text()
    assert "Ollama 0.9.0, 1 model, advertises tool calling, affected by its version: CVE-2024-37032\n" in said


def test_nothing_is_overwritten(connection: Connection, scan: int, tmp_path: Path) -> None:
    with pytest.raises(disclosure.FolderError, match="nothing is overwritten"):
        disclosure.write(connection, scan, [contact("127.0.0.0/8")], tmp_path)


def test_the_smallest_network_counts_in_both_versions() -> None:
    book = Book([contact("10.0.0.0/8", "a@b"), contact("10.1.0.0/16", "c@d"), contact("2001:db8::/32", "e@f")])
    found = [book.find(address) for address in ("10.1.2.3", "10.2.2.3", "2001:db8::9", "11.0.0.1", "2001:db9::1")]
    assert [each and each.contact for each in found] == ["c@d", "a@b", "e@f", None, None]


def test_contacts_are_read_with_header_comments_and_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text('\ufeffnetwork,contact,language\n\n# ours\n127.1.0.0/16, "a@example.net" ,DE\n::1,a@example.net\n')
    assert read(file) == [contact("127.1.0.0/16", "a@example.net", "de"), contact("::1/128", "a@example.net")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("127.1.0.0/16", r":2: 1 columns; write network,contact"),
        ("127.1.0.1/16,a@b", r":2: '127.1.0.1/16' has host bits set"),
        ("nowhere,a@b", r":2: 'nowhere' is no IP address"),
        ("127.2.0.0/16,nobody", r":2: 'nobody' is no contact"),
        ("127.2.0.0/16,a@b,xx", r":2: there is no text in 'xx'; write one of en, de"),
        ("127.3.0.0/16,a@b", r":2: 127.3.0.0/16 stands in line 1 already"),
    ],
)
def test_a_wrong_line_is_named_with_what_to_write(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text(f"127.3.0.0/16,a@b\n{line}\n")
    with pytest.raises(ContactsError, match=said):
        read(file)


def test_an_empty_file_and_one_that_is_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("network,contact\n")
    with pytest.raises(ContactsError, match="has no contact: write lines such as"):
        read(tmp_path / "empty")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContactsError, match="it is not UTF-8"):
        read(tmp_path / "bytes")


@pytest.mark.usefixtures("scan")
def test_the_command_says_what_it_wrote_and_that_nothing_was_sent(
    connection: Connection, database_url: str, tmp_path: Path
) -> None:
    connection.commit()
    (tmp_path / "contacts.csv").write_text("127.1.0.0/16,abuse@example.net\n")
    line = ("notify", "--contacts", tmp_path / "contacts.csv", "--output", tmp_path / "out")
    done = census(*line, folder=tmp_path, url=database_url)
    assert done.returncode == 0, done.stderr
    assert "3 endpoints in 1 networks; 1 in no network of contacts.csv, 1 opted out. Nothing was sent." in done.stderr
    assert census(*line, folder=tmp_path, url=database_url).returncode == 2
