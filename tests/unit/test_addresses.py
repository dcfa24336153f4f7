"""What "the internet" is: at every border of every block, nothing special inside and nothing public outside."""

import ipaddress
from itertools import pairwise

import pytest

from agentkeep.core.cluster import IpFamily
from agentkeep.core.facts import Network
from agentkeep.egress_lockdown.addresses import SPECIAL_IPV4, SPECIAL_IPV6, internet_blocks

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
FAMILIES: tuple[IpFamily, ...] = ("IPv4", "IPv6")
# Typed by hand from RFC 6890 and the registries behind it, apart from the table that is tested.
NEVER = {
    "this network": "0.1.2.3", "private": "10.0.0.1", "shared": "100.64.0.1", "loopback": "127.0.0.1",
    "Azure's platform": "168.63.129.16", "link-local": "169.254.1.1", "metadata": "169.254.169.254",
    "private, middle": "172.16.0.1", "private, end of the middle": "172.31.255.255", "protocol": "192.0.0.1",
    "documentation": "192.0.2.1", "6to4 relay": "192.88.99.1", "private, small": "192.168.10.99",
    "benchmark": "198.18.0.1", "documentation 2": "198.51.100.7", "documentation 3": "203.0.113.7",
    "multicast": "224.0.0.1", "reserved": "240.0.0.1", "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1", "IPv6 mapped": "::ffff:10.0.0.1", "IPv6 NAT64": "64:ff9b::a00:1",
    "IPv6 local": "fd00::1", "IPv6 link-local": "fe80::1", "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1", "IPv6 documentation 2": "3fff::1", "Teredo": "2001::1",
    "6to4": "2002:a00:1::1",
}  # fmt: skip
PUBLIC = {
    "a resolver": "1.1.1.1", "another": "8.8.8.8", "above 10/8": "11.0.0.0", "below 100.64/10": "100.63.255.255",
    "above it": "100.128.0.0", "beside Azure's": "168.63.129.17", "below 172.16/12": "172.15.255.255",
    "above 172.16/12": "172.32.0.0", "above 192.168/16": "192.169.0.0", "below multicast": "223.255.255.255",
    "Anthropic": "160.79.104.10", "Anthropic by IPv6": "2607:6bc0::10", "Cloudflare by IPv6": "2606:4700::1111",
    "the last of 2000::/3": "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
}  # fmt: skip


def covers(blocks: list[tuple[str, list[str]]], address: Address) -> bool:
    return any(
        address in ipaddress.ip_network(cidr) and not any(address in ipaddress.ip_network(one) for one in exceptions)
        for cidr, exceptions in blocks
    )


@pytest.mark.parametrize("address", NEVER.values(), ids=NEVER.keys())
def test_is_not_the_internet(address: str) -> None:
    assert not covers(internet_blocks(FAMILIES, []), ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.values(), ids=PUBLIC.keys())
def test_is_the_internet(address: str) -> None:
    assert covers(internet_blocks(FAMILIES, []), ipaddress.ip_address(address))


@pytest.mark.parametrize("own", ["192.178.0.0/16", "2a00:1450::/32"])
def test_the_clusters_own_networks_are_not_the_internet_even_in_public_space(own: str) -> None:
    network: Network = ipaddress.ip_network(own)
    blocks = internet_blocks(FAMILIES, [network])

    for address in (network[0], network[-1]):
        assert not covers(blocks, address)
    for address in (network[0] - 1, network[-1] + 1):
        assert covers(blocks, address)


def test_a_family_that_the_cluster_does_not_speak_is_opened_to_nobody() -> None:
    assert [cidr for cidr, _ in internet_blocks(("IPv4",), [])] == ["0.0.0.0/0"]
    assert [cidr for cidr, _ in internet_blocks(("IPv6",), [])] == ["2000::/3"]


def test_every_exception_lies_inside_and_none_inside_another() -> None:
    own = [ipaddress.ip_network(cidr) for cidr in ("10.244.0.0/16", "192.178.0.0/16", "fd00::/64", "2001:db8:1::/64")]
    for cidr, exceptions in internet_blocks(FAMILIES, own):
        whole = ipaddress.ip_network(cidr)
        networks = [ipaddress.ip_network(one) for one in exceptions]

        assert {one.version for one in networks} == {whole.version}
        assert all(one[0] in whole and one[-1] in whole and one != whole for one in networks)
        assert all(first[-1] < second[0] for first, second in pairwise(networks))  # type: ignore[operator]  # one version


@pytest.mark.parametrize("cidr", [*SPECIAL_IPV4, *SPECIAL_IPV6])
def test_the_table_has_no_host_bits(cidr: str) -> None:
    assert str(ipaddress.ip_network(cidr)) == cidr
