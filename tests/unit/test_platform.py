"""Refusals of a whole declaration: where, what is wrong, what to do; all at once, and nothing half done."""

import copy
import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest

from agentkeep import (
    Access,
    ArgoCd,
    Aws,
    ClusterDns,
    DeclarationError,
    DeclarationErrors,
    EgressLockdown,
    Image,
    Internet,
    Inward,
    IsolatedLLMProxy,
    IsolatedSecret,
    Manifests,
    Neighbour,
    OpenClaw,
    ParameterStore,
    Platform,
    Port,
    Provider,
    Range,
    Rules,
    SandboxedAgent,
    SecretParam,
    Selector,
    TerraformModules,
    TunnelSite,
)
from agentkeep.core.model import Model
from agentkeep.core.workload import Workload
from agentkeep.testing import (
    DEMO_ARGOCD,
    DEMO_CLUSTER,
    DEMO_STATE,
    DEMO_STORE,
    DEMO_TARGETS,
    DEMO_ZONE,
    demo_platform,
)
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

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}, "data": {"a": "1"}}

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
    "a provider key under its own name, as the agent's own key": (
        lambda w: w.llm.serve(
            add_agent(w, "second"), key=SecretParam(w.platform, "ANTHROPIC_API_KEY", about="not what it says")
        ),
        (
            "demo/second",
            "cannot read 'ANTHROPIC_API_KEY': ANTHROPIC_API_KEY is the key of an LLM provider",
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
    "two secrets with one address": (
        case_apart,
        ("demo/Api_Key", "has the address of 'demo/API-KEY'", "give it another id"),
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
        ("demo/A", "about= holds a template", "write it without '${' and '%{'"),
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
        ("demo/cloudflared", "part of host '*': '*' is not a DNS label", LABEL),
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
            zone=DEMO_ZONE,
            token_key="/demo/demo/t2",
        ),
        ("demo/second", "a second TunnelSite", "keep one; it publishes any number of hosts"),
    ),
    "a port that nobody knows": (
        lambda w: TunnelSite(w.platform, zone=DEMO_ZONE, image=CLOUDFLARED, tunnel="t").publish(
            w.agent, host="a", allow=Access.github(), port="http"
        ),
        ("demo/cloudflared", "'agent' has no port 'http'", "use one of ['gateway']"),
    ),
    "a flow to a port that nobody knows": (
        lambda w: w.lockdown.allow(w.agent, Inward("llm", Port.tcp(1)), because="x"),
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
            "name a workload of the platform, or a narrower range",
        ),
    ),
    "a flow to all nodes": (
        lambda w: w.lockdown.allow(w.agent, Range(cidrs=("192.168.0.0/16",), port=Port.tcp(443)), because="x"),
        (
            "demo/agent",
            "192.168.0.0/16 holds addresses of the cluster's nodes (192.168.1.0/24)",
            "name a workload of the platform, or a narrower range",
        ),
    ),
    "a flow to port 0": (
        lambda w: w.lockdown.allow(w.agent, Internet(port=Port.tcp(0)), because="x"),
        ("demo/agent", "0 is not a port", "use 1 to 65535"),
    ),
    "a flow from another platform": (
        lambda w: w.lockdown.allow(world(platform=demo_platform("other")).agent, Internet.https(), because="x"),
        ("demo/lockdown", "a flow cannot leave the platform for another", "use Internet or Range"),
    ),
    "an id used twice": (
        lambda w: SecretParam(w.platform, "agent", about="x"),
        ("demo/agent", "the id 'agent' is used twice", "give one of the two another id"),
    ),
    "a workload whose name is not a DNS label": (
        lambda w: add_agent(w, "My_Agent"),
        ("demo/My_Agent", "id 'My_Agent' is not a DNS label", LABEL),
    ),
    "a workload named like a file of every platform": (
        lambda w: add_agent(w, "kustomization"),
        (
            "demo/kustomization",
            "the id 'kustomization' is the name of something that every platform has",
            "choose another",
        ),
    ),
    "a workload named like a page of the delivery": (
        lambda w: add_agent(w, "appproject"),
        ("demo/appproject", "the id 'appproject' is the name of something that every platform has", "choose another"),
    ),
    "a bare workload, which runs nothing": (
        lambda w: Workload(w.platform, "board", ports={"http": Port.tcp(80)}),
        ("demo/board", "is a bare Workload, which runs nothing", "declare a Service"),
    ),
    "a secret whose name is not a key": (
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
    TunnelSite(keep, zone=DEMO_ZONE, image=Image(reference), tunnel="t")

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
    runtime = OpenClaw(image=OPENCLAW, gateway_token=token, primary="Sonnet", tools=TOOLS)
    SandboxedAgent(keep, "agent", runtime=runtime, sandbox=DOCKER)

    assert ("demo/agent", "is not confined", "add EgressLockdown(platform)") in refusals(keep)


def test_refuses_a_platform_without_workloads() -> None:
    assert refusals(demo_platform()) == [("demo", "declares no workload", "add a SandboxedAgent")]


@pytest.mark.parametrize("name", ["Demo", "demo_1", "-demo", "d" * 64, "", "a.b"])
def test_refuses_a_platform_whose_name_is_no_namespace(name: str) -> None:
    assert (name, f"id {name!r} is not a DNS label", LABEL) in refusals(demo_platform(name))


@pytest.mark.parametrize("zone", [None, "example.com"])
def test_a_site_needs_a_zone(zone: object) -> None:
    with pytest.raises(DeclarationErrors) as caught:
        TunnelSite(demo_platform(), zone=zone, image=CLOUDFLARED, tunnel="t")  # type: ignore[arg-type]

    (error,) = caught.value.exceptions
    assert fields(error)[::2] == ("demo/cloudflared", "pass Zone")


def test_facts_of_the_platform_are_refused_under_their_own_names() -> None:
    keep = Platform(
        "demo",
        on=DEMO_CLUSTER.model_copy(update={"ip_families": ()}),
        store=ParameterStore(name="store", aws=Aws(account_id="12", region="Tokyo"), prefix="demo/"),
        targets=[TerraformModules(folder="arch", state=DEMO_STATE.model_copy(update={"bucket": "My Bucket"}))],
        delivery=DEMO_ARGOCD.model_copy(update={"repository": "https://me:hunter2@git.example.com/x"}),
    )
    found = refusals(keep)

    assert {path for path, _, _ in found} == {
        "demo",
        "demo/cluster",
        "demo/store",
        "demo/targets/arch",
        "demo/delivery",
    }
    assert {problem for path, problem, _ in found if path == "demo/store"} == {
        "account_id is not twelve digits",
        "region='Tokyo' is not an AWS region",
        "prefix='demo/' is not a parameter path",
    }
    assert (
        "demo/delivery",
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
    before = built.model
    built.lockdown.allow(built.agent, Internet.https(), because="")
    built.agent.reads(built.provider_key, as_env="X")  # type: ignore[arg-type]
    built.agent.reads(SecretParam(demo_platform("other"), "A", about="x"), as_env="A")

    assert [grant.workload for grant in built.model.readers("ACME_API_KEY")] == ["llm"]
    assert built.model.all_grants == before.all_grants
    assert built.model.all_flows == before.all_flows


def test_a_bad_call_records_nothing() -> None:
    built = world(serve=False)
    with pytest.raises(DeclarationError):
        built.llm.serve(built.agent, key="k")  # type: ignore[arg-type]

    assert built.model.servings == ()
    assert built.model.readers("LITELLM_PROXY_KEY") == ()


def test_a_sealed_platform_takes_no_more() -> None:
    built = world()
    model = built.platform.seal()
    late: list[Callable[[], object]] = [
        lambda: SecretParam(built.platform, "LATE", about="x"),
        lambda: built.lockdown.allow(built.agent, Internet.https(), because="x"),
        lambda: built.agent.reads(built.gateway_token, as_env="LATE"),
        lambda: built.llm.serve(built.agent, key=built.proxy_key),
        lambda: built.platform.acknowledge("A[x]: y", because="x", owner="me"),
        lambda: built.platform.manifest(CONFIG_MAP, because="x"),
        lambda: built.platform.override("Deployment", "agent", "spec", value=1, because="x"),
    ]
    for declare in late:
        with pytest.raises(DeclarationError) as caught:
            declare()

        assert fields(caught.value) == (
            "demo",
            "is sealed, so nothing can be added",
            "declare everything before synthesis",
        )
    assert built.platform.seal() is built.platform.model is model


def test_what_only_a_pod_would_show_is_told_with_everything_else() -> None:
    built = world(rules=Rules(repositories=("no-owner",)))
    Workload(built.platform, "board", ports={})
    Workload(built.platform, "wiki", ports={})
    SecretParam(built.platform, "UNREAD", about="x")

    assert [(path, problem) for path, problem, _ in refusals(built.platform)] == [
        ("demo/UNREAD", "has no reader"),
        ("demo/agent", "'no-owner' is not a repository"),
        ("demo/board", "is a bare Workload, which runs nothing"),
        ("demo/wiki", "is a bare Workload, which runs nothing"),
    ]


def test_a_cluster_that_is_not_one_is_refused_without_planning_on_it() -> None:
    built = world(platform=demo_platform(on=DEMO_CLUSTER.model_copy(update={"service_cidrs": ()})))
    built.lockdown.check_in_cluster(built.agent, image=Image("busybox:1.37.0"))

    assert [path for path, _, _ in refusals(built.platform)] == ["demo/cluster"]


# --- names of namespaces ---------------------------------------------------------------------------------------------

OTHERS = "choose another id"


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "kube-node-lease", "argocd"])
def test_a_namespace_that_the_cluster_or_its_delivery_needs_is_not_locked_down(name: str) -> None:
    assert (name, f"the namespace {name!r} belongs to something else, and would be locked down", OTHERS) in refusals(
        world(platform=demo_platform(name)).platform
    )


