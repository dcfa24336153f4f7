"""The network as it is declared: a flow has a reason, and there are no others."""

from typing import Any

import pytest

from agentkeep import Cluster, DeclarationError, EgressLockdown, Image, Internet, Inward, Neighbour, Port, Range
from agentkeep.core.edges import Beside, Dns, Flow
from agentkeep.core.workload import Workload
from agentkeep.testing import DEMO_CLUSTER, demo_platform
from tests.worlds import Worker, World, fields, refusals, world

NEXT_DOOR = Neighbour("models", labels={"app": "server"}, port=Port.tcp(8080))


def flows(built: World, workload: str = "agent") -> list[tuple[tuple[str, ...], int, str]]:
    return [(flow.ledger_names, flow.port.number, flow.port.protocol) for flow in built.model.flows(workload)]


NAMES = [(("dns",), 53, "TCP"), (("dns",), 53, "UDP")]


def test_the_internet_means_443_and_names() -> None:
    built = world()
    flow = built.lockdown.allow(built.agent, Internet.https(), because="web search")

    assert (flow.port.number, flow.port.protocol, flow.ledger_names) == (443, "TCP", ("internet",))
    assert {one.port.protocol for one in built.model.flows("agent") if isinstance(one.to, Dns)} == {"TCP", "UDP"}


def test_another_workload_may_be_reached_at_a_port_that_it_has() -> None:
    built = world()
    Worker(built.platform, "board", ports={"http": Port.tcp(8080)})
    built.lockdown.allow(built.agent, Inward("board", Port.tcp(8080)), because="the board")

    assert refusals(built.platform) == []
    assert [flow.source for flow in built.model.inbound("board")] == ["agent"]


def test_allowing_twice_for_one_reason_is_one_flow() -> None:
    built = world()
    for _ in range(2):
        built.lockdown.allow(built.agent, Internet.https(), because="web search")

    assert [flow.ledger_names for flow in built.model.flows("agent")].count(("internet",)) == 1
    assert refusals(built.platform) == []


@pytest.mark.parametrize(
    ("source", "to", "problem"),
    [
        ("agent", Internet.https(), "allow() was given a str"),
        (None, "0.0.0.0/0", "allow() was given a str as destination"),
        (None, None, "allow() was given None as destination"),
        (None, Dns(Port.udp(53)), "allow() was given a Dns as destination"),
        (None, Beside(NEXT_DOOR, Port.tcp(8080)), "allow() was given a Beside as destination"),
        (None, Neighbour("models", labels={"app": "x"}), "the Neighbour 'models' has no port to connect to"),
    ],
)
def test_refuses_a_bad_call_on_the_spot(source: Any, to: Any, problem: str) -> None:
    built = world()
    before = built.model.all_flows
    with pytest.raises(DeclarationError) as caught:
        built.lockdown.allow(source or built.agent, to, because="x")

    assert fields(caught.value)[:2] == ("demo/lockdown", problem)
    assert built.model.all_flows == before


def test_flows_come_in_an_order_of_their_own() -> None:
    first, second = world(), world()
    ranges = [Range(cidrs=(cidr,), port=Port.tcp(443)) for cidr in ("203.0.113.0/24", "198.51.100.0/24")]
    for to in ranges:
        first.lockdown.allow(first.agent, to, because="x")
    for to in reversed(ranges):
        second.lockdown.allow(second.agent, to, because="x")

    assert flows(first) == flows(second)
    assert (("cidr:198.51.100.0/24",), 443, "TCP") in flows(first)


def test_an_agent_that_is_served_may_ask_for_names() -> None:
    built = world()

    assert [*flows(built)] == [(("llm",), 4000, "TCP"), *NAMES]


def test_one_lockdown_covers_the_namespace() -> None:
    keep = demo_platform()
    EgressLockdown(keep)
    EgressLockdown(keep, "again")

    assert ("demo/again", "a second EgressLockdown", "keep one; it covers the whole namespace") in refusals(keep)


# --- a workload as destination ---------------------------------------------------------------------------------------


def test_a_workload_with_one_port_says_it_all() -> None:
    built = world()
    redis = Worker(built.platform, "redis", ports={"redis": Port.tcp(6379)})
    flow = built.lockdown.allow(built.agent, redis, because="its queue")

    assert flow == Flow("agent", Inward("redis", Port.tcp(6379)), "its queue")
    assert built.model.inbound("redis") == (flow,)
    assert refusals(built.platform) == []


@pytest.mark.parametrize("port", ["metrics", 9121])
def test_of_several_ports_one_is_named(port: str | int) -> None:
    built = world()
    redis = Worker(built.platform, "redis", ports={"redis": Port.tcp(6379), "metrics": Port.tcp(9121)})
    flow = built.lockdown.allow(built.agent, redis.at(port), because="its counters")

    assert flow.to == Inward("redis", Port.tcp(9121))
    assert refusals(built.platform) == []


