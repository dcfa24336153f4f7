"""Refusals of a whole declaration: where, what is wrong, what to do; all at once, and nothing half done."""

import datetime
from collections.abc import Callable

import pytest

from agentkeep import (
    Access,
    Aws,
    DeclarationError,
    DeclarationErrors,
    EgressLockdown,
    Image,
    Internet,
    Inward,
    IsolatedLLMProxy,
    IsolatedSecret,
    Platform,
    Port,
    Provider,
    Range,
    SandboxedAgent,
    SecretParam,
    Selector,
    TunnelSite,
)
from agentkeep.testing import DEMO_ARGOCD, DEMO_AWS, DEMO_CLUSTER, DEMO_STATE, demo_platform
from tests.worlds import (
    CLOUDFLARED,
    DOCKER,
    LITELLM,
    OPENCLAW,
    RANGES,
    SONNET,
    TOOLS,
    World,
    add_agent,
    fields,
    refusals,
    world,
)

Refusal = tuple[str, str, str]

LABEL = "use at most 63 lower-case letters, digits and '-', with a letter or digit at both ends"
VERSION = "write the whole version, as in 'registry/name:1.2.3', or a digest, as in 'registry/name@sha256:...'"
NAME_PEOPLE = "name people with Access.github(...)"


def publish(world: World, allow: Access) -> None:
    world.publish("agent", allow=allow)


def two_names_of_one(world: World) -> None:
    for name in ("A", "B"):
        world.agent.reads(SecretParam(world.platform, name, about="x", key="/demo/demo/X"), as_env=name)


def second_proxy(world: World) -> IsolatedLLMProxy:
    keys = [IsolatedSecret(world.platform, name, about="x") for name in ("SECOND_MASTER", "SECOND_PROVIDER")]
    providers = [Provider("acme", keys[1], [SONNET], RANGES)]
    return IsolatedLLMProxy(world.platform, "second-llm", image=LITELLM, master_key=keys[0], providers=providers)


def case_apart(world: World) -> None:
    for name in ("Api_Key", "API-KEY"):
        world.agent.reads(SecretParam(world.platform, name, about="x"), as_env=name.upper().replace("-", "_") + name[1])