def test_nor_is_one_where_the_resolver_the_delivery_or_a_neighbour_is() -> None:
    dns = demo_platform("resolvers", on=DEMO_CLUSTER.model_copy(update={"dns": ClusterDns(namespace="resolvers")}))
    delivery = demo_platform("cd", delivery=ArgoCd(repository=DEMO_ARGOCD.repository, namespace="cd"))
    beside = world(platform=demo_platform("models"))
    beside.lockdown.allow(
        beside.agent, Neighbour("models", labels={"app": "x"}, port=Port.tcp(80), id="next-door"), because="x"
    )

    for keep in (dns, delivery, beside.platform):
        assert any(
            (path, fix) == (keep.id, OTHERS) and "would be locked down" in problem
            for path, problem, fix in refusals(keep)
        )


# --- recording -------------------------------------------------------------------------------------------------------


def test_serving_twice_adds_one_flow() -> None:
    built = world()
    before = built.model
    built.llm.serve(built.agent, key=built.proxy_key)

    assert (built.model.all_flows, built.model.servings) == (before.all_flows, before.servings)
    assert refusals(built.platform) == []


def test_a_flow_is_known_at_both_ends() -> None:
    built = world()
    (flow,) = built.model.inbound("llm")

    assert (flow.source, flow.port.number, flow.ledger_names) == ("agent", 4000, ("llm",))
    assert flow in built.model.flows("agent")


