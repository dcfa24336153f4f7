"""
Exact sets of addresses, protocols and ports, as boxes.

A box is one interval of addresses of one family, one protocol and one interval of ports. A set is a list of boxes
that do not overlap. Every operation is exact: nothing is sampled, so "empty" means that no packet is left.
"""

import ipaddress
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The addresses from *low* to *high*, both included. *family* is 4 or 6."""

    family: int
    low: int
    high: int

    def __str__(self) -> str:
        make = ipaddress.IPv4Address if self.family == 4 else ipaddress.IPv6Address
        networks = list(ipaddress.summarize_address_range(make(self.low), make(self.high)))
        return str(networks[0]) if len(networks) == 1 else f"{make(self.low)}-{make(self.high)}"


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """Packets to (or from) *span* over *protocol* on the ports from *first* to *last*."""

    span: Span
    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.span} {self.protocol}/{ports}"

    def example(self) -> str:
        """One packet of the box, as ``address protocol/port``."""
        return f"{address_text(self.span.family, self.span.low)} {self.protocol}/{self.first}"


def address_text(family: int, value: int) -> str:
    """The address *value* as people write it."""
    return str(ipaddress.IPv4Address(value) if family == 4 else ipaddress.IPv6Address(value))


@lru_cache(maxsize=4096)
def span(cidr: str) -> Span:
    """
    The addresses of a CIDR, or of a single address; host bits are masked away as Kubernetes does.

    Raises:
        ValueError: not a CIDR, or one that different readers take differently (leading zeros, IPv4 mapped into IPv6).
    """
    network = ipaddress.ip_network(cidr, strict=False)
    if network.version == 6 and ipaddress.ip_network("::ffff:0:0/96").supernet_of(network):  # type: ignore[arg-type]
        raise ValueError(f"{cidr} is an IPv4 address mapped into IPv6")
    return Span(network.version, int(network.network_address), int(network.broadcast_address))


EVERYWHERE: Final = (span("0.0.0.0/0"), span("::/0"))


def spans(cidrs: Iterable[str]) -> tuple[Span, ...]:
    """The union of *cidrs*, as sorted spans that neither overlap nor touch."""
    return union_spans(span(cidr) for cidr in cidrs)


def union_spans(many: Iterable[Span]) -> tuple[Span, ...]:
    """The union of *many*, as sorted spans that neither overlap nor touch."""
    merged: list[Span] = []
    for one in sorted(many):
        if merged and merged[-1].family == one.family and one.low <= merged[-1].high + 1:
            merged[-1] = Span(one.family, merged[-1].low, max(merged[-1].high, one.high))
        else:
            merged.append(one)
    return tuple(merged)


def subtract_spans(many: Iterable[Span], holes: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of *many* without *holes*."""
    cut = union_spans(holes)
    left: list[Span] = []
    for one in union_spans(many):
        low = one.low
        for hole in cut:
            if hole.family != one.family or hole.high < low or hole.low > one.high:
                continue
            if hole.low > low:
                left.append(Span(one.family, low, hole.low - 1))
            low = hole.high + 1
        if low <= one.high:
            left.append(Span(one.family, low, one.high))
    return tuple(left)


def intersect_spans(some: Iterable[Span], others: Iterable[Span]) -> tuple[Span, ...]:
    """What *some* and *others* share."""
    others = tuple(others)
    return union_spans(
        Span(a.family, max(a.low, b.low), min(a.high, b.high))
        for a in some
        for b in others
        if a.family == b.family and a.low <= b.high and b.low <= a.high
    )


def boxes(where: Iterable[Span], protocol: str, first: int, last: int) -> list[Box]:
    """The boxes of *where* over one protocol and one interval of ports."""
    return [Box(one, protocol, first, last) for one in where]


def union(many: Iterable[Box]) -> tuple[Box, ...]:
    """
    The same packets as *many*, in boxes that do not overlap, cut the same way whatever the order of *many*.

    Two sets hold the same packets exactly if their unions are equal.
    """
    grouped: dict[str, list[Box]] = {}
    for box in many:
        grouped.setdefault(box.protocol, []).append(box)
    slices: list[tuple[str, int, int, tuple[Span, ...]]] = []
    for protocol in sorted(grouped):
        edges = sorted({e for box in grouped[protocol] for e in (box.first, box.last + 1)})
        for first, after in itertools.pairwise(edges):
            where = union_spans(box.span for box in grouped[protocol] if box.first <= first and after - 1 <= box.last)
            if not where:
                continue
            if slices and slices[-1][0] == protocol and slices[-1][2] == first - 1 and slices[-1][3] == where:
                slices[-1] = (protocol, slices[-1][1], after - 1, where)
            else:
                slices.append((protocol, first, after - 1, where))
    return tuple(Box(one, protocol, first, last) for protocol, first, last, where in slices for one in where)


def _without(box: Box, hole: Box) -> Iterator[Box]:
    a, b = box.span, hole.span
    if box.protocol != hole.protocol or a.family != b.family or hole.last < box.first or hole.first > box.last:
        yield box
        return
    if b.high < a.low or b.low > a.high:
        yield box
        return
    if box.first < hole.first:
        yield Box(a, box.protocol, box.first, hole.first - 1)
    if hole.last < box.last:
        yield Box(a, box.protocol, hole.last + 1, box.last)
    first, last = max(box.first, hole.first), min(box.last, hole.last)
    if a.low < b.low:
        yield Box(Span(a.family, a.low, b.low - 1), box.protocol, first, last)
    if b.high < a.high:
        yield Box(Span(a.family, b.high + 1, a.high), box.protocol, first, last)


def subtract(many: Iterable[Box], holes: Iterable[Box]) -> tuple[Box, ...]:
    """The packets of *many* that are in none of *holes*."""
    left = list(many)
    for hole in holes:
        left = [piece for box in left for piece in _without(box, hole)]
    return union(left)


def intersect(some: Iterable[Box], others: Iterable[Box]) -> tuple[Box, ...]:
    """The packets that *some* and *others* share."""
    others = tuple(others)
    return union(
        Box(shared, a.protocol, max(a.first, b.first), min(a.last, b.last))
        for a in some
        for b in others
        if a.protocol == b.protocol and a.first <= b.last and b.first <= a.last
        for shared in intersect_spans((a.span,), (b.span,))
    )


# Space that is not the public Internet, frozen here because the standard library's table differs between patch
# releases. IPv4: IANA special-purpose registry, multicast and reserved space, and the address of one cloud's own
# platform services.
SPECIAL_V4: Final = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/3",
)  # fmt: skip
# IPv6: only 2000::/3 is handed out, and these parts of it are not the Internet.
_GLOBAL_V6: Final = "2000::/3"
_SPECIAL_INSIDE_GLOBAL_V6: Final = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
SPECIAL: Final = union_spans(
    (
        *spans(SPECIAL_V4),
        *subtract_spans(spans(["::/0"]), spans([_GLOBAL_V6])),
        *spans(_SPECIAL_INSIDE_GLOBAL_V6),
    )
)
