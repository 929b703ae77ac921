"""Shards as they are written on the command line."""

from __future__ import annotations

import pytest

from census.targets.shards import parse_shard


def test_a_shard_is_read() -> None:
    assert parse_shard("2/5") == (2, 5)
    assert parse_shard(" 1 / 1 ") == (1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2", "'2' is no shard; write I/N, such as 2/5 for the second of five"),
        ("a/b", "'a/b' is no shard; write I/N, such as 2/5 for the second of five"),
        ("-1/5", "'-1/5' is no shard; write I/N, such as 2/5 for the second of five"),
        ("0/5", "'0/5' is no shard; with N = 5 write I from 1 to 5"),
        ("6/5", "'6/5' is no shard; with N = 5 write I from 1 to 5"),
        ("1/0", "'1/0' is no shard; N counts the machines; write 1 or more behind the slash"),
    ],
)
def test_what_is_no_shard_is_refused_with_a_remedy(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="shard") as caught:
        parse_shard(text)
    assert str(caught.value) == message
