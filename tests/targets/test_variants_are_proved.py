"""Whatever can be declared is proved: each typed choice changes the output, and every promise still holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentkeep import (
    Access,
    Budget,
    Cluster,
    Discord,
    EgressLockdown,
    Image,
    Internet,
    IsolatedLLMProxy,
    IsolatedSecret,
    Model,
    OpenClaw,
    Placement,
    Platform,
    Port,
    Provider,
    Sandbox,
    SandboxedAgent,
    SecretParam,
    Selector,
    Taint,
    TunnelSite,
    Zone,
)
from agentkeep.targets.synthesis import synthesize
from agentkeep.verify.command import verify
from lolice import cluster, openclaw, versions
from lolice.people import OWNER_ON_DISCORD

DUAL_STACK: dict[str, object] = {
    "ip_families": ("IPv4", "IPv6"),
    "pod_cidrs": ("192.178.0.0/16", "fd00:10:244::/56"),
    "service_cidrs": ("10.96.0.0/12", "fd00:10:96::/112"),
    "node_cidrs": ("192.168.10.0/24", "2001:db8:1::/64"),
}


def lolice(zone: dict[str, object] | None = None, own: dict[str, object] | None = None) -> Callable[[], Platform]:
    """The committed declaration with other facts about the world."""

    def declare() -> Platform:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(openclaw, "B0XP_IO", Zone(**{**cluster.B0XP_IO.model_dump(), **(zone or {})}))
            facts = {name: getattr(cluster.LOLICE, name) for name in Cluster.model_fields}
            patch.setattr(openclaw, "LOLICE", Cluster(**{**facts, **(own or {})}))
            return openclaw.declare()

    return declare


def checked() -> Platform:
    """With the check inside the cluster switched on."""
    keep = openclaw.declare()
    (agent,) = keep.parts(SandboxedAgent)
    keep.parts(EgressLockdown)[0].check_in_cluster(agent, image=Image("busybox:1.37.0"), reaches=["discord.com:443"])
    return keep


def rich() -> Platform:
    """Two agents on one proxy with two providers, limits, files, taints, several hosts, and no sandbox for one."""
    keep = Platform(
        "team",
        on=cluster.LOLICE,
        store=cluster.ARCH_PARAMETERS,
        delivery=cluster.LOLICE_ARGOCD,
        targets=cluster.REPOSITORIES,
    )
    opus = Model(id="opus", upstream="anthropic/claude-opus-4-6", alias="Opus", context_window=9000, max_output=900)
    gpt = Model(id="gpt", upstream="openai/gpt-5.1", alias="GPT", context_window=9000, max_output=900)
    anthropic = IsolatedSecret(keep, "ANTHROPIC_API_KEY", about="Anthropic")
    openai = IsolatedSecret(keep, "TEAM_OPENAI_API_KEY", about="OpenAI")
    llm = IsolatedLLMProxy(
        keep,
        "llm",
        image=versions.LITELLM,
        master_key=IsolatedSecret(keep, "LITELLM_MASTER_KEY", about="LiteLLM"),
        providers=[
            Provider(
                "anthropic",
                key=anthropic,
                models=[opus],
                ranges=("160.79.104.0/23",),
                budget=Budget("anthropic", 20, "1d"),
            ),
            Provider("openai", key=openai, models=[gpt], ranges=("162.159.140.0/24",)),
        ],
    )
    lockdown = EgressLockdown(keep)
    site = TunnelSite(keep, zone=cluster.B0XP_IO, image=versions.CLOUDFLARED, tunnel="team")
    for name, sandbox, model in (
        (
            "coder",
            Sandbox.docker_in_docker(image=versions.DIND, cli=versions.DOCKER_CLI, sandbox_image=versions.SANDBOX),
            opus,
        ),
        ("writer", Sandbox.off(because="it has no tools that run commands"), gpt),
    ):
        upper = name.upper()
        agent = SandboxedAgent(
            keep,
            name,
            runtime=OpenClaw(
                image=versions.OPENCLAW,
                gateway_token=SecretParam(keep, f"{upper}_GATEWAY_TOKEN", about="gateway"),
                primary=model.alias,
                tools=versions.TOOLS,
                channels=[Discord(SecretParam(keep, f"{upper}_DISCORD_TOKEN", about="bot"), users=(OWNER_ON_DISCORD,))],
                plugins=versions.PLUGINS,
            ),
            sandbox=sandbox,
            placement=Placement(taint=Taint(key="agents", value="only")),
            ports={"board": Port.tcp(8080)},
        )
        agent.reads(SecretParam(keep, f"{upper}_TOKEN", about="a tool"), as_file="/run/secrets/token")
        llm.serve(
            agent,
            key=SecretParam(keep, f"{upper}_PROXY_KEY", about="LiteLLM"),
            models=[model],
            requests_per_minute=30,
        )
        site.publish(agent, host=name, port="gateway", allow=Access.github())
        site.publish(
            agent,
            host=f"board-{name}",
            port="board",
            allow=Access(include=(Selector.github_organization("GitHub", "boxp", team="owners"),)),
        )
        lockdown.allow(agent, Internet.https(), because="web search")
    keep.acknowledge("POD003[coder/dind]: privileged", because="Docker needs it", owner="boxp")
    keep.acknowledge(
        "CFG002[team/writer]: runs sessions outside a sandbox (mode off)", because="it runs no commands", owner="boxp"
    )
    return keep


VARIANTS: dict[str, Callable[[], Platform]] = {
    "cloudflare 5": lolice(zone={"provider": "~> 5"}),
    "tokens verified at the origin": lolice(zone={"team_name": "boxp"}),
    "cloudflare 5, tokens verified at the origin": lolice(zone={"provider": "~> 5", "team_name": "boxp"}),
    "another network plugin": lolice(own={"cni": "cilium"}),
    "two address families": lolice(own=DUAL_STACK),
    "checked inside the cluster": checked,
    "two agents": rich,
}


@pytest.mark.parametrize("declare", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_promise_holds(declare: Callable[[], Platform], engines: None, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    synthesize(declare().seal(), dist)

    _, verdicts = verify(str(dist))

    assert [finding.line for verdict in verdicts for finding in verdict.findings] == []
    assert [verdict.rule for verdict in verdicts if not verdict.proved] == []
