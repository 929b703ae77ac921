"""Scope files: what is read, and for each fault the sentence with its line and remedy."""

from __future__ import annotations

import json
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import pytest

from census.targets.scope import Scope, ScopeError

GOOD = """\
[authorization]
reference   = "IRB 2026-014"
basis       = "written permission"
contact     = "mailto:scans@example.edu?subject=scan"
info        = "https://scans.example.edu"
valid_from  = 2026-11-01
valid_until = 2026-12-31

[scope]
networks      = ["127.0.0.0/8", "::1"]
hosts         = ["LLM.example.edu."]
ports         = [11434, 8000, 8000]
exclude       = ["127.9.0.0/16", "bad.example.edu", "::ffff:127.3.0.0/112"]
exclude_files = ["optout.txt"]

[limits]
rate              = 50.5

[probe]
details = false
loaded = 25
recall = false
"""


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "optout.txt").write_text("# those who asked\n127.5.0.1  # by mail\n\nNo.Example.edu.\n")
    file = tmp_path / "scope.toml"
    file.write_text(text)
    return file


def test_a_scope_is_read_with_its_defaults_and_exclusion_files(tmp_path: Path) -> None:
    scope = Scope.read(write(tmp_path, GOOD))
    assert (scope.reference, scope.basis) == ("IRB 2026-014", "written permission")
    assert (scope.valid_from, scope.valid_until) == (date(2026, 11, 1), date(2026, 12, 31))
    assert scope.networks == (ip_network("127.0.0.0/8"), ip_network("::1"))
    assert scope.hosts == {"llm.example.edu"}
    assert scope.ports == (11434, 8000)
    assert scope.exclude == tuple(map(ip_network, ("127.9.0.0/16", "127.3.0.0/16")))
    assert scope.exclude_from_files == (ip_network("127.5.0.1"),)
    assert scope.exclude_names == {"bad.example.edu"}
    assert scope.exclude_names_from_files == {"no.example.edu"}
    assert (scope.rate, scope.rate_per_network, scope.per_host, scope.requests_per_host) == (50.5, 20, 1, 64)
    assert (scope.details, scope.loaded, scope.recall) == (False, 25, False)


def test_what_may_be_left_out_has_a_default(tmp_path: Path) -> None:
    text = GOOD.replace('info        = "https://scans.example.edu"\n', "").split("[limits]")[0]
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("hosts", "ports", "exclude")))
    scope = Scope.read(write(tmp_path, text))
    assert (scope.info, scope.ports, scope.hosts, scope.exclude) == (None, None, frozenset(), ())
    assert (scope.rate, scope.details, scope.loaded, scope.recall) == (500, True, None, True)
    assert scope.user_agent("1.0") == "census/1.0 (mailto:scans@example.edu?subject=scan)"


def test_a_scope_goes_through_json_and_back(tmp_path: Path) -> None:
    scope = Scope.read(write(tmp_path, GOOD))
    assert Scope.from_json(json.loads(json.dumps(scope.to_json()))) == scope


def test_headers_say_who_asks(tmp_path: Path) -> None:
    scope = Scope.read(write(tmp_path, GOOD))
    about = "(+https://scans.example.edu; mailto:scans@example.edu?subject=scan)"
    assert scope.user_agent("0.1.0") == f"census/0.1.0 {about}"
    assert scope.from_header() == "scans@example.edu"


def test_a_contact_that_is_no_mailto_stands_in_from_as_it_is(tmp_path: Path) -> None:
    text = GOOD.replace("mailto:scans@example.edu?subject=scan", "https://example.edu/contact")
    assert Scope.read(write(tmp_path, text)).from_header() == "https://example.edu/contact"


def test_the_hash_depends_on_the_authorisation_and_not_on_its_layout(tmp_path: Path) -> None:
    first = Scope.read(write(tmp_path, GOOD)).text_hash
    lines = GOOD.splitlines()
    shuffled = "\n".join([lines[0], "# note", *reversed(lines[1:7]), *lines[7:]]).replace(
        "rate              =", "rate ="
    )
    assert len(first) == 64
    assert Scope.read(write(tmp_path, shuffled)).text_hash == first
    assert Scope.read(write(tmp_path, GOOD.replace("50.5", "60"))).text_hash == first
    assert Scope.read(write(tmp_path, GOOD.replace("2026-12-31", "2027-01-01"))).text_hash != first


