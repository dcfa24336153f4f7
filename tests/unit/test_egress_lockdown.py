"""The network as it is declared: a flow has a reason, and there are no others."""

from typing import Any

import pytest

from agentkeep import DeclarationError, EgressLockdown, Image, Internet, Inward, Port, Range
from agentkeep.core.edges import DnsPods
from agentkeep.core.workload import Workload
from agentkeep.testing import demo_platform
from tests.worlds import fields, refusals, world


def test_the_internet_means_443_and_names() -> None:
    built = world()
    flow = built.lockdown.allow(built.agent, Internet.https(), because="web search")

    assert (flow.port.number, flow.port.protocol, flow.ledger_names) == (443, "TCP", ("internet",))
    assert {one.port.protocol for one in built.agent.flows if isinstance(one.to, DnsPods)} == {"TCP", "UDP"}


def test_another_workload_may_be_reached_at_a_port_that_it_has() -> None:
    built = world()
    board = Workload(built.platform, "board", ports={"http": Port.tcp(8080)})
    built.lockdown.allow(built.agent, Inward(board, Port.tcp(8080)), because="the board")

    assert refusals(built.platform) == []
    assert [flow.source.id for flow in board.inbound] == ["agent"]


def test_allowing_twice_for_one_reason_is_one_flow() -> None:
    built = world()
    for _ in range(2):
        built.lockdown.allow(built.agent, Internet.https(), because="web search")

    assert [flow.ledger_names for flow in built.agent.flows].count(("internet",)) == 1
    assert refusals(built.platform) == []


@pytest.mark.parametrize(
    ("source", "to", "problem"),
    [
        ("agent", Internet.https(), "allow() was given a str"),
        (None, "0.0.0.0/0", "allow() was given a str as destination"),
        (None, None, "allow() was given a NoneType as destination"),
        (None, DnsPods(Port.udp(53)), "allow() was given a DnsPods as destination"),
    ],
)
def test_refuses_a_bad_call_on_the_spot(source: Any, to: Any, problem: str) -> None:
    built = world()
    before = built.platform.flows
    with pytest.raises(DeclarationError) as caught:
        built.lockdown.allow(source or built.agent, to, because="x")

    assert fields(caught.value)[:2] == ("demo/lockdown", problem)
    assert built.platform.flows == before


def test_flows_come_in_an_order_of_their_own() -> None:
    first, second = world(), world()
    ranges = [Range(cidrs=(cidr,), port=Port.tcp(443)) for cidr in ("203.0.113.0/24", "198.51.100.0/24")]
    for to in ranges:
        first.lockdown.allow(first.agent, to, because="x")
    for to in reversed(ranges):
        second.lockdown.allow(second.agent, to, because="x")

    assert [flow.ledger_names for flow in first.agent.flows] == [flow.ledger_names for flow in second.agent.flows]


def test_one_lockdown_covers_the_namespace() -> None:
    keep = demo_platform()
    EgressLockdown(keep)
    EgressLockdown(keep, "again")

    assert ("demo/again", "a second EgressLockdown", "keep one; it covers the whole namespace") in refusals(keep)


# --- the check inside of the cluster ---------------------------------------------------------------------------------

BUSYBOX = Image("busybox:1.37.0")


def test_the_check_has_the_flows_of_its_workload_and_tries_what_must_not_be() -> None:
    built = world()
    check = built.lockdown.check_in_cluster(built.agent, image=BUSYBOX, reaches=["discord.com:443"])
    built.lockdown.allow(built.agent, Internet.https(), because="declared after the check")
    built.platform.seal()

    assert {flow.ledger_names for flow in check.flows} == {flow.ledger_names for flow in built.agent.flows}
    assert check.must_reach == ("llm.demo.svc.cluster.local:4000", "discord.com:443")
    assert {"192.168.1.10:6443", "10.96.0.1:443", "169.254.169.254:80"} <= {*check.must_not_reach}
    assert check.grants == ()


@pytest.mark.parametrize(
    ("keywords", "problem"),
    [
        ({"image": Image("busybox:latest")}, "image 'busybox:latest' has no fixed version"),
        ({"reaches": ["discord.com"]}, "'discord.com' is no host:port"),
        ({"reaches": ["a;reboot:1"]}, "'a;reboot:1' is no host:port"),
        ({"never": ["db.internal:5432"]}, "never='db.internal:5432' is a name"),
    ],
)
def test_refuses_a_check_that_proves_nothing(keywords: dict[str, Any], problem: str) -> None:
    built = world()
    given: dict[str, Any] = {"image": BUSYBOX} | keywords
    built.lockdown.check_in_cluster(built.agent, **given)

    assert ("demo/agent-check", problem) in [(path, said) for path, said, _ in refusals(built.platform)]