@pytest.mark.parametrize(("ports", "many"), [({"redis": Port.tcp(6379), "metrics": Port.tcp(9121)}, "2"), ({}, "no")])
def test_a_workload_with_several_ports_or_none_is_asked_for_one(ports: dict[str, Port], many: str) -> None:
    built = world()
    redis = Worker(built.platform, "redis", ports=ports)
    with pytest.raises(DeclarationError) as caught:
        built.lockdown.allow(built.agent, redis, because="its queue")

    assert fields(caught.value) == ("demo/lockdown", f"'redis' has {many} ports", "say which: redis.at('NAME')")
    assert built.model.inbound("redis") == ()


@pytest.mark.parametrize("port", ["metrics", 80])
def test_a_port_that_a_workload_does_not_have_is_refused_where_it_is_named(port: str | int) -> None:
    with pytest.raises(DeclarationError) as caught:
        world().llm.at(port)

    assert fields(caught.value) == ("demo/llm", f"has no port {port!r}", "use one of ['http']")


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        (Inward("llm", Port.tcp(1)), "'llm' has no port 1/TCP"),
        (Inward("llm", Port.udp(4000)), "'llm' has no port 4000/UDP"),
        (Inward("nobody", Port.tcp(80)), "a flow cannot leave the platform for another"),
    ],
)
def test_what_a_destination_does_not_have_is_refused_and_not_recorded(to: Inward, problem: str) -> None:
    built = world()
    before = built.model.all_flows
    built.lockdown.allow(built.agent, to, because="x")

    assert built.model.all_flows == before
    assert [said for _, said, _ in refusals(built.platform)] == [problem]


def test_a_workload_of_another_platform_is_no_destination() -> None:
    built, other = world(), world(platform=demo_platform("other"))
    before = built.model.all_flows
    built.lockdown.allow(built.agent, other.llm, because="x")
    built.lockdown.allow(other.agent, built.llm, because="y")

    assert built.model.all_flows == before
    assert refusals(built.platform) == [
        ("demo/lockdown", "a flow cannot leave the platform for another", "use Internet or Range")
    ]


# --- neighbours ------------------------------------------------------------------------------------------------------


def test_a_neighbour_may_be_reached_by_name() -> None:
    built = world()
    flow = built.lockdown.allow(built.agent, NEXT_DOOR, because="the model next door")

    assert flow == Flow("agent", Beside(NEXT_DOOR, Port.tcp(8080)), "the model next door")
    assert (("neighbour:models",), 8080, "TCP") in flows(built)
    assert {*NAMES} < {*flows(built)}
    assert refusals(built.platform) == []
    assert built.model.neighbours == (NEXT_DOOR,)


def test_a_neighbour_may_come_in() -> None:
    built = world()
    scraper = Neighbour("monitoring", labels={"app": "prometheus"})
    flow = built.lockdown.allow(scraper, built.llm, because="metrics")

    assert built.model.inbound("llm")[-1] == flow
    assert (flow.source, flow.source_name, flow.to) == (scraper, "neighbour:monitoring", built.llm.at("http"))
    # It asks its own namespace's resolver, by its own policies.
    assert [one.ledger_names for one in built.model.flows("neighbour:monitoring")] == [("llm",)]
    assert refusals(built.platform) == []


@pytest.mark.parametrize("to", [Internet.https(), NEXT_DOOR, Range(cidrs=("203.0.113.0/24",), port=Port.tcp(443))])
def test_what_a_neighbour_does_elsewhere_is_not_declared_here(to: Any) -> None:
    built = world()
    before = built.model.all_flows
    built.lockdown.allow(Neighbour("monitoring", labels={"app": "prometheus"}), to, because="x")

    assert built.model.all_flows == before
    assert refusals(built.platform) == [
        (
            "demo/lockdown",
            "a flow from the neighbour 'monitoring' to somewhere outside",
            "let it connect to a workload",
        )
    ]


PREFIX = "demo/neighbour:"