# What to replace in the good file, by what, and the error without its file: line, what is wrong, what to write.
FAULTS = [
    ("[limits]", "[limit]", "16: there is no table [limit]; did you mean limits?"),
    ("[limits]", "[zzz]", "16: there is no table [zzz]; the known ones are authorization, scope, limits, probe"),
    ("[authorization]", "rate = 5\n[authorization]", "1: there is no table [rate]; write rate below [limits]"),
    ("[probe]\ndetails = false", "[[probe]]", "19: probe is a list; write [probe] once, as a table"),
    ("networks  ", "network  ", "10: [scope] has no key network; did you mean networks?"),
    ("valid_until = 2026-12-31", "", "1: valid_until is missing in [authorization]; write valid_until = 2026-12-31"),
    (
        "= 2026-12-31",
        '= "2026-12-31"',
        "7: valid_until is a text, not a date; write valid_until = 2026-12-31 without quotes",
    ),
    (
        "= 2026-12-31",
        "= 2026-12-31T00:00:00",
        "7: valid_until is a date with a time, not a date; write valid_until = 2026-12-31",
    ),
    (
        "= 2026-12-31",
        "= 2026-10-31",
        "7: valid_until 2026-10-31 is before valid_from 2026-11-01; write the later day there",
    ),
    ('"IRB 2026-014"', "14", '2: reference is a whole number, not a text; write reference = "IRB 2026-014"'),
    ('"IRB 2026-014"', '" "', '2: reference is empty; write reference = "IRB 2026-014"'),
    (
        '"127.0.0.0/8"',
        '\n  "127.0.0.5/8"',
        "11: networks: '127.0.0.5/8' has host bits set; write 127.0.0.0/8 for the network, 127.0.0.5 for",
    ),
    (
        '"127.0.0.0/8"',
        '"127.0.0/8"',
        "10: networks: '127.0.0' is no IP address; write one such as 192.0.2.7 or 2001:db8::7",
    ),
    (
        '["127.0.0.0/8", "::1"]',
        "[8]",
        '10: networks holds a whole number; write texts, such as networks = ["192.0.2.0/24"]',
    ),
    ('["127.0.0.0/8", "::1"]', '"::1"', '10: networks is a text, not a list; write networks = ["192.0.2.0/24"]'),
    (
        '["127.0.0.0/8", "::1"]',
        "[]",
        '10: networks is empty, so nothing may be contacted; write networks = ["192.0.2.0/24"]',
    ),
    (
        "LLM.example.edu.",
        "http://x",
        "11: hosts: 'http://x' is neither an address nor a host name; write one such as llm.example.edu",
    ),
    ("11434, 8000, 8000", "11434, 65536", "12: 65536 is no port; write numbers from 1 to 65535"),
    ("11434, 8000, 8000", "0", "12: 0 is no port; write numbers from 1 to 65535"),
    ("11434, 8000, 8000", "true", "12: ports holds true or false; write whole numbers, such as ports = [11434, 8000]"),
    (
        "[11434, 8000, 8000]",
        "8000",
        "12: ports is a whole number, not a list; write ports = [11434, 8000], or leave it out",
    ),
    (
        "bad.example.edu",
        "bad example",
        "13: exclude: 'bad example' is neither an address nor a host name; write one such as llm.example.edu",
    ),
    ("50.5", "0", "17: rate is 0; write rate = 500, or another number above 0"),
    ("50.5", "inf", "17: rate is inf; write rate = 500, or another number above 0"),
    ("50.5", "nan", "17: rate is nan; write rate = 500, or another number above 0"),
    ("50.5", "true", "17: rate is true or false, not a number; write rate = 500, or another number above 0"),
    (
        "rate              = 50.5",
        "per_host = 1.5",
        "17: per_host is a number, not a whole number; write per_host = 1, or another whole number above 0",
    ),
    ("details = false", "details = 1", "20: details is a whole number; write details = true or details = false"),
    ("recall = false", "recall = 0", "22: recall is a whole number; write recall = true or recall = false"),
    ("loaded = 25", "loaded = 0", "21: loaded is 0; write loaded = 1, or another whole number above 0"),
    ("details = false", "details = ", "20: this is not TOML (Invalid value); write lines such as key = value"),
]


