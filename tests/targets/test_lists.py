"""Target lists: every plain form, gzip, standard input, and whatever else a file may hold."""

from __future__ import annotations

import gzip
import io
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from census.facts import Target
from census.targets.entries import Plain
from census.targets.lists import Block, ListError, Problems, read
from census.targets.streams import LONGEST_LINE

PORTS = (11434, 8000)


def unpacked(paths: list[str], problems: Problems) -> Iterator[Target | Block]:
    for entry in read(paths, PORTS, problems):
        if isinstance(entry, Plain):
            for key in entry.keys:
                address = ".".join(str(key >> shift & 255) for shift in (40, 32, 24, 16))
                yield Target(address, key & 65535)
        else:
            yield entry


def read_bytes(tmp_path: Path, content: bytes) -> tuple[list[Target | Block], Problems]:
    file = tmp_path / "list.txt"
    file.write_bytes(content)
    problems = Problems()
    return list(unpacked([str(file)], problems)), problems


def shown(entries: list[Target | Block]) -> list[str]:
    return sorted(
        f"{e.version}:{e.first:x}+{e.count}:{','.join(map(str, e.ports))}"
        if isinstance(e, Block)
        else f"{e}{'' if e.tls is None else ' tls' if e.tls else ' clear'}"
        for e in entries
    )


@pytest.mark.parametrize(
    ("line", "targets"),
    [
        ("1.2.3.4", ["1.2.3.4:11434", "1.2.3.4:8000"]),
        ("1.2.3.4:80", ["1.2.3.4:80"]),
        ("  1.2.3.4:80\t# why", ["1.2.3.4:80"]),
        ("1.2.3.4:080", ["1.2.3.4:80"]),
        ("::ffff:1.2.3.4", ["1.2.3.4:11434", "1.2.3.4:8000"]),
        ("2001:DB8::7", ["[2001:db8::7]:11434", "[2001:db8::7]:8000"]),
        ("[2001:db8::7]:443", ["[2001:db8::7]:443"]),
        ("[2001:db8::7]", ["[2001:db8::7]:11434", "[2001:db8::7]:8000"]),
        ("10.0.0.0/24", ["4:a000000+256:11434,8000"]),
        ("10.0.0.0/24:9", ["4:a000000+256:9"]),
        ("10.0.0.7/32", ["4:a000007+1:11434,8000"]),
        ("::/120", ["6:0+256:11434,8000"]),
        ("[2001:db8::/127]:9", ["6:20010db8000000000000000000000000+2:9"]),
        ("2001:db8::/127:9", ["6:20010db8000000000000000000000000+2:9"]),
        ("::ffff:10.0.0.0/120", ["4:a000000+256:11434,8000"]),
        ("LLM.example.edu.", ["llm.example.edu:11434", "llm.example.edu:8000"]),
        ("gpu_1:9", ["gpu_1:9"]),
        ("localhost", ["localhost:11434", "localhost:8000"]),
        ("http://1.2.3.4/v1/models?x=1#y", ["1.2.3.4:80 clear"]),
        ("HTTPS://Example.org", ["example.org:443 tls"]),
        ("https://[2001:db8::7]:8443/", ["[2001:db8::7]:8443 tls"]),
        ("# 1.2.3.4", []),
        ("   ", []),
        ("", []),
    ],
)
def test_each_form_gives_its_targets(tmp_path: Path, line: str, targets: list[str]) -> None:
    entries, problems = read_bytes(tmp_path, line.encode())
    assert shown(entries) == targets
    assert problems.count == 0


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1.2.3.4:0", "'0' is no port; write a number from 1 to 65535"),
        ("1.2.3.4:65536", "'65536' is no port; write a number from 1 to 65535"),
        ("1.2.3.4:", "'' is no port; write a number from 1 to 65535"),
        ("1.2.3.4:-1", "'-1' is no port; write a number from 1 to 65535"),
        ("[::1]:0", "'0' is no port; write a number from 1 to 65535"),
        ("1.2.3.256", "'1.2.3.256' is neither an address nor a host name; write one such as llm.example.edu"),
        ("0x7f000001:80", "'0x7f000001' is neither an address nor a host name; write one such as llm.example.edu"),
        ("fe80::1%eth0", "'fe80::1%eth0' has a zone, which means something on one machine only; leave out the % part"),
        (
            "10.0.0.5/24",
            "'10.0.0.5/24' has host bits set; write 10.0.0.0/24 for the network, 10.0.0.5 for the one address",
        ),
        ("10.0.0.0/33", "'10.0.0.0/33' has no prefix length; write a number from 0 to 32 behind the slash"),
        (
            "10.0.0.0/255.0.0.0",
            "'10.0.0.0/255.0.0.0' has no prefix length; write a number from 0 to 32 behind the slash",
        ),
        (
            "host.example/path",
            "this is no network, and a path goes with http:// or https:// only; write NETWORK/LENGTH",
        ),
        ("garbage", "this is no target; write NAME:PORT if it is a machine's name"),
        ("1.2.3.4 1.2.3.5", "there is more than one word; write one target on a line"),
        ("ftp://1.2.3.4", "only http:// and https:// can be asked; write one of them, or HOST:PORT"),
        ("http://me:secret@1.2.3.4", "credentials are never used; write the URL without the part before the @"),
        ("münchen.example", "'münchen.example' has letters beyond ASCII; write the name in its xn-- form"),
        ("1.2.3.4\0", "the line has NUL bytes; save the list as UTF-8 text"),
    ],
)
def test_a_line_that_is_no_target_is_noted_with_its_number_and_reason(tmp_path: Path, line: str, why: str) -> None:
    entries, problems = read_bytes(tmp_path, f"1.1.1.1:1\n{line}\n1.1.1.1:2\n".encode())
    assert shown(entries) == ["1.1.1.1:1", "1.1.1.1:2"]
    assert problems.count == 1
    (sample,) = problems.samples
    assert (sample.line, sample.why) == (2, why)
    assert str(sample).startswith(f"{tmp_path / 'list.txt'}:2: ")