@pytest.mark.parametrize(
    ("neighbour", "path", "problem"),
    [
        (
            Neighbour("models", labels={}, port=Port.tcp(80)),
            f"{PREFIX}models",
            "the Neighbour 'models' has no labels, so every pod of its namespace would count",
        ),
        (
            Neighbour("My Models", labels={"app": "x"}, port=Port.tcp(80), id="models"),
            f"{PREFIX}models",
            "namespace of a Neighbour 'My Models' is not a DNS label",
        ),
        (
            Neighbour("models", labels={"app": "x"}, port=Port.tcp(80), id="My Models"),
            f"{PREFIX}My Models",
            "id of a Neighbour 'My Models' is not a DNS label",
        ),
        (
            Neighbour("demo", labels={"app": "x"}, port=Port.tcp(80), id="agent-2"),
            f"{PREFIX}agent-2",
            "a Neighbour of this platform's own namespace",
        ),
        (Neighbour("models", labels={"app": "x"}, port=Port.tcp(0)), "demo/lockdown", "0 is not a port"),
    ],
)
def test_judges_a_neighbour(neighbour: Neighbour, path: str, problem: str) -> None:
    built = world()
    built.lockdown.allow(built.agent, neighbour, because="x")

    assert (path, problem) in [(where, said) for where, said, _ in refusals(built.platform)]


def test_two_neighbours_of_one_name_are_told_apart_or_refused() -> None:
    named, nameless = (
        [Neighbour("models", labels={"app": app}, port=Port.tcp(80), id=name) for app, name in pairs]
        for pairs in ((("a", "first"), ("b", "second")), (("a", ""), ("b", "")))
    )
    good, bad = world(), world()
    for built, neighbours in ((good, named), (bad, nameless)):
        for neighbour in neighbours:
            built.lockdown.allow(built.agent, neighbour, because="x")

    assert refusals(good.platform) == []
    assert [one.name for one in good.model.neighbours] == ["first", "second"]
    assert refusals(bad.platform) == [
        ("demo/neighbour:models", "two Neighbours have this name", "give one of them id='...'")
    ]


def test_one_neighbour_may_be_reached_at_several_ports() -> None:
    built = world()
    for number in (80, 443):
        built.lockdown.allow(
            built.agent, Neighbour("models", labels={"app": "x"}, port=Port.tcp(number)), because=f"port {number}"
        )

    assert refusals(built.platform) == []
    assert [port for names, port, _ in flows(built) if names == ("neighbour:models",)] == [80, 443]


# --- the API server --------------------------------------------------------------------------------------------------


def test_the_api_server_is_out_of_reach_of_a_range_that_holds_it() -> None:
    cluster = Cluster(
        **{
            **{name: getattr(DEMO_CLUSTER, name) for name in Cluster.model_fields},
            "api_server": "api.example.com:6443",
            "api_server_cidrs": ("198.51.100.64/28",),
        }
    )
    built = world(platform=demo_platform(on=cluster), serve=False)

    assert (
        "demo/llm",
        "198.51.100.0/24 holds addresses of the cluster's API server (198.51.100.64/28)",
        "name a workload of the platform, or a narrower range",
    ) in refusals(built.platform)


# --- the check inside of the cluster ---------------------------------------------------------------------------------

BUSYBOX = Image("busybox:1.37.0")


def test_the_check_has_the_flows_of_its_workload_and_tries_what_must_not_be() -> None:
    built = world()
    check = built.lockdown.check_in_cluster(built.agent, image=BUSYBOX, reaches=["discord.com:443"])
    built.lockdown.allow(built.agent, Internet.https(), because="declared after the check")
    model = built.platform.seal()

    assert [flow.to for flow in model.flows("agent-check")] == [flow.to for flow in model.flows("agent")]
    assert check.must_reach(model) == ("llm.demo.svc.cluster.local:4000", "discord.com:443")
    assert {"192.168.1.10:6443", "10.96.0.1:443", "169.254.169.254:80"} <= {*check.must_not_reach(model)}
    assert model.grants("agent-check") == ()


@pytest.mark.parametrize(
    ("keywords", "problem"),
    [
        ({"image": Image("busybox:latest")}, "image 'busybox:latest' has no fixed version"),
        ({"reaches": ["discord.com"]}, "'discord.com' is not a host:port"),
        ({"reaches": ["a;reboot:1"]}, "'a;reboot:1' is not a host:port"),
        ({"never": ["db.internal:5432"]}, "never='db.internal:5432' is a name"),
    ],
)
def test_refuses_a_check_that_proves_nothing(keywords: dict[str, Any], problem: str) -> None:
    built = world()
    given: dict[str, Any] = {"image": BUSYBOX} | keywords
    built.lockdown.check_in_cluster(built.agent, **given)

    assert ("demo/agent-check", problem) in [(path, said) for path, said, _ in refusals(built.platform)]


def test_a_check_is_a_pod_that_runs_once_and_reads_nothing() -> None:
    built = world()
    check: Workload = built.lockdown.check_in_cluster(built.agent, image=BUSYBOX)
    pod = built.platform.seal().pod(check.id)

    assert (pod.runs, [one.secrets for one in pod.every], pod.claims) == ("once", [()], ())
