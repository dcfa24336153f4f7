"""A site: which hosts lead where, and what its cloudflared may reach."""

import pytest

from agentkeep import Access, DeclarationError, DeclarationErrors, Image, Port, Selector, TunnelSite
from agentkeep.core.model import model_of
from agentkeep.testing import DEMO_ZONE, demo_platform
from tests.worlds import CLOUDFLARED, DUAL_STACK, Worker, fields, refusals, world


def test_a_host_may_be_given_short_or_whole() -> None:
    site = world().publish("board", "agent.example.com")

    assert [(one.host, one.key, one.origin) for one in site.hosts(model_of(site))] == [
        ("agent.example.com", "agent", "http://agent.demo.svc.cluster.local:18789"),
        ("board.example.com", "board", "http://agent.demo.svc.cluster.local:18789"),
    ]


def test_the_workload_knows_its_hosts() -> None:
    built = world()
    built.publish("board", "agent")

    assert [one.host for one in built.model.published("agent")] == ["agent.example.com", "board.example.com"]


def test_publishing_twice_in_the_same_way_is_harmless() -> None:
    built = world()
    built.publish("agent", "agent")

    assert refusals(built.platform) == []


def test_cloudflared_reaches_its_edge_the_workload_and_names() -> None:
    site = world().publish("agent")

    assert {(flow.ledger_names, flow.port.number, flow.port.protocol) for flow in model_of(site).flows(site.id)} == {
        (("agent",), 18789, "TCP"),
        (("cidr:198.41.192.0/24", "cidr:198.41.200.0/24"), 7844, "TCP"),
        (("cidr:198.41.192.0/24", "cidr:198.41.200.0/24"), 7844, "UDP"),
        (("dns",), 53, "TCP"),
        (("dns",), 53, "UDP"),
    }


def test_on_a_cluster_with_both_families_the_edge_has_both() -> None:
    site = world(platform=demo_platform(on=DUAL_STACK)).publish("agent")
    edges = {name for flow in model_of(site).flows(site.id) if flow.port.number == 7844 for name in flow.ledger_names}

    assert edges >= {"cidr:2606:4700:a0::/48", "cidr:198.41.192.0/24"}


@pytest.mark.parametrize(("team", "opened"), [(None, False), ("crew", True)])
def test_keys_of_tokens_are_fetched_only_where_tokens_are_verified(team: str | None, opened: bool) -> None:
    zone = DEMO_ZONE.model_copy(update={"team_name": team})
    site = world(zone=zone).publish("agent")

    assert any(flow.port.number == 443 for flow in model_of(site).flows(site.id)) is opened


def test_the_token_is_filled_by_terraform_and_read_by_cloudflared_alone() -> None:
    built = world()
    site = built.publish("agent")
    readers = [grant.workload for grant in built.model.readers(site.token.id)]

    assert (site.token.filled_by, built.model.role(site.token.id), readers) == (
        "machine",
        "tunnel-token",
        ["cloudflared"],
    )


@pytest.mark.parametrize(
    ("keywords", "problem"),
    [
        ({"image": Image("cloudflare/cloudflared:2025.6.1")}, "image 'cloudflare/cloudflared:2025.6.1' names its user"),
        ({"replicas": 0}, "replicas=0 publishes nothing"),
        ({"tunnel": ""}, "the tunnel has no name"),
        ({"tunnel": "my ${var.x}"}, "tunnel= holds a template"),
    ],
)
def test_refuses(keywords: dict[str, object], problem: str) -> None:
    keep = demo_platform()
    TunnelSite(keep, **({"zone": DEMO_ZONE, "image": CLOUDFLARED, "tunnel": "t"} | keywords))  # type: ignore[arg-type]

    assert any(said.startswith(problem) for _, said, _ in refusals(keep))


def test_a_workload_with_several_ports_is_asked_for_one() -> None:
    built = world()
    service = Worker(built.platform, "service", ports={"http": Port.tcp(80), "admin": Port.tcp(81)})
    site = TunnelSite(built.platform, zone=DEMO_ZONE, image=CLOUDFLARED, tunnel="t")
    site.publish(service, host="a", allow=Access.github())

    assert ("demo/cloudflared", "'service' has several ports", "give port=, one of ['admin', 'http']") in refusals(
        built.platform
    )


def test_only_tcp_is_published() -> None:
    built = world()
    service = Worker(built.platform, "service", ports={"dns": Port.udp(53)})
    TunnelSite(built.platform, zone=DEMO_ZONE, image=CLOUDFLARED, tunnel="t").publish(
        service, host="a", allow=Access.github()
    )

    assert ("demo/cloudflared", "port 53 of 'service' is UDP", "publish a TCP port") in refusals(built.platform)


def test_identity_providers_that_terraform_would_take_for_one() -> None:
    built = world()
    site = built.publish(
        "a", allow=Access(include=(Selector.emails("p"),), require=(Selector.login_method("Git Hub"),))
    )
    other = Access(include=(Selector.emails("p"),), require=(Selector.login_method("git-hub"),))
    site.publish(built.agent, host="b", allow=other, port="gateway")

    assert (
        "demo/cloudflared",
        "identity providers 'Git Hub' and 'git-hub' share one Terraform address",
        "rename one",
    ) in refusals(built.platform)


def test_what_is_published_from_another_platform_is_not_recorded() -> None:
    built = world()
    site = built.publish("agent")
    before = (built.model.publications, built.model.all_flows)
    other = world(platform=demo_platform("other"))
    site.publish(other.agent, host="theirs", allow=Access.github(), port="gateway")

    assert (built.model.publications, built.model.all_flows) == before
    assert refusals(built.platform) == [
        ("demo/cloudflared", "cannot publish 'other/agent' of another platform", "publish it there")
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"domain": "Example.com"}, "part of domain 'Example.com': 'Example' is not a DNS label"),
        ({"account_id": "x"}, "account_id is not 32 hex digits"),
    ],
)
def test_a_zone_is_refused_under_its_own_name(changes: dict[str, str], problem: str) -> None:
    keep = demo_platform()
    TunnelSite(keep, zone=DEMO_ZONE.model_copy(update=changes), image=CLOUDFLARED, tunnel="t")

    assert ("demo/cloudflared/zone", problem) in [(path, said) for path, said, _ in refusals(keep)]


@pytest.mark.parametrize(
    ("keywords", "problem"),
    [
        ({"workload": "agent"}, "publish() was given a str"),
        ({"allow": {"include": "everyone"}}, "publish() was given a dict as rule"),
        ({"allow": None}, "publish() was given None as rule"),
        ({"host": 5}, "host= is an int"),
        ({"port": 1.5}, "port= is a float"),
    ],
)
def test_a_bad_call_is_refused_on_the_spot(keywords: dict[str, object], problem: str) -> None:
    built = world()
    site = TunnelSite(built.platform, zone=DEMO_ZONE, image=CLOUDFLARED, tunnel="t")
    given = {"workload": built.agent, "host": "a", "allow": Access.github()} | keywords
    with pytest.raises((DeclarationError, DeclarationErrors)) as caught:
        site.publish(given.pop("workload"), **given)  # type: ignore[arg-type]

    (error,) = getattr(caught.value, "exceptions", (caught.value,))
    assert fields(error)[:2] == ("demo/cloudflared", problem)
    assert site.hosts(built.model) == ()