def test_an_acknowledgement_is_kept_with_its_reason_owner_and_last_day() -> None:
    built = world()
    built.platform.acknowledge("B[x]: y", because="it must be", owner="me", until=datetime.date(2027, 1, 1))
    built.platform.acknowledge("A[x]: y", because="it must be", owner="me")

    assert [known.finding for known in built.platform.seal().acknowledgements] == ["A[x]: y", "B[x]: y"]


def test_a_machine_beside_the_nodes_may_be_named() -> None:
    built = world()
    built.lockdown.allow(built.agent, Range(cidrs=("192.168.1.50/32",), port=Port.tcp(443)), because="the printer")

    assert refusals(built.platform) == []


@pytest.mark.parametrize("keyword", ["on", "store", "delivery", "targets"])
def test_a_platform_takes_facts_only(keyword: str) -> None:
    facts = {"on": DEMO_CLUSTER, "store": DEMO_STORE, "delivery": DEMO_ARGOCD, "targets": DEMO_TARGETS}
    with pytest.raises(DeclarationErrors) as caught:
        Platform("demo", **{**facts, keyword: {"name": "x"}})  # type: ignore[arg-type]

    (error,) = caught.value.exceptions
    assert fields(error)[:2] == ("demo", f"{keyword}= is a dict")