def test_all_problems_are_counted_and_twenty_kept_without_control_characters(tmp_path: Path) -> None:
    bad = b"\x1b[31m\xe2\x80\xae evil \xff" + b"x" * 200 + b"\n" + b"no good\n" * 50
    _, problems = read_bytes(tmp_path, bad + b"1.2.3.4\n")
    assert (problems.count, len(problems.samples)) == (51, 20)
    assert problems.samples[0].text.startswith("?[31m? evil")
    assert len(problems.samples[0].text) == 81


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf1.2.3.4:1\r\n1.2.3.4:2", b"1.2.3.4:1\n\n1.2.3.4:2\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_marks_line_ends_and_gzip_change_nothing(tmp_path: Path, content: bytes, packed: bool) -> None:
    entries, problems = read_bytes(tmp_path, gzip.compress(content) if packed else content)
    assert shown(entries) == ["1.2.3.4:1", "1.2.3.4:2"]
    assert problems.count == 0


def test_a_gzip_file_may_have_members_and_padding(tmp_path: Path) -> None:
    content = gzip.compress(b"1.2.3.4:1\n1.2.3") + bytes(5) + gzip.compress(b".4:2\n") + bytes(100_000)
    entries, problems = read_bytes(tmp_path, content)
    assert shown(entries) == ["1.2.3.4:1", "1.2.3.4:2"]
    assert problems.count == 0


