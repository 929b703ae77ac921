"""The gate: what may be contacted, against tables and against a slow implementation with the standard library."""

from __future__ import annotations

import ipaddress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from census.facts import Outcome
from census.targets.addresses import Network
from census.targets.gate import Gate, canonical
from census.targets.scope import Scope
from census.targets.special import SPECIAL

OUT, OPTED = Outcome.OUT_OF_SCOPE, Outcome.OPTED_OUT


def scope_of(networks: list[str], exclude: list[str] | None = None, hosts: str = "", names: str = "") -> Scope:
    return Scope(
        reference="r", basis="b", contact="mailto:a@example.edu", info=None,
        valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31),
        networks=tuple(map(ipaddress.ip_network, networks)), hosts=frozenset(hosts.split()), ports=None,
        exclude=tuple(map(ipaddress.ip_network, exclude or [])), exclude_names=frozenset(names.split()),
        rate=1, rate_per_network=1, per_host=1, requests_per_host=1, details=True, text_hash="", source=Path("s.toml"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("networks", "address", "verdict"),
    [
        (["0.0.0.0/0"], "8.8.8.8", None),
        (["0.0.0.0/0"], "127.0.0.1", OUT),
        (["0.0.0.0/0"], "10.1.2.3", OUT),
        (["0.0.0.0/0"], "172.15.255.255", None),
        (["0.0.0.0/0"], "172.16.0.0", OUT),
        (["0.0.0.0/0"], "172.31.255.255", OUT),
        (["0.0.0.0/0"], "172.32.0.0", None),
        (["0.0.0.0/0"], "255.255.255.255", OUT),
        (["0.0.0.0/0", "127.0.0.0/8"], "127.200.0.1", None),
        (["0.0.0.0/0", "10.1.0.0/16"], "10.1.0.1", None),
        (["0.0.0.0/0", "10.1.0.0/16"], "10.2.0.1", OUT),
        (["126.0.0.0/7"], "127.0.0.1", OUT),
        (["126.0.0.0/7"], "126.0.0.1", None),
        (["224.0.0.0/3"], "225.0.0.1", OUT),
        (["192.0.0.0/24"], "192.0.0.9", None),
        (["8.8.8.0/24"], "8.8.9.0", OUT),
        (["8.8.8.8"], "8.8.8.8", None),
        (["8.8.8.0/24"], "::ffff:8.8.8.8", None),
        (["8.8.8.0/24"], "::ffff:8.8.9.9", OUT),
        (["::/0"], "::ffff:8.8.8.8", OUT),
        (["::/0"], "::1", OUT),
        (["::1"], "::1", None),
        (["::/0"], "2606:4700::1", None),
        (["::/0"], "2001:db8::1", OUT),
        (["::/0"], "fe80::1", OUT),
        (["fd00::/8"], "fd00::1", None),
        (["0.0.0.0/0"], "2606:4700::1", OUT),
    ],
)
def test_an_address_is_in_scope_or_not(networks: list[str], address: str, verdict: Outcome | None) -> None:
    gate = Gate(scope_of(networks))
    assert gate.verdict(address) is verdict
    assert gate.verdict(ipaddress.ip_address(address)) is verdict


def test_an_opt_out_wins_over_everything() -> None:
    gate = Gate(scope_of(["8.8.8.0/24"], exclude=["8.8.8.0/28", "9.0.0.0/8"]), ["8.8.8.77", "::1", "7.7.0.0/16"])
    verdicts = [gate.verdict(a) for a in ("8.8.8.15", "8.8.8.16", "8.8.8.77", "9.1.1.1", "::1", "7.7.7.7", "7.8.0.0")]
    assert verdicts == [OPTED, None, OPTED, OPTED, OPTED, OPTED, OUT]
    assert gate.verdict("::ffff:8.8.8.77") is OPTED


def test_an_opt_out_that_cannot_be_read_is_not_lost_in_silence() -> None:
    with pytest.raises(ValueError, match=r"has host bits set; write 10\.0\.0\.0/8"):
        Gate(scope_of(["8.8.8.0/24"]), ["10.0.0.1/8"])


def test_names_are_in_scope_by_the_list_and_opt_outs_cover_what_is_below_them() -> None:
    gate = Gate(
        scope_of(["8.8.8.0/24"], hosts="llm.example.edu a.b.example.org", names="example.org"), ["Bad.Example.com."]
    )
    assert gate.verdict_name("LLM.Example.edu.") is None
    assert gate.verdict_name("example.edu") is OUT
    assert gate.verdict_name("x.llm.example.edu") is OUT
    assert gate.verdict_name("a.b.example.org") is OPTED
    assert gate.verdict_name("notexample.org") is OUT
    assert gate.verdict_name("bad.example.com") is OPTED
    assert gate.verdict_name("") is OUT


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("1.2.3.4", "1.2.3.4"),
        ("::1.2.3.4", "::102:304"),
    ],
)
def test_an_address_has_one_text(text: str, one: str) -> None:
    assert canonical(text) == one


@pytest.mark.parametrize(
    "text", ["fe80::1%eth0", "1.2.3", "01.2.3.4", "1.2.3.4 ", "", "host", "1.2.3.4\0", "[::1]", "٣.1.1.1"]
)
def test_nonsense_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"; (write one such as|leave out the % part)"):
        canonical(text)
    with pytest.raises(ValueError, match=r"address|zone"):
        Gate(scope_of(["8.8.8.0/24"])).verdict(text)


def slow_verdict(scope: Scope, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Outcome | None:
    address = getattr(address, "ipv4_mapped", None) or address
    holding = [n for n in scope.networks if address in n]
    if any(address in n for n in scope.exclude):
        return OPTED

    def opens(network: Network) -> bool:
        blocks = [s.network for s in SPECIAL if address in s.network]
        inside = any(network.subnet_of(b) for b in blocks if b.version == network.version)  # type: ignore[arg-type]
        return inside or not blocks

    return None if any(map(opens, holding)) else OUT


# Addresses near the borders of special blocks, and networks that hold some of them: where mistakes would be.
BORDERS = sorted(
    {
        ipaddress.ip_address(value) if s.network.version == 4 else ipaddress.IPv6Address(value)
        for s in SPECIAL
        for value in (int(s.network[0]) - 1, int(s.network[0]), int(s.network[-1]), int(s.network[-1]) + 1)
        if 0 <= value < (1 << s.network.max_prefixlen)
    },
    key=lambda a: (a.version, int(a)),
)
ADDRESSES = st.one_of(st.sampled_from(BORDERS), st.ip_addresses())
NETWORKS = st.builds(
    lambda address, cut: str(ipaddress.ip_network((address, cut % (address.max_prefixlen + 1)), strict=False)),
    ADDRESSES,
    st.integers(0, 128),
).filter(lambda n: not ipaddress.ip_network(n).overlaps(ipaddress.ip_network("::ffff:0:0/96")) if ":" in n else True)


@settings(deadline=None)
@given(st.lists(NETWORKS, max_size=6), st.lists(NETWORKS, max_size=4), st.lists(ADDRESSES, min_size=1, max_size=10))
def test_the_gate_agrees_with_a_slow_one(
    networks: list[str], exclude: list[str], addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address]
) -> None:
    scope = scope_of(networks, exclude)
    gate = Gate(scope)
    for address in addresses:
        assert gate.verdict(str(address)) is slow_verdict(scope, address)