BAD: dict[str, tuple[Callable[[World], object], Refusal]] = {
    "a provider key granted to an agent": (
        lambda w: w.agent.reads(w.provider_key, as_env="ACME_API_KEY"),  # type: ignore[arg-type]
        (
            "demo/agent",
            "cannot read 'ACME_API_KEY', which is an IsolatedSecret",
            "give a provider's key to an IsolatedLLMProxy and let that serve the agent",
        ),
    ),
    "a provider key under its own name": (
        lambda w: w.agent.reads(SecretParam(w.platform, "MY_KEY", about="x"), as_env="ANTHROPIC_API_KEY"),
        (
            "demo/agent",
            "cannot read 'MY_KEY': ANTHROPIC_API_KEY is the key of an LLM provider",
            "declare it as IsolatedSecret, give it to an IsolatedLLMProxy and let that serve the agent",
        ),
    ),
    "a secret that nobody reads": (
        lambda w: SecretParam(w.platform, "UNREAD", about="x"),
        ("demo/UNREAD", "has no reader", "let a workload read it, or delete it"),
    ),
    "an isolated secret that nobody reads": (
        lambda w: IsolatedSecret(w.platform, "UNREAD", about="x"),
        ("demo/UNREAD", "has no reader", "let a workload read it, or delete it"),
    ),
    "two secrets with one SSM name": (
        two_names_of_one,
        ("demo/B", "has the SSM name of 'demo/A'", "give it another id or key"),
    ),
    "two secrets with one Terraform address": (
        case_apart,
        ("demo/API-KEY", "has the Terraform address of 'demo/Api_Key'", "give it another id"),
    ),
    "an SSM name outside of the prefix": (
        lambda w: w.agent.reads(SecretParam(w.platform, "A", about="x", key="/other/A"), as_env="A"),
        ("demo/A", "key='/other/A' is outside the prefix of the platform", "begin it with '/demo/demo/'"),
    ),
    "two secrets in one variable": (
        lambda w: w.agent.reads(SecretParam(w.platform, "A", about="x"), as_env="OPENCLAW_GATEWAY_TOKEN"),
        (
            "demo/agent",
            "reads 'A' and 'OPENCLAW_GATEWAY_TOKEN' as OPENCLAW_GATEWAY_TOKEN",
            "give each a place of its own",
        ),
    ),
    "a secret in a variable with a meaning": (
        lambda w: w.agent.reads(SecretParam(w.platform, "A", about="x"), as_env="PATH"),
        ("demo/agent", "the variable PATH has a meaning already", "deliver the secret under another name"),
    ),
    "a secret read in two ways": (
        lambda w: w.agent.reads(w.gateway_token, as_file="/run/secrets/token"),
        ("demo/agent", "reads 'OPENCLAW_GATEWAY_TOKEN' in two ways", "keep one of them"),
    ),
    "a secret read in no way": (
        lambda w: w.agent.reads(w.gateway_token),
        ("demo/agent", "reads 'OPENCLAW_GATEWAY_TOKEN' neither or both ways", "give as_env=... or as_file=..."),
    ),
    "a secret without a purpose": (
        lambda w: w.agent.reads(SecretParam(w.platform, "A", about=" "), as_env="A"),
        ("demo/A", "does not say what it is for", "add about='...', so that whoever fills it knows"),
    ),
    "a purpose that Terraform would evaluate": (
        lambda w: w.agent.reads(SecretParam(w.platform, "A", about="for ${var.x}"), as_env="A"),
        ("demo/A", "about= holds a Terraform template", "write it without '${' and '%{'"),
    ),
    "a secret of another platform": (
        lambda w: w.agent.reads(SecretParam(demo_platform("other"), "A", about="x"), as_env="A"),
        ("demo/agent", "reads 'other/A' of another platform", "declare it here"),
    ),
    "an agent that nobody serves": (
        lambda w: add_agent(w, "second"),
        ("demo/second", "no proxy serves it", "call serve(agent, key=...) on an IsolatedLLMProxy"),
    ),
    "an agent of another platform": (
        lambda w: w.llm.serve(world(platform=demo_platform("other"), serve=False).agent, key=w.proxy_key),
        ("demo/llm", "cannot serve 'other/agent' of another platform", "declare a proxy there"),
    ),
    "one key for two agents": (
        lambda w: w.llm.serve(add_agent(w, "second"), key=w.proxy_key),
        ("demo/llm", "'second' and 'agent' share one key", "give each agent a key of its own"),
    ),
    "an agent served by two proxies": (
        lambda w: second_proxy(w).serve(w.agent, key=SecretParam(w.platform, "SECOND_KEY", about="x")),
        ("demo/agent", "is served by 'llm' and 'second-llm'", "let one proxy serve it"),
    ),
    "a model that the proxy does not have": (
        lambda w: w.llm.serve(
            add_agent(w, "second"),
            key=SecretParam(w.platform, "K", about="x"),
            models=[SONNET.model_copy(update={"id": "x"})],
        ),
        ("demo/llm", "cannot serve 'second' the model 'x'", "declare it with one of the providers"),
    ),
    "a workload of another platform, published": (
        lambda w: w.publish("a").publish(
            world(platform=demo_platform("other")).agent, host="b", allow=Access.github(), port="gateway"
        ),
        ("demo/cloudflared", "cannot publish 'other/agent' of another platform", "publish it there"),
    ),
    "an agent served in two ways": (
        lambda w: w.llm.serve(w.agent, key=w.proxy_key, requests_per_minute=5),
        ("demo/llm", "serves 'agent' in two ways", "keep one call of serve() for each agent"),
    ),
    "a limit that serves nothing": (
        lambda w: w.llm.serve(
            add_agent(w, "second"), key=SecretParam(w.platform, "K", about="x"), requests_per_minute=0
        ),
        ("demo/llm", "requests_per_minute=0 serves nothing", "use 1 or more, or leave it out"),
    ),
    "a host outside of the zone": (
        lambda w: w.publish("agent.example.org"),
        (
            "demo/cloudflared",
            "host 'agent.example.org' is not directly in the zone 'example.com'",
            "write it as 'name' or 'name.example.com'",
        ),
    ),
    "a host too deep in the zone": (
        lambda w: w.publish("a.b.example.com"),
        (
            "demo/cloudflared",
            "host 'a.b.example.com' is not directly in the zone 'example.com'",
            "write it as 'name' or 'name.example.com'",
        ),
    ),
    "a wildcard host": (
        lambda w: w.publish("*"),
        ("demo/cloudflared", "part of host '*': '*' is no DNS label", LABEL),
    ),
    "a host published twice": (
        lambda w: w.publish("a").publish(w.agent, host="a", allow=Access.github(session="1h")),
        ("demo/cloudflared", "host 'a.example.com' is published twice", "keep one of the two"),
    ),
    "a tunnel to nothing": (
        lambda w: w.publish(),
        ("demo/cloudflared", "publishes no host", "call publish(workload, host=..., allow=...), or delete it"),
    ),
    "a second tunnel": (
        lambda w: TunnelSite(
            w.publish("a").platform,
            "second",
            image=CLOUDFLARED,
            tunnel="t",
            token_ssm_name="/demo/demo/t2",
        ),
        ("demo/second", "a second TunnelSite", "keep one; it publishes any number of hosts"),
    ),
    "a port that nobody knows": (
        lambda w: TunnelSite(w.platform, image=CLOUDFLARED, tunnel="t").publish(
            w.agent, host="a", allow=Access.github(), port="http"
        ),
        ("demo/cloudflared", "'agent' has no port 'http'", "use one of ['gateway']"),
    ),
    "a flow to a port that nobody knows": (
        lambda w: w.lockdown.allow(w.agent, Inward(w.llm, Port.tcp(1)), because="x"),
        ("demo/lockdown", "'llm' has no port 1/TCP", "use one of [4000]"),
    ),
    "everybody": (
        lambda w: publish(w, Access(include=(Selector(kind="everyone"),))),
        ("demo/cloudflared", "the Access rule admits everybody", NAME_PEOPLE),
    ),
    "everybody beside somebody": (
        lambda w: publish(w, Access(include=(Selector.emails("people"), Selector(kind="everyone")))),
        ("demo/cloudflared", "the Access rule admits everybody", NAME_PEOPLE),
    ),
    "any service token": (
        lambda w: publish(w, Access(include=(Selector(kind="any-service-token"),))),
        ("demo/cloudflared", "the Access rule admits any service token of the account", NAME_PEOPLE),
    ),
    "every GitHub account": (
        lambda w: publish(w, Access(include=(Selector.login_method("GitHub"),))),
        (
            "demo/cloudflared",
            "the Access rule admits every account of the identity provider",
            "name people with Access.github(...), or say what limits the provider with "
            "Access.trusting_identity_provider(because='...')",
        ),
    ),
    "every GitHub account, for no reason": (
        lambda w: publish(w, Access.trusting_identity_provider(because=" ")),
        (
            "demo/cloudflared",
            "the Access rule admits every account of the identity provider",
            "name people with Access.github(...), or say what limits the provider with "
            "Access.trusting_identity_provider(because='...')",
        ),
    ),
    "every GitHub account beside people": (
        lambda w: publish(w, Access(include=(Selector.login_method("GitHub"), Selector.emails("people")))),
        (
            "demo/cloudflared",
            "the Access rule includes a login method beside people, and include means 'any of these'",
            "move the login method to require=",
        ),
    ),
    "a domain where anybody has an address": (
        lambda w: publish(w, Access(include=(Selector.email_domain("Gmail.com"),))),
        (
            "demo/cloudflared",
            "anybody can have an address in 'Gmail.com'",
            "name people with Selector.emails('variable')",
        ),
    ),
    "nobody": (
        lambda w: publish(w, Access(include=())),
        ("demo/cloudflared", "the Access rule includes nobody", NAME_PEOPLE),
    ),
    "a variable that the module has already": (
        lambda w: publish(w, Access.github(emails_variable="zone_id")),
        ("demo/cloudflared", "the variable 'zone_id' is taken", "choose another name, such as 'access_emails'"),
    ),
    "a flow without a reason": (
        lambda w: w.lockdown.allow(w.agent, Internet.https(), because=" "),
        ("demo/agent", "the flow to internet has no reason", "say why it is needed: because='...'"),
    ),
    "a flow with two reasons": (
        lambda w: [w.lockdown.allow(w.agent, Internet.https(), because=why) for why in ("one", "two")],
        ("demo/agent", "the flow to internet has two reasons", "keep one of them"),
    ),
    "a flow to everything": (
        lambda w: w.lockdown.allow(w.agent, Range(cidrs=("::/0",), port=Port.tcp(443)), because="x"),
        ("demo/agent", "::/0 is the whole address space", "use Internet.https(), which leaves the cluster out"),
    ),
    "a flow to half of everything": (
        lambda w: w.lockdown.allow(w.agent, Range(cidrs=("128.0.0.0/1",), port=Port.tcp(443)), because="x"),
        (
            "demo/agent",
            "128.0.0.0/1 is wider than any provider's range",
            "use Internet.https(), which leaves the cluster out",
        ),
    ),
    "a flow to nothing, which Kubernetes takes for everything": (
        lambda w: w.lockdown.allow(w.agent, Range(cidrs=(), port=Port.tcp(443)), because="x"),
        ("demo/agent", "a Range without cidrs", "name the networks that the provider publishes"),
    ),
    "a flow to pods by address": (
        lambda w: w.lockdown.allow(w.agent, Range(cidrs=("10.244.1.0/24",), port=Port.tcp(443)), because="x"),
        (
            "demo/agent",
            "10.244.1.0/24 holds addresses of the cluster's pods (10.244.0.0/16)",
            "name a workload with Inward(...), or a narrower range",
        ),
    ),
    "a flow to all nodes": (
        lambda w: w.lockdown.allow(w.agent, Range(cidrs=("192.168.0.0/16",), port=Port.tcp(443)), because="x"),
        (
            "demo/agent",
            "192.168.0.0/16 holds addresses of the cluster's nodes (192.168.1.0/24)",
            "name a workload with Inward(...), or a narrower range",
        ),
    ),
    "a flow to port 0": (
        lambda w: w.lockdown.allow(w.agent, Internet(port=Port.tcp(0)), because="x"),
        ("demo/agent", "0 is no port", "use 1 to 65535"),
    ),
    "a flow from another platform": (
        lambda w: w.lockdown.allow(world(platform=demo_platform("other")).agent, Internet.https(), because="x"),
        ("other/agent", "a flow cannot leave the platform for another", "use Internet or Range"),
    ),
    "an id used twice": (
        lambda w: SecretParam(w.platform, "agent", about="x"),
        ("demo/agent", "the id 'agent' is used twice", "give one of the two another id"),
    ),
    "a workload whose name is no DNS label": (
        lambda w: add_agent(w, "My_Agent"),
        ("demo/My_Agent", "id 'My_Agent' is no DNS label", LABEL),
    ),
    "a workload named like a file of every platform": (
        lambda w: add_agent(w, "kustomization"),
        (
            "demo/kustomization",
            "the id 'kustomization' is the name of something that every platform has",
            "choose another",
        ),
    ),
    "a secret whose name is no key": (
        lambda w: SecretParam(w.platform, "a key", about="x"),
        ("demo/a key", "id 'a key' cannot be a key of a Secret", "use letters, digits, '-', '_' and '.'"),
    ),
    "two lockdowns": (
        lambda w: EgressLockdown(w.platform, "second"),
        ("demo/second", "a second EgressLockdown", "keep one; it covers the whole namespace"),
    ),
    "an acknowledgement without an owner": (
        lambda w: w.platform.acknowledge("POD003[demo/dind]: privileged", because="x", owner=" "),
        (
            "demo",
            "the acknowledgement of 'POD003[demo/dind]: privileged' lacks a reason or an owner",
            "give both",
        ),
    ),
}


