# pyright: reportUnnecessaryTypeIgnoreComment=true
"""
Lines that must not type-check. Nobody runs them.

Each ends with the code of its refusal; with ``warn_unused_ignores``, mypy fails on the day that one becomes legal.
What is refused here is also refused when run (tests/unit): mains also run without a type checker.
"""

from agentkeep import (
    Access,
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
    Placement,
    Plain,
    Platform,
    Provider,
    Sandbox,
    SandboxedAgent,
    SecretParam,
    SecretsManager,
    SecretStore,
    Tools,
    TunnelSite,
    Zone,
)

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
    Provider("anthropic", isolated, [])  # type: ignore[call-arg]
    Discord(KEY, users=())  # type: ignore[arg-type]
    Discord(isolated, users=())  # type: ignore[arg-type]


def proxies(keep: Platform, image: Image, generic: SecretParam, isolated: IsolatedSecret) -> None:
    IsolatedLLMProxy(keep, "llm", image=image, master_key=generic, providers=[])  # type: ignore[arg-type]
    IsolatedLLMProxy(keep, "llm", image=image, master_key=KEY, providers=[])  # type: ignore[arg-type]
    IsolatedLLMProxy(keep, "llm", image="litellm:latest", master_key=isolated, providers=[])  # type: ignore[arg-type]
    IsolatedLLMProxy(keep, "llm", image=image, master_key=isolated)  # type: ignore[call-arg]
    Model(id="a", upstream="b", alias="c", context_window="200k", max_output=1)  # type: ignore[arg-type]


def agents(keep: Platform, image: Image, token: SecretParam, tools: Tools, off: Sandbox) -> None:
    SandboxedAgent(keep, "a", image=image, gateway_token=token, primary="x", tools=tools)  # type: ignore[call-arg]
    SandboxedAgent(
        keep, "a", image=image, gateway_token=token, primary="x", tools=tools, sandbox=None  # type: ignore[arg-type]
    )  # fmt: skip
    SandboxedAgent(
        keep, "a", image=image, gateway_token=KEY, primary="x", tools=tools, sandbox=off  # type: ignore[arg-type]
    )  # fmt: skip
    SandboxedAgent(
        keep, "a", image=image, gateway_token=token, primary="x", tools=tools, sandbox=off, ports={"http": 80}  # type: ignore[dict-item]
    )  # fmt: skip
    Sandbox.off()  # type: ignore[call-arg]
    Sandbox.docker_in_docker(image=image)  # type: ignore[call-arg]
    Sandbox.docker_in_docker(image=image, sandbox_image=image, network="host")  # type: ignore[arg-type]
    Elevated(("100000000000000001",))  # type: ignore[arg-type]
    Placement(arch="riscv64")  # type: ignore[arg-type]


def sites(keep: Platform, image: Image, agent: SandboxedAgent, site: TunnelSite) -> None:
    site.publish(agent, host="openclaw")  # type: ignore[call-arg]
    site.publish(agent, host="openclaw", allow={"emails": "people"})  # type: ignore[arg-type]
    site.publish(agent, host="openclaw", allow="everyone")  # type: ignore[arg-type]
    site.publish("openclaw", host="openclaw", allow=Access.github())  # type: ignore[arg-type]
    Access.trusting_identity_provider()  # type: ignore[call-arg]
    Access.github(emails=["me@example.com"])  # type: ignore[call-arg]
    TunnelSite(keep, image=image)  # type: ignore[call-arg]


def flows(lockdown: EgressLockdown, agent: SandboxedAgent, llm: IsolatedLLMProxy) -> None:
    lockdown.allow(agent, Internet.https())  # type: ignore[call-arg]
    lockdown.allow(agent, Internet.https(), because=None)  # type: ignore[arg-type]
    lockdown.allow(agent, "0.0.0.0/0", because="x")  # type: ignore[arg-type]
    lockdown.allow("agent", Internet.https(), because="x")  # type: ignore[arg-type]
    lockdown.allow(agent, llm, because="x")  # type: ignore[arg-type]
    Internet.http()  # type: ignore[attr-defined]


def facts(store: SecretStore, storage: Longhorn) -> None:
    Cluster(name="x", api_server="192.0.2.1:6443", secret_store=store, storage=storage)  # type: ignore[call-arg]
    Cluster(
        name="x",
        pod_cidrs="10.244.0.0/16",  # type: ignore[arg-type]
        service_cidrs=("10.96.0.0/12",),
        node_cidrs=("192.168.1.0/24",),
        api_server="192.0.2.1:6443",
        secret_store=store,
        storage=storage,
    )
    Zone(domain="example.com", account_id="a", zone_id="b", provider="~> 3")  # type: ignore[arg-type]
    Platform("openclaw")  # type: ignore[call-arg]


def vendors(aws: Aws, store: SecretsManager) -> None:
    EbsCsi(aws=aws, encrypted=False)  # type: ignore[arg-type]
    EbsCsi(aws=aws, type="gp2")  # type: ignore[arg-type]
    EbsCsi(type="gp3")  # type: ignore[call-arg]
    SecretsManager(name="store", aws=aws)  # type: ignore[call-arg]
    SecretsManager(name="store", aws="123456789012", prefix="agents")  # type: ignore[arg-type]
    Plain(flux="flux-system")  # type: ignore[arg-type]
    Platform("openclaw", on=store, store=store, delivery=Plain(), targets=())  # type: ignore[arg-type]