@pytest.mark.parametrize("kind", [SecretParam, IsolatedSecret])
def test_a_part_belongs_to_a_platform(kind: type[SecretParam]) -> None:
    with pytest.raises(DeclarationError) as caught:
        kind("demo", "KEY", about="x")  # type: ignore[arg-type]

    assert fields(caught.value) == (kind.__name__, "the first argument is a str", "pass the Platform it is part of")


def test_a_platform_takes_targets_only() -> None:
    with pytest.raises(DeclarationErrors) as caught:
        demo_platform(targets=[*DEMO_TARGETS, "helm"])  # type: ignore[list-item]

    (error,) = caught.value.exceptions
    assert fields(error) == ("demo", "targets= is a str", "pass Target")


def test_two_targets_of_one_folder_would_overwrite_each_other() -> None:
    keep = demo_platform(targets=[Manifests(folder="one"), TerraformModules(folder="one", state=DEMO_STATE)])

    assert ("demo", "two targets have one folder", "give each target a folder of its own") in refusals(keep)


# --- what the user adds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "because", "problem"),
    [
        ({}, "x", "manifest() was given an object without apiVersion, kind or name"),
        ({**CONFIG_MAP, "kind": 5}, "x", "manifest() was given an object without apiVersion, kind or name"),
        ({**CONFIG_MAP, "apiVersion": ""}, "x", "manifest() was given an object without apiVersion, kind or name"),
        ({**CONFIG_MAP, "metadata": {}}, "x", "manifest() was given an object without apiVersion, kind or name"),
        ({**CONFIG_MAP, "metadata": ["a"]}, "x", "manifest() was given an object without apiVersion, kind or name"),
        (CONFIG_MAP, " ", "the manifest ConfigMap 'mine' has no reason"),
        (CONFIG_MAP, "a\nb", "the reason of the manifest ConfigMap 'mine' is not one line of plain text"),
    ],
)
def test_refuses_a_manifest(body: dict[str, object], because: str, problem: str) -> None:
    built = world()
    built.platform.manifest(body, because=because)

    assert ("demo", problem) in [(path, said) for path, said, _ in refusals(built.platform)]


@pytest.mark.parametrize(
    ("path", "because", "problem"),
    [
        ((), "x", "the override of Deployment 'agent' lacks a path or a reason"),
        (("spec", "replicas"), "", "the override of Deployment 'agent' lacks a path or a reason"),
        (
            ("spec",),
            "key sk-ant-api03-notreal0000",
            "the reason of the override of Deployment 'agent' holds what looks like a credential",
        ),
    ],
)
def test_refuses_an_override(path: tuple[str, ...], because: str, problem: str) -> None:
    built = world()
    built.platform.override("Deployment", "agent", *path, value=2, because=because)

    assert ("demo", problem) in [(where, said) for where, said, _ in refusals(built.platform)]


@pytest.mark.parametrize(
    "declare",
    [
        lambda keep: keep.manifest([CONFIG_MAP], because="x"),
        lambda keep: keep.manifest(CONFIG_MAP, because=None),
        lambda keep: keep.override(None, "agent", "spec", value=1, because="x"),
        lambda keep: keep.override("Deployment", 5, "spec", value=1, because="x"),
        lambda keep: keep.acknowledge(5, because="x", owner="me"),
        lambda keep: keep.acknowledge("A[x]: y", because="x", owner="me", until="tomorrow"),
    ],
)
def test_refuses_wrong_types_on_the_spot(declare: Callable[[Any], object]) -> None:
    with pytest.raises(DeclarationErrors, match="demo cannot be built"):
        declare(demo_platform())


def test_the_same_again_is_harmless_and_something_else_contradicts() -> None:
    built = world()
    for value in (1, 1, 2):
        built.platform.manifest({**CONFIG_MAP, "data": {"a": str(value)}}, because="x")
        built.platform.override("Deployment", "agent", "spec", "replicas", value=value, because="x")

    assert refusals(built.platform) == [
        ("demo", "the manifest ConfigMap 'mine' is added twice", "keep one of the two"),
        ("demo", "the override of Deployment 'agent' sets one field twice", "keep one of the two"),
    ]
    assert (len(built.model.manifests), len(built.model.overrides)) == (1, 1)