@pytest.mark.parametrize(("mistake", "refusal"), BAD.values(), ids=BAD.keys())
def test_refuses(mistake: Callable[[World], object], refusal: Refusal) -> None:
    built = world()
    mistake(built)

    assert refusal in refusals(built.platform)


def test_the_world_of_these_tests_is_sound() -> None:
    built = world(discord=True, elevated=True)
    built.publish("a", "b")

    assert refusals(built.platform) == []


@pytest.mark.parametrize(
    "reference", ["docker", "docker:latest", "docker:27-dind", "docker:27.5", "docker:main-stable"]
)
def test_refuses_an_image_without_a_fixed_version(reference: str) -> None:
    keep = demo_platform()
    TunnelSite(keep, image=Image(reference), tunnel="t")

    assert ("demo/cloudflared", f"image {reference!r} has no fixed version", VERSION) in refusals(keep)


@pytest.mark.parametrize(
    ("primary", "fallbacks", "refusal"),
    [
        (
            "Haiku",
            (),
            ("demo/agent", "primary: 'Haiku' names no model that 'llm' serves it", "use one of 'Sonnet', 'Opus'"),
        ),
        (
            "Opus",
            ("X",),
            ("demo/agent", "fallbacks: 'X' names no model that 'llm' serves it", "use one of 'Sonnet', 'Opus'"),
        ),
        ("Opus", ("Opus",), ("demo/agent", "names a model twice", "name each once, in primary or fallbacks")),
    ],
)
def test_refuses_an_alias_that_names_no_model(primary: str, fallbacks: tuple[str, ...], refusal: Refusal) -> None:
    assert refusal in refusals(world(primary=primary, fallbacks=fallbacks).platform)


