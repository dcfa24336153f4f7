"""
A platform of many agents, to see how the cost grows.

Every agent has a proxy of its own, a volume, a published host, and secrets enough that it makes about forty objects.
Run as ``python -m bench.programs.many_agents COUNT DIST`` it declares the platform and writes *DIST*.
"""

from __future__ import annotations

import sys
from pathlib import Path

from agentkeep import (
    Access,
    Discord,
    DiscordUser,
    EgressLockdown,
    Image,
    Internet,
    IsolatedLLMProxy,
    IsolatedSecret,
    Model,
    OpenClaw,
    Platform,
    Plugin,
    Provider,
    Sandbox,
    SandboxedAgent,
    SecretParam,
    TunnelSite,
)
from agentkeep.testing import DEMO_TOOLS, DEMO_ZONE, demo_platform

TOOL_KEYS = 16
MODEL = Model(id="model", upstream="anthropic/model", alias="Model", context_window=200_000, max_output=64_000)
DIND = Image("docker:27.5.1-dind")
SANDBOX = Sandbox.docker_in_docker(
    image=DIND, cli=Image("docker:27.5.1-cli"), sandbox_image=Image("example.com/sandbox:1.0.0")
)
PLUGIN = Plugin("@openclaw/discord", version="2026.9.6", sha512="0" * 128)
USER = DiscordUser.sample("100000000000000001")


def declare(count: int) -> Platform:
    """A platform of *count* agents on an invented cluster."""
    keep = demo_platform("fleet")
    site = TunnelSite(keep, zone=DEMO_ZONE, image=Image("cloudflare/cloudflared:2025.11.1"), tunnel="fleet")
    lockdown = EgressLockdown(keep)
    for number in range(count):
        agent = _agent(keep, f"agent{number}")
        site.publish(agent, host=agent.id, allow=Access.github())
        lockdown.allow(agent, Internet.https(), because="web search")
    return keep


def _agent(keep: Platform, name: str) -> SandboxedAgent:
    def secret(what: str) -> SecretParam:
        return SecretParam(keep, f"{name.upper()}_{what}", about=f"{what} of {name}")

    provider_key = IsolatedSecret(keep, f"{name.upper()}_PROVIDER_KEY", about=f"provider key of {name}")
    master_key = IsolatedSecret(keep, f"{name.upper()}_MASTER_KEY", about=f"master key of {name}")
    proxy = IsolatedLLMProxy(
        keep,
        f"{name}-llm",
        image=Image("ghcr.io/berriai/litellm:v1.103.2"),
        master_key=master_key,
        providers=[Provider("anthropic", key=provider_key, models=[MODEL], ranges=("160.79.104.0/23",))],
    )
    agent = SandboxedAgent(
        keep,
        name,
        runtime=OpenClaw(
            image=Image("ghcr.io/openclaw/openclaw:2026.9.6"),
            gateway_token=secret("GATEWAY_TOKEN"),
            primary=MODEL.alias,
            channels=[Discord(secret("DISCORD_TOKEN"), users=(USER,))],
            plugins=[PLUGIN],
            tools=DEMO_TOOLS,
        ),
        sandbox=SANDBOX,
    )
    for number in range(TOOL_KEYS):
        agent.reads(secret(f"TOOL_{number}_KEY"), as_env=f"TOOL_{number}_KEY")
    proxy.serve(agent, key=secret("PROXY_KEY"))
    keep.acknowledge(
        f"POD003[{name}/dind]: privileged", because="Docker in Docker cannot do without", owner="the benchmark"
    )
    return agent


def main() -> None:
    """Declare and write, without the proofs."""
    from agentkeep.targets.synthesis import synthesize  # noqa: PLC0415 - declaring alone must not load it

    synthesize(declare(int(sys.argv[1])).seal(), Path(sys.argv[2]).resolve())


if __name__ == "__main__":
    main()
