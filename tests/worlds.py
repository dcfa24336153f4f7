"""Small whole platforms for tests: every part is there, and each can be replaced by keyword."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from agentkeep import (
    Access,
    Checksum,
    Cluster,
    DeclarationError,
    DeclarationErrors,
    Discord,
    DiscordUser,
    EgressLockdown,
    Elevated,
    Image,
    Internet,
    IsolatedLLMProxy,
    IsolatedSecret,
    Longhorn,
    Model,
    OpenClaw,
    Placement,
    Platform,
    Plugin,
    Provider,
    Rules,
    Sandbox,
    SandboxedAgent,
    SecretParam,
    Slack,
    SlackUser,
    Telegram,
    TelegramUser,
    Tools,
    TunnelSite,
    Zone,
)
from agentkeep.core.facts import Resources
from agentkeep.core.model import Model as PlatformModel
from agentkeep.core.pod import Container, Pod
from agentkeep.core.workload import Workload
from agentkeep.sandboxed_agent.runtime import SandboxKind
from agentkeep.testing import DEMO_ZONE, demo_platform

OPENCLAW = Image("ghcr.io/openclaw/openclaw:2026.9.6")
LITELLM = Image("ghcr.io/berriai/litellm:v1.103.2")
CLOUDFLARED = Image("cloudflare/cloudflared:2025.11.1")
DIND = Image("docker:27.5.1-dind")
SANDBOX_IMAGE = Image("ghcr.io/acme/sandbox:1.0.0")
TOOLS = Tools(
    codex="0.98.0",
    codex_sha512=Checksum("0.98.0", "c" * 128),
    gh="2.97.0",
    gh_sha256=Checksum("2.97.0", "d" * 64),
)
PLUGINS = (
    Plugin("@openclaw/discord", version="2026.9.6", sha512="e" * 128),
    Plugin("@openclaw/slack", version="2026.9.6", sha512="f" * 128),
)
DOCKER_CLI = Image("docker:27.5.1-cli")
DOCKER = Sandbox.docker_in_docker(image=DIND, cli=DOCKER_CLI, sandbox_image=SANDBOX_IMAGE)
SONNET = Model(id="sonnet-1", upstream="acme/sonnet-1", alias="Sonnet", context_window=200_000, max_output=64_000)
OPUS = Model(
    id="opus-1", upstream="acme/opus-1", alias="Opus", context_window=200_000, max_output=64_000, prompt_cache=True
)
CLAUDE = Model(
    id="sonnet", upstream="anthropic/claude-sonnet-4-5", alias="Sonnet", context_window=200_000, max_output=64_000
)
CLAUDE_OPUS = Model(
    id="opus", upstream="anthropic/claude-opus-4-6", alias="Opus", context_window=200_000, max_output=64_000
)
RULES = Rules(repositories=("acme/app",))
OWNER = DiscordUser(id="100000000000000001")
V4_ZONE = Zone(domain="example.com", account_id="a" * 32, zone_id="b" * 32, provider="~> 4.52")
RESOURCES = Resources(cpu="10m", memory="16Mi", cpu_limit="100m", memory_limit="64Mi")
RANGES = ("198.51.100.0/24",)

DUAL_STACK = Cluster(
    name="dual",
    pod_cidrs=("10.244.0.0/16", "2001:db8:1::/64"),
    service_cidrs=("10.96.0.0/12", "fd00:2::/112"),
    node_cidrs=("192.168.1.0/24", "2a00:1::/64"),
    api_server="[2a00:1::10]:6443",
    storage=Longhorn(replicas=2, backup_groups=("default",)),
    ip_families=("IPv6", "IPv4"),
)


class Worker(Workload):
    """A workload that runs one container, for tests that need one more of them."""

    def plan(self, model: PlatformModel) -> Pod:  # noqa: ARG002 - it has no edges to read
        return Pod((Container(self.main_container, OPENCLAW, RESOURCES),), user=1000)


@dataclass
class World:
    """A platform, with its parts by name."""

    platform: Platform
    provider_key: IsolatedSecret
    master_key: IsolatedSecret
    proxy_key: SecretParam
    gateway_token: SecretParam
    llm: IsolatedLLMProxy
    agent: SandboxedAgent
    lockdown: EgressLockdown
    zone: Zone

    @property
    def runtime(self) -> OpenClaw:
        """What the agent is."""
        assert isinstance(self.agent.runtime, OpenClaw)
        return self.agent.runtime

    @property
    def model(self) -> PlatformModel:
        """What the platform is by now."""
        return self.platform.model

    def publish(self, *hosts: str, allow: Access | None = None) -> TunnelSite:
        """Publish the agent under each of *hosts*."""
        site = TunnelSite(self.platform, zone=self.zone, image=CLOUDFLARED, tunnel="demo tunnel")
        for host in hosts:
            site.publish(self.agent, host=host, allow=allow or Access.github(), port="gateway")
        return site


def world(
    *,
    platform: Platform | None = None,
    zone: Zone = DEMO_ZONE,
    serve: bool = True,
    providers: Callable[[IsolatedSecret], Sequence[Provider]] | None = None,
    primary: str = "Sonnet",
    fallbacks: Sequence[str] = ("Opus",),
    sandbox: SandboxKind = DOCKER,
    discord: bool = False,
    elevated: bool = False,
    placement: Placement | None = None,
    storage: str = "10Gi",
    rules: Rules = RULES,
) -> World:
    """A served and confined agent called ``agent``, on the invented cluster."""
    keep = platform or demo_platform()
    provider_key = IsolatedSecret(keep, "ACME_API_KEY", about="key of the model provider")
    master_key = IsolatedSecret(keep, "LITELLM_MASTER_KEY", about="administration of the proxy")
    proxy_key = SecretParam(keep, "LITELLM_PROXY_KEY", about="the agent's own key to the proxy")
    gateway_token = SecretParam(keep, "OPENCLAW_GATEWAY_TOKEN", about="what clients of the gateway show")
    chosen = providers(provider_key) if providers else [Provider("acme", provider_key, [SONNET, OPUS], RANGES)]
    llm = IsolatedLLMProxy(keep, "llm", image=LITELLM, master_key=master_key, providers=chosen)
    bot = Discord(SecretParam(keep, "DISCORD_BOT_TOKEN", about="the bot"), users=(OWNER,)) if discord else None
    agent = SandboxedAgent(
        keep,
        "agent",
        runtime=OpenClaw(
            image=OPENCLAW,
            gateway_token=gateway_token,
            primary=primary,
            fallbacks=fallbacks,
            tools=TOOLS,
            channels=[bot] if bot else [],
            plugins=PLUGINS,
            elevated=Elevated((OWNER,)) if elevated else None,
            rules=rules,
        ),
        sandbox=sandbox,
        placement=placement,
        storage=storage,
    )
    lockdown = EgressLockdown(keep)
    if serve:
        llm.serve(agent, key=proxy_key)
    return World(keep, provider_key, master_key, proxy_key, gateway_token, llm, agent, lockdown, zone)


def add_agent(world: World, name: str, **keywords: str) -> SandboxedAgent:
    """One more agent with secrets of its own; not served yet."""
    token = SecretParam(world.platform, f"{name.upper()}_GATEWAY_TOKEN", about="what clients of the gateway show")
    return SandboxedAgent(
        world.platform,
        name,
        runtime=OpenClaw(image=OPENCLAW, gateway_token=token, primary=keywords.get("primary", "Sonnet"), tools=TOOLS),
        sandbox=DOCKER,
    )


def refusals(platform: Platform) -> list[tuple[str, str, str]]:
    """Path, problem and remedy of everything that sealing *platform* refuses; empty where it is sound."""
    try:
        platform.seal()
    except DeclarationErrors as errors:
        return [fields(error) for error in errors.exceptions]
    return []


def fields(error: BaseException) -> tuple[str, str, str]:
    """Path, problem and remedy of one refusal."""
    assert isinstance(error, DeclarationError)
    return error.path, error.problem, error.fix


def two_agents() -> Platform:
    """
    The second of everything: a cluster with both address families, two agents, version 5 of Cloudflare's provider.

    One agent has Docker, reads a secret as a file and answers on Discord; the other runs no commands, and answers on
    Telegram and Slack, there in one channel as well.
    """
    keep = demo_platform("team", on=DUAL_STACK)
    provider_key = IsolatedSecret(keep, "ACME_API_KEY", about="key of the model provider")
    master_key = IsolatedSecret(keep, "LITELLM_MASTER_KEY", about="administration of the proxy")
    llm = IsolatedLLMProxy(
        keep,
        "llm",
        image=LITELLM,
        master_key=master_key,
        providers=[Provider("anthropic", provider_key, [CLAUDE, CLAUDE_OPUS], RANGES)],
    )
    lockdown = EgressLockdown(keep)
    site = TunnelSite(keep, zone=DEMO_ZONE, image=CLOUDFLARED, tunnel="team")
    for name, sandbox, model in (
        ("coder", DOCKER, CLAUDE),
        ("writer", Sandbox.off(because="it has no tools that run commands"), CLAUDE_OPUS),
    ):
        upper = name.upper()
        token = partial(lambda u, what: SecretParam(keep, f"{u}_{what}_TOKEN", about="the bot"), upper)
        agent = SandboxedAgent(
            keep,
            name,
            runtime=OpenClaw(
                image=OPENCLAW,
                gateway_token=SecretParam(keep, f"{upper}_GATEWAY_TOKEN", about="what clients of the gateway show"),
                primary=model.alias,
                tools=TOOLS,
                channels=[Discord(token("BOT"), users=(OWNER,))]
                if name == "coder"
                else [
                    Telegram(token("TELEGRAM"), users=(TelegramUser("123456789"),)),
                    Slack(token("SLACK"), token("APP"), users=(SlackUser("U012ABCDEF"),), channels=("C012ABCDEF",)),
                ],
                plugins=PLUGINS,
            ),
            sandbox=sandbox,
        )
        agent.reads(SecretParam(keep, f"{upper}_TOOL_TOKEN", about="a tool"), as_file="/run/secrets/tool-token")
        llm.serve(agent, key=SecretParam(keep, f"{upper}_PROXY_KEY", about="its own key to the proxy"), models=[model])
        site.publish(agent, host=name, port="gateway", allow=Access.github())
        lockdown.allow(agent, Internet.https(), because="web search")
    keep.acknowledge("POD003[coder/dind]: privileged", because="Docker needs it", owner="tests")
    keep.acknowledge(
        "CFG002[team/writer]: runs sessions outside a sandbox (mode off)", because="it runs no commands", owner="tests"
    )
    return keep