def test_refuses_a_model_that_the_proxy_has_but_does_not_serve_this_agent() -> None:
    built = world(serve=False)
    built.llm.serve(built.agent, key=built.proxy_key, models=[built.llm.models[1]])

    assert (
        "demo/agent",
        "primary: 'Sonnet' names no model that 'llm' serves it",
        "use one of 'Opus'",
    ) in refusals(built.platform)


def test_refuses_an_agent_that_is_not_confined() -> None:
    keep = demo_platform()
    token = SecretParam(keep, "T", about="x")
    SandboxedAgent(keep, "agent", image=OPENCLAW, gateway_token=token, primary="Sonnet", sandbox=DOCKER, tools=TOOLS)

    assert ("demo/agent", "is not confined", "add EgressLockdown(platform)") in refusals(keep)


def test_refuses_a_platform_without_workloads() -> None:
    assert refusals(demo_platform()) == [("demo", "declares no workload", "add a SandboxedAgent")]


@pytest.mark.parametrize("name", ["Demo", "demo_1", "-demo", "d" * 64, "", "a.b"])
def test_refuses_a_platform_whose_name_is_no_namespace(name: str) -> None:
    assert (name, f"id {name!r} is no DNS label", LABEL) in refusals(demo_platform(name))


def test_a_site_needs_a_zone() -> None:
    built = world(zone=None)
    built.publish("a")

    assert ("demo/cloudflared", "its platform has no zone", "give Platform(zone=Zone(...))") in refusals(built.platform)


