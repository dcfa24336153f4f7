# pyright: reportUnnecessaryTypeIgnoreComment=true
"""
Lines that must not type-check. Nobody runs them.

Each ends with the code of its refusal; with ``warn_unused_ignores``, mypy fails on the day that one becomes legal.
What is refused here is also refused when run (tests/unit): mains also run without a type checker.
"""

from agentkeep import (
    Access,
    ArgoCd,
    Aws,
    Cluster,
    Discord,
    EbsCsi,
    EgressLockdown,
    Elevated,
    Image,
    Internet,
    IsolatedLLMProxy,
    IsolatedSecret,
    Longhorn,
    Model,
    Neighbour,
    OpenClaw,
    ParameterStore,
    Placement,
    Plain,
    Platform,
    Port,
    Provider,
    Sandbox,
    SandboxedAgent,
    SecretParam,
    SecretsManager,
    Tools,
    TunnelSite,
    Zone,
)
from agentkeep.core.model import Model as PlatformModel
from agentkeep.sandboxed_agent.sandboxes.off import NoSandbox

KEY = "not a real key"
RANGES = ("198.51.100.0/24",)


def secrets(keep: Platform, agent: SandboxedAgent, llm: IsolatedLLMProxy, isolated: IsolatedSecret) -> None:
    agent.reads(isolated, as_env="ANTHROPIC_API_KEY")  # type: ignore[arg-type]
    agent.reads(KEY, as_env="ANTHROPIC_API_KEY")  # type: ignore[arg-type]
    llm.serve(agent, key=isolated)  # type: ignore[arg-type]
    llm.serve(agent, key=KEY)  # type: ignore[arg-type]
    llm.serve(agent)  # type: ignore[call-arg]
    SecretParam(keep, "KEY")  # type: ignore[call-arg]
    SecretParam(keep, "KEY", about="x", value=KEY)  # type: ignore[call-arg]
    SecretParam("openclaw", "KEY", about="x")  # type: ignore[arg-type]
    Provider("anthropic", KEY, [], RANGES)  # type: ignore[arg-type]
    Provider("anthropic", SecretParam(keep, "KEY", about="x"), [], RANGES)  # type: ignore[arg-type]
    Provider("anthropic", isolated, [], "198.51.100.0/24")  # type: ignore[arg-type]
    Discord(KEY, users=())  # type: ignore[arg-type]
    Discord(isolated, users=())  # type: ignore[arg-type]


def proxies(keep: Platform, image: Image, generic: SecretParam, isolated: IsolatedSecret) -> None:
    IsolatedLLMProxy(keep, "llm", image=image, master_key=generic, providers=[])  # type: ignore[arg-type]
    IsolatedLLMProxy(keep, "llm", image=image, master_key=KEY, providers=[])  # type: ignore[arg-type]
    IsolatedLLMProxy(keep, "llm", image="litellm:latest", master_key=isolated, providers=[])  # type: ignore[arg-type]
    IsolatedLLMProxy(keep, "llm", image=image, master_key=isolated)  # type: ignore[call-arg]
    Model(id="a", upstream="b", alias="c", context_window="200k", max_output=1)  # type: ignore[arg-type]


def agents(
    keep: Platform, image: Image, token: SecretParam, *, tools: Tools, off: NoSandbox, runtime: OpenClaw
) -> None:
    SandboxedAgent(keep, "a", runtime=runtime)  # type: ignore[call-arg]
    SandboxedAgent(keep, "a", sandbox=off)  # type: ignore[call-arg]
    SandboxedAgent(keep, "a", runtime=runtime, sandbox=None)  # type: ignore[arg-type]
    SandboxedAgent(keep, "a", runtime=runtime, sandbox=OpenClaw)  # type: ignore[arg-type]
    SandboxedAgent(keep, "a", runtime="openclaw", sandbox=off)  # type: ignore[arg-type]
    SandboxedAgent(keep, "a", runtime=runtime, sandbox=off, ports={"http": 80})  # type: ignore[dict-item]
    OpenClaw(image=image, gateway_token=KEY, primary="x", tools=tools)  # type: ignore[arg-type]
    OpenClaw(image=image, gateway_token=token, primary="x", tools=tools, channels=[token])  # type: ignore[list-item]
    OpenClaw(image=image, gateway_token=token, primary="x")  # type: ignore[call-arg]
    Sandbox.off()  # type: ignore[call-arg]
    Sandbox.docker_in_docker(image=image, cli=image)  # type: ignore[call-arg]
    Sandbox.docker_in_docker(image=image, sandbox_image=image)  # type: ignore[call-arg]
    Sandbox.docker_in_docker(image=image, cli=image, sandbox_image=image, network="host")  # type: ignore[arg-type]
    Elevated(("100000000000000001",))  # type: ignore[arg-type]
    Placement(arch="riscv64")  # type: ignore[arg-type]


