"""
Addresses that are never "the internet", as a frozen table.

Python's `ipaddress.is_global` is not used: it changes with patch releases, and the output must not. The table follows
the IANA special-purpose registries and RFC 6890; 168.63.129.16 is the platform address of Azure's hosts, 224.0.0.0/3 is
multicast and everything reserved above it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from agentkeep.core.cluster import IpFamily
from agentkeep.core.facts import Network

SPECIAL_IPV4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
)
# Only 2000::/3 is global unicast, so that alone is opened, less what is special inside it.
SPECIAL_IPV6 = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

WHOLE: dict[IpFamily, str] = {"IPv4": "0.0.0.0/0", "IPv6": "2000::/3"}
_SPECIAL: dict[IpFamily, tuple[str, ...]] = {"IPv4": SPECIAL_IPV4, "IPv6": SPECIAL_IPV6}


def internet_blocks(families: Sequence[IpFamily], own: Sequence[Network]) -> list[tuple[str, list[str]]]:
    """
    "The internet" as the CIDR and exceptions of an ipBlock, one for each family.

    Args:
        families: What the cluster speaks. A family that is not named is opened to nobody.
        own: The cluster's pods, services and nodes; taken out even where they are public space.

    Returns:
        ``[(cidr, exceptions), ...]``. Exceptions are sorted, and none lies inside another: Kubernetes would accept
        that, but a reader would have to wonder why. Each lies inside the CIDR, which Kubernetes demands.
    """
    blocks = []
    for family in sorted(families):
        whole = ipaddress.ip_network(WHOLE[family])
        known = [ipaddress.ip_network(cidr) for cidr in _SPECIAL[family]]
        known += [network for network in own if network.version == whole.version]
        inside = {network for network in known if network.subnet_of(whole)}  # type: ignore[arg-type]  # one family each
        outermost = [a for a in inside if not any(a != b and a.subnet_of(b) for b in inside)]  # type: ignore[arg-type]  # one family each
        blocks.append(
            (
                str(whole),
                [str(network) for network in sorted(outermost, key=lambda n: (int(n.network_address), n.prefixlen))],
            )
        )
    return blocks