def test_line_numbers_hold_over_many_blocks(tmp_path: Path) -> None:
    _, problems = read_bytes(
        tmp_path, gzip.compress(b"1.2.3.4\n" * 70_000 + b"bad line\n" + b"1.2.3.4\n" * 9_000 + b"bad end")
    )
    assert [sample.line for sample in problems.samples] == [70_001, 79_002]


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_read_like_a_file(monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    content = b"1.2.3.4:1\n1.2.3.4:2\n"
    stream = io.TextIOWrapper(io.BytesIO(gzip.compress(content) if packed else content))
    monkeypatch.setattr(sys, "stdin", stream)
    assert shown(list(unpacked(["-"], Problems()))) == ["1.2.3.4:1", "1.2.3.4:2"]
    assert not stream.closed


def test_lists_are_read_one_after_another(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(f"{name}.example:1\nbad line\n")
    problems = Problems()
    entries = list(unpacked([str(tmp_path / "a"), str(tmp_path / "b")], problems))
    assert shown(entries) == ["a.example:1", "b.example:1"]
    assert [(Path(p.file).name, p.line) for p in problems.samples] == [("a", 2), ("b", 2)]


def test_a_list_that_cannot_be_read_to_its_end_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="none: there is no such list; name a file, or - for standard input"):
        list(read([str(tmp_path / "none")], PORTS, Problems()))
    with pytest.raises(ListError, match="this is a folder; name the lists in it"):
        list(read([str(tmp_path)], PORTS, Problems()))
    whole = gzip.compress(b"1.2.3.4\n" * 1000, mtime=0)
    for length in (3, 20, len(whole) - 1):
        with pytest.raises(ListError, match="the gzip file is cut off; copy it anew"):
            read_bytes(tmp_path, whole[:length])
    with pytest.raises(ListError, match="the gzip file is damaged"):
        read_bytes(tmp_path, whole[:-6] + b"zzzzzz")


def test_a_network_of_more_than_sixteen_million_addresses_is_refused(tmp_path: Path) -> None:
    assert shown(read_bytes(tmp_path, b"10.0.0.0/8")[0]) == ["4:a000000+16777216:11434,8000"]
    with pytest.raises(ListError, match=r"list\.txt:2: 10\.0\.0\.0/7 has 33,554,432 addresses.*; write the networks"):
        read_bytes(tmp_path, b"# wide\n10.0.0.0/7\n")
    with pytest.raises(ListError, match=r"list\.txt:1: 2001:db8::/64 has"):
        read_bytes(tmp_path, b"2001:db8::/64")
    with pytest.raises(ListError, match=r"list\.txt:1: ::/0 has 340,282,366,920,938,463,463,374,607,431,768,211,456 "):
        read_bytes(tmp_path, b"::/0\n")


def test_a_line_without_end_is_not_held_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "list.gz"
    with gzip.open(file, "wb", compresslevel=1) as out:
        out.write(b"1.2.3.4:1\n")
        for _ in range(64):
            out.write(b"x" * LONGEST_LINE)
        out.write(b"\n1.2.3.4:2\nbad line\n")
    problems = Problems()
    tracemalloc.start()
    entries = list(unpacked([str(file)], problems))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert shown(entries) == ["1.2.3.4:1", "1.2.3.4:2"]
    assert [p.line for p in problems.samples] == [2, 4]
    assert problems.samples[0].why == "the line is longer than 1048576 bytes; write one target on a line"
    assert peak < 8 * LONGEST_LINE


@settings(deadline=None)
@given(st.binary(max_size=300))
@example(b"\x1f\x8b")
@example(b"http://[\n[::1]:\n[]\n/\n://\n:\n1.2.3.4/\n[/1]:1\n::/0/0:1\nhttp://\xff")
def test_no_bytes_do_more_than_make_problems(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        entries, problems = read_bytes(tmp_path_factory.getbasetemp(), content)
    except ListError as error:
        assert "list.txt" in str(error)  # noqa: PT017  an error is one of two good ends
    else:
        lines = [line for line in content.split(b"\n") if line.strip() and not line.strip().startswith(b"#")]
        assert problems.count + len(entries) <= len(lines) * len(PORTS)


TOKENS = st.sampled_from(
    ["1.2.3.4", "::1", "[", "]", ":", "/", "24", "80", "http://", "@", "a.b", ".", "#", " ", "%", "\r"]
)


@settings(deadline=None)
@given(st.lists(TOKENS, max_size=8).map("".join))
def test_no_mix_of_the_forms_does_more_than_make_a_problem(tmp_path_factory: pytest.TempPathFactory, line: str) -> None:
    try:
        entries, problems = read_bytes(tmp_path_factory.getbasetemp(), line.encode())
    except ListError as error:
        assert "addresses" in str(error) or "not recognised" in str(error)  # noqa: PT017  an error is one of two good ends
    else:
        assert not (entries and problems.count)
        assert all(1 <= e.port <= 65535 for e in entries if isinstance(e, Target))