def sites(keep: Platform, image: Image, agent: SandboxedAgent, site: TunnelSite) -> None:
    site.publish(agent, host="openclaw")  # type: ignore[call-arg]
    site.publish(agent, host="openclaw", allow={"emails": "people"})  # type: ignore[arg-type]
    site.publish(agent, host="openclaw", allow="everyone")  # type: ignore[arg-type]
    site.publish("openclaw", host="openclaw", allow=Access.github())  # type: ignore[arg-type]
    Access.trusting_identity_provider()  # type: ignore[call-arg]
    Access.github(emails=["me@example.com"])  # type: ignore[call-arg]
    TunnelSite(keep, image=image, tunnel="t")  # type: ignore[call-arg]
    TunnelSite(keep, zone="example.com", image=image, tunnel="t")  # type: ignore[arg-type]


def flows(lockdown: EgressLockdown, agent: SandboxedAgent, llm: IsolatedLLMProxy) -> None:
    lockdown.allow(agent, Internet.https())  # type: ignore[call-arg]
    lockdown.allow(agent, Internet.https(), because=None)  # type: ignore[arg-type]
    lockdown.allow(agent, "0.0.0.0/0", because="x")  # type: ignore[arg-type]
    lockdown.allow("agent", Internet.https(), because="x")  # type: ignore[arg-type]
    lockdown.allow(agent, Port.tcp(80), because="x")  # type: ignore[arg-type]
    lockdown.allow(agent, llm)  # type: ignore[call-arg]
    Neighbour("monitoring", labels=["app"])  # type: ignore[arg-type]
    Internet.http()  # type: ignore[attr-defined]


def models(model: PlatformModel) -> None:
    model.id = "other"  # type: ignore[misc]
    model.parts["new"] = model.parts["old"]  # type: ignore[index]


def facts(store: ParameterStore, storage: Longhorn, cluster: Cluster, argocd: ArgoCd) -> None:
    Cluster(name="x", api_server="192.0.2.1:6443", storage=storage)  # type: ignore[call-arg]
    Cluster(
        name="x",
        pod_cidrs="10.244.0.0/16",  # type: ignore[arg-type]
        service_cidrs=("10.96.0.0/12",),
        node_cidrs=("192.168.1.0/24",),
        api_server="192.0.2.1:6443",
        storage=storage,
    )
    Zone(domain="example.com", account_id="a", zone_id="b", provider="~> 3")  # type: ignore[arg-type]
    Platform("openclaw")  # type: ignore[call-arg]
    Platform("openclaw", on=cluster, store=storage, delivery=argocd, targets=[])  # type: ignore[arg-type]
    Platform("openclaw", on=cluster, store=store, delivery=argocd, targets=["helm"])  # type: ignore[list-item]


def vendors(aws: Aws, store: SecretsManager) -> None:
    EbsCsi(aws=aws, encrypted=False)  # type: ignore[arg-type]
    EbsCsi(aws=aws, type="gp2")  # type: ignore[arg-type]
    EbsCsi(type="gp3")  # type: ignore[call-arg]
    SecretsManager(name="store", aws=aws)  # type: ignore[call-arg]
    SecretsManager(name="store", aws="123456789012", prefix="agents")  # type: ignore[arg-type]
    Plain(flux="flux-system")  # type: ignore[arg-type]
    Platform("openclaw", on=store, store=store, delivery=Plain(), targets=())  # type: ignore[arg-type]