def test_what_happens_to_a_manifest_after_it_was_added_was_not_declared() -> None:
    built = world()
    body = copy.deepcopy(CONFIG_MAP)
    built.platform.manifest(body, because="x")
    body["metadata"]["name"] = "other"  # type: ignore[index]

    assert built.platform.seal().manifests[0].body == CONFIG_MAP


# --- the model -------------------------------------------------------------------------------------------------------


def declared(*, backwards: bool) -> World:
    """One declaration, in one order or in the other where order is the user's to choose."""
    built = world(discord=True)
    site = built.publish()
    second = add_agent(built, "second")
    keep = built.platform
    steps: list[Callable[[], object]] = [
        lambda: built.lockdown.allow(built.agent, Internet.https(), because="web search"),
        lambda: built.lockdown.allow(built.agent, Neighbour("b", labels={"a": "b"}, port=Port.tcp(1)), because="b"),
        lambda: built.lockdown.allow(Neighbour("c", labels={"a": "c"}), built.llm, because="c"),
        lambda: built.lockdown.allow(built.agent, Range(cidrs=("203.0.113.0/24",), port=Port.tcp(22)), because="d"),
        lambda: built.llm.serve(second, key=SecretParam(keep, "SECOND_KEY", about="x")),
        lambda: built.agent.reads(SecretParam(keep, "A", about="x"), as_env=("A", "A2")),
        lambda: built.agent.reads(SecretParam(keep, "B", about="x"), as_file="/run/b"),
        lambda: site.publish(built.agent, host="one", allow=Access.github(), port="gateway"),
        lambda: site.publish(second, host="two", allow=Access.github(), port="gateway"),
        lambda: keep.acknowledge("A[x]: y", because="x", owner="me"),
        lambda: keep.acknowledge("A[x]: y", because="x", owner="you"),
        lambda: keep.manifest(CONFIG_MAP, because="x"),
        lambda: keep.manifest({**CONFIG_MAP, "metadata": {"name": "a"}}, because="x"),
        lambda: keep.override("Deployment", "agent", "spec", "replicas", value=1, because="x"),
        lambda: keep.override("Deployment", "agent", "spec", value={}, because="x"),
        lambda: keep.override("ConfigMap", "mine", "data", value=None, because="x"),
        lambda: keep.note_sample("person", "b"),
        lambda: keep.note_sample("person", "a"),
    ]
    for step in reversed(steps) if backwards else steps:
        step()
    return built


def test_the_model_does_not_depend_on_the_order_of_declaration() -> None:
    forwards, backwards = (declared(backwards=way).platform.seal() for way in (False, True))

    for field in dataclasses.fields(Model):
        if field.name not in {"parts", "_pods"}:
            assert getattr(forwards, field.name) == getattr(backwards, field.name), field.name
    assert [*forwards.parts] == [*backwards.parts] == sorted(forwards.parts)
    assert [*forwards.samples] == [*backwards.samples]
    assert [forwards.pod(one.id) for one in forwards.workloads] == [
        backwards.pod(one.id) for one in backwards.workloads
    ]
    assert len(forwards.all_flows) > 10


def test_a_model_is_frozen() -> None:
    model = declared(backwards=False).platform.seal()
    for field in dataclasses.fields(Model):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(model, field.name, None)
    for mapping in (model.parts, model.samples):
        with pytest.raises(TypeError):
            mapping["new"] = None  # type: ignore[index]
    edges: list[Any] = [
        *model.all_flows,
        *model.all_grants,
        *model.servings,
        *model.publications,
        *model.acknowledgements,
    ]
    for edge in edges:
        for field in dataclasses.fields(edge):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(edge, field.name, None)


def test_what_was_read_before_the_end_is_not_what_is_read_after() -> None:
    built = world()
    before = built.model
    built.lockdown.allow(built.agent, Internet.https(), because="web search")

    assert len(built.platform.seal().all_flows) == len(before.all_flows) + 1


def test_a_pod_is_planned_once() -> None:
    model = world().platform.seal()

    assert model.pod("agent") is model.pod("agent")