def test_facts_of_the_platform_are_refused_under_their_own_names() -> None:
    keep = Platform(
        "demo",
        cluster=DEMO_CLUSTER,
        aws=Aws(account_id="12", region="Tokyo", ssm_prefix="demo/"),
        state=DEMO_STATE.model_copy(update={"bucket": "My Bucket"}),
        argocd=DEMO_ARGOCD.model_copy(update={"repository": "https://me:hunter2@git.example.com/x"}),
    )
    found = refusals(keep)

    assert {path for path, _, _ in found} >= {"demo/aws", "demo/state", "demo/argocd"}
    assert (
        "demo/argocd",
        "repository holds a user or a password",
        "remove it; ArgoCD keeps credentials in a Secret",
    ) in found
    assert "hunter2" not in str(found)


# --- all at once, and nothing half done ------------------------------------------------------------------------------


def test_all_problems_are_raised_together_in_order() -> None:
    built = world(primary="Haiku")
    SecretParam(built.platform, "UNREAD", about="x")
    built.publish("a.example.org")
    built.lockdown.allow(built.agent, Internet.https(), because="")
    with pytest.raises(DeclarationErrors) as caught:
        built.platform.seal()

    assert [fields(error)[0] for error in caught.value.exceptions] == [
        "demo/UNREAD",
        "demo/agent",
        "demo/agent",
        "demo/cloudflared",
    ]
    assert str(caught.value).startswith("4 problems in the declaration of 'demo'")
    assert str(caught.value.exceptions[0]) == "[demo/UNREAD] has no reader; let a workload read it, or delete it"