@pytest.mark.parametrize(("good", "bad", "message"), FAULTS)
def test_each_fault_is_named_with_file_line_and_remedy(tmp_path: Path, good: str, bad: str, message: str) -> None:
    assert good in GOOD
    file = write(tmp_path, GOOD.replace(good, bad, 1))
    with pytest.raises(ScopeError) as caught:
        Scope.read(file)
    assert str(caught.value).startswith(f"{file}:{message}")
    assert "; " in message


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    authorization, scope = GOOD.partition("[limits]")[0].split("[scope]")
    with pytest.raises(
        ScopeError, match=r"scope\.toml:1: the table \[scope\] is missing; write \[scope\] with networks"
    ):
        Scope.read(write(tmp_path, authorization))
    with pytest.raises(ScopeError, match=r"scope\.toml:1: the table \[authorization\] is missing; write \[auth"):
        Scope.read(write(tmp_path, "[scope]" + scope))


UNSAFE = ["a\\r\\nX-Evil: 1", "Jörg", "a) Mozilla (b", "a\\\\b"]


@pytest.mark.parametrize("value", [*UNSAFE, "mailto:", "mailto:a%0d%0ab@c"])
def test_no_contact_that_could_break_a_header_is_taken(tmp_path: Path, value: str) -> None:
    with pytest.raises(ScopeError, match=r"scope\.toml:4: contact has .*; write "):
        Scope.read(write(tmp_path, GOOD.replace("mailto:scans@example.edu?subject=scan", value)))


@pytest.mark.parametrize("value", UNSAFE)
def test_no_info_that_could_break_a_header_is_taken(tmp_path: Path, value: str) -> None:
    with pytest.raises(ScopeError, match=r"scope\.toml:5: info has .*; write "):
        Scope.read(write(tmp_path, GOOD.replace("https://scans.example.edu", value)))


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScopeError, match=r"none\.toml: there is no file .*; write its path behind --scope"):
        Scope.read(tmp_path / "none.toml")
    with pytest.raises(ScopeError, match="is a folder; name a file in it"):
        Scope.read(tmp_path)
    (tmp_path / "latin.toml").write_bytes(GOOD.encode() + b"# \xe9")
    with pytest.raises(ScopeError, match=r"is not UTF-8 \(byte \d+\); save it as UTF-8 text"):
        Scope.read(tmp_path / "latin.toml")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = write(tmp_path, "\ufeff" + GOOD)
    assert Scope.read(file).reference == "IRB 2026-014"


def test_a_missing_exclusion_file_is_named_where_it_is_listed(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD.replace("optout.txt", "nowhere.txt"))
    with pytest.raises(ScopeError) as caught:
        Scope.read(file)
    assert str(caught.value).startswith(f"{file}:14: there is no file {tmp_path / 'nowhere.txt'}; correct the name")


def test_a_bad_line_of_an_exclusion_file_is_named_by_its_own_file_and_line(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD)
    (tmp_path / "optout.txt").write_text("127.0.0.1\n\n10.0.0.1/24\n")
    with pytest.raises(ScopeError, match=r"optout\.txt:3: '10\.0\.0\.1/24' has host bits set; write 10\.0\.0\.0/24"):
        Scope.read(file)


def test_the_authorisation_holds_on_its_first_and_last_day_and_on_no_other(tmp_path: Path) -> None:
    scope = Scope.read(write(tmp_path, GOOD))
    scope.check_valid(date(2026, 11, 1))
    scope.check_valid(date(2026, 12, 31))
    with pytest.raises(ScopeError, match=r"scope\.toml:6: .* begins on 2026-11-01, today is 2026-10-31; wait"):
        scope.check_valid(date(2026, 10, 31))
    with pytest.raises(ScopeError, match=r"scope\.toml:7: .* ended on 2026-12-31, today is 2027-01-01; have it ext"):
        scope.check_valid(date(2027, 1, 1))
