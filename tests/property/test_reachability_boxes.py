"""Sets of packets are exact: every operation agrees with plain sets on a world small enough to list."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkeep.verify.intervals import (
    SPECIAL,
    Box,
    Span,
    intersect,
    intersect_spans,
    span,
    spans,
    subtract,
    subtract_spans,
    union,
    union_spans,
)

pytestmark = pytest.mark.property

Packet = tuple[int, int, str, int]

span_strategy = st.builds(
    lambda family, a, b: Span(family, min(a, b), max(a, b)),
    st.sampled_from((4, 6)),
    st.integers(0, 7),
    st.integers(0, 7),
)
box_strategy = st.builds(
    lambda s, protocol, a, b: Box(s, protocol, min(a, b), max(a, b)),
    span_strategy,
    st.sampled_from(("TCP", "UDP")),
    st.integers(0, 5),
    st.integers(0, 5),
)
many_boxes = st.lists(box_strategy, max_size=6)
many_spans = st.lists(span_strategy, max_size=6)


def listed(many: "list[Box] | tuple[Box, ...]") -> set[Packet]:
    return {
        (box.span.family, address, box.protocol, port)
        for box in many
        for address in range(box.span.low, box.span.high + 1)
        for port in range(box.first, box.last + 1)
    }


def addresses(many: "list[Span] | tuple[Span, ...]") -> set[tuple[int, int]]:
    return {(one.family, address) for one in many for address in range(one.low, one.high + 1)}


@given(many_boxes, many_boxes)
@settings(max_examples=400, deadline=None)
def test_box_operations_are_set_operations(some: list[Box], others: list[Box]) -> None:
    assert listed(union([*some, *others])) == listed(some) | listed(others)
    assert listed(subtract(some, others)) == listed(some) - listed(others)
    assert listed(intersect(some, others)) == listed(some) & listed(others)


@given(many_boxes)
@settings(max_examples=300, deadline=None)
def test_union_does_not_overlap_and_is_canonical(some: list[Box]) -> None:
    found = union(some)

    assert sum(len(listed([box])) for box in found) == len(listed(found))
    assert found == union(reversed(some)) == union(found)
    assert (found == union(listed_back(listed(some)))) is True


def listed_back(packets: set[Packet]) -> list[Box]:
    return [Box(Span(family, a, a), protocol, port, port) for family, a, protocol, port in packets]


@given(many_spans, many_spans)
@settings(max_examples=400, deadline=None)
def test_span_operations_are_set_operations(some: list[Span], others: list[Span]) -> None:
    assert addresses(union_spans(some)) == addresses(some)
    assert addresses(subtract_spans(some, others)) == addresses(some) - addresses(others)
    assert addresses(intersect_spans(some, others)) == addresses(some) & addresses(others)


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "100.64.0.1", "127.0.0.1", "168.63.129.16", "169.254.169.254", "172.31.255.255", "192.168.1.1",
     "198.19.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.1", "::1", "fd00::1", "fe80::1", "2002::1", "2001:db8::1",
     "64:ff9b::1", "3fff::1", "ff02::1", "::"],
)  # fmt: skip
def test_special_space_is_special(address: str) -> None:
    assert intersect_spans([span(address)], SPECIAL)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "168.63.129.17", "100.128.0.0", "2606:4700::1", "2a00::1"])
def test_the_internet_is_not_special(address: str) -> None:
    assert not intersect_spans([span(address)], SPECIAL)


@pytest.mark.parametrize("text", ["010.0.0.0/8", "::ffff:10.0.0.0/104", "1.2.3/24", "1.2.3.4/33", "", "everything"])
def test_refuses_addresses_that_readers_take_differently(text: str) -> None:
    with pytest.raises(ValueError):  # each has its own text, from the standard library
        span(text)


def test_adjacent_networks_become_one() -> None:
    assert spans(["10.0.0.0/9", "10.128.0.0/9"]) == (span("10.0.0.0/8"),)
    assert str(spans(["10.0.0.0/8"])[0]) == "10.0.0.0/8"
    assert list(itertools.chain(spans([]))) == []