def test_saying_the_same_mistake_twice_is_one_problem() -> None:
    built = world()
    for _ in range(2):
        built.lockdown.allow(built.agent, Internet.https(), because="")

    assert len(refusals(built.platform)) == 1


def test_what_is_refused_is_not_recorded() -> None:
    built = world()
    before = (built.platform.flows, built.platform.grants)
    built.lockdown.allow(built.agent, Internet.https(), because="")
    built.agent.reads(built.provider_key, as_env="X")  # type: ignore[arg-type]
    built.agent.reads(SecretParam(demo_platform("other"), "A", about="x"), as_env="A")

    assert built.provider_key.readers.keys() == {"llm"}
    assert built.platform.grants == before[1]
    # Only names are asked for: the refused flow itself is not there.
    assert [flow for flow in built.platform.flows if flow not in before[0] and isinstance(flow.to, Internet)] == []


def test_a_bad_call_records_nothing() -> None:
    built = world(serve=False)
    with pytest.raises(DeclarationError):
        built.llm.serve(built.agent, key="k")  # type: ignore[arg-type]

    assert built.llm.clients == ()
    assert built.proxy_key.readers == {}


def test_a_sealed_platform_takes_no_more() -> None:
    built = world()
    built.platform.seal()
    with pytest.raises(DeclarationError) as caught:
        SecretParam(built.platform, "LATE", about="x")

    assert fields(caught.value) == ("demo", "is sealed, so nothing can be added", "declare everything before synthesis")
    assert built.platform.seal() is built.platform


# --- recording -------------------------------------------------------------------------------------------------------


def test_serving_twice_adds_one_flow() -> None:
    built = world()
    before = built.platform.flows
    built.llm.serve(built.agent, key=built.proxy_key)

    assert built.platform.flows == before
    assert refusals(built.platform) == []


def test_a_flow_is_known_at_both_ends() -> None:
    built = world()
    (flow,) = built.llm.inbound

    assert (flow.source, flow.port.number, flow.ledger_names) == (built.agent, 4000, ("llm",))
    assert flow in built.agent.flows


def test_an_acknowledgement_is_kept_with_its_reason_owner_and_last_day() -> None:
    built = world()
    built.platform.acknowledge("B[x]: y", because="it must be", owner="me", until=datetime.date(2027, 1, 1))
    built.platform.acknowledge("A[x]: y", because="it must be", owner="me")

    assert [known.finding for known in built.platform.seal().acknowledgements] == ["A[x]: y", "B[x]: y"]


def test_a_machine_beside_the_nodes_may_be_named() -> None:
    built = world()
    built.lockdown.allow(built.agent, Range(cidrs=("192.168.1.50/32",), port=Port.tcp(443)), because="the printer")

    assert refusals(built.platform) == []


@pytest.mark.parametrize("keyword", ["cluster", "aws", "state", "argocd", "zone"])
def test_a_platform_takes_facts_only(keyword: str) -> None:
    facts = {"cluster": DEMO_CLUSTER, "aws": DEMO_AWS, "state": DEMO_STATE, "argocd": DEMO_ARGOCD}
    with pytest.raises(DeclarationErrors) as caught:
        Platform("demo", **{**facts, keyword: {"name": "x"}})  # type: ignore[arg-type]

    (error,) = caught.value.exceptions
    assert fields(error)[:2] == ("demo", f"{keyword}= is a dict")


@pytest.mark.parametrize("kind", [SecretParam, IsolatedSecret])
def test_a_part_belongs_to_a_platform(kind: type[SecretParam]) -> None:
    with pytest.raises(DeclarationError) as caught:
        kind("demo", "KEY", about="x")  # type: ignore[arg-type]

    assert fields(caught.value) == (kind.__name__, "the first argument is a str", "pass the Platform it is part of")


def test_asking_for_the_proxy_of_an_agent_that_has_none() -> None:
    with pytest.raises(DeclarationError, match=r"^\[demo/agent\] no proxy serves it; call serve\("):
        _ = world(serve=False).agent.served
