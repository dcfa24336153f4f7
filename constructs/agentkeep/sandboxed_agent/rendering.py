"""From the declaration to the files that an agent reads: its configuration, its policy text and its scripts."""

from __future__ import annotations

import json
from importlib.resources import files

from agentkeep.edges import DnsPods, Env, Flow, Internet, Inward, Range
from agentkeep.sandboxed_agent import openclaw_config, workspace
from agentkeep.sandboxed_agent.declaration import DISCORD_TOKEN_ENV, GATEWAY_TOKEN_ENV, SandboxedAgent
from agentkeep.secret_param.declaration import IsolatedSecret

CONFIG_FILE = "openclaw.json"
SCRIPTS = ("prepare-state.sh", "install-tools.sh", "sync-files.sh")
SANDBOX_SCRIPTS = ("copy-docker-cli.sh", "daemon.json", "dind-prune.sh", "pull-sandbox.sh", "share-certs.sh")


def settings(agent: SandboxedAgent) -> openclaw_config.OpenClawSettings:
    """What OpenClaw's configuration is rendered from."""
    served = agent.served
    sandbox: openclaw_config.DockerSandbox | None = None
    if agent.sandbox.sandbox_image is not None:
        sandbox = openclaw_config.DockerSandbox(
            image=agent.sandbox.sandbox_image.reference, network=agent.sandbox.network
        )
    return openclaw_config.OpenClawSettings(
        models=tuple(
            openclaw_config.ChatModel(
                id=model.id,
                name=model.alias,
                alias=model.alias,
                context_window=model.context_window,
                max_output=model.max_output,
            )
            for model in agent.models
        ),
        proxy_url=f"{served.proxy.url}/v1",
        proxy_key=openclaw_config.EnvSecret(served.key.id),
        gateway_token=openclaw_config.EnvSecret(GATEWAY_TOKEN_ENV),
        # cloudflared's pods come from here; without it every request that names a client is refused.
        trusted_proxies=agent.platform.cluster.pod_cidrs,
        # OpenClaw wants an origin. Without a host there is none, and no page can ever come from this one (RFC 2606).
        origins=tuple(f"https://{published.host}" for published in agent.published) or ("https://unpublished.invalid",),
        sandbox=sandbox,
        discord=None
        if agent.discord is None
        else openclaw_config.Discord(
            token=openclaw_config.EnvSecret(DISCORD_TOKEN_ENV),
            users=tuple(user.id for user in agent.discord.users),
            elevated=tuple(user.id for user in agent.elevated.users),
        ),
        port=agent.ports["gateway"].number,
    )


def config_file(agent: SandboxedAgent) -> str:
    """``openclaw.json``."""
    content = openclaw_config.render_openclaw(settings(agent), path=agent.path)
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def secret_names(agent: SandboxedAgent) -> set[str]:
    """The variables that hold what the agent was granted."""
    return {name for grant in agent.grants if isinstance(grant.delivery, Env) for name in grant.delivery.names}


def policy_files(agent: SandboxedAgent) -> dict[str, str]:
    """``SOUL.md`` and the skills, by their path in the workspace."""
    tools = [
        workspace.Tool("codex", agent.tools.codex, "コードレビュー"),
        workspace.Tool("gh", agent.tools.gh, "プルリクエスト"),
        workspace.Tool("git", "", "バージョン管理"),
    ]
    if agent.sandbox.is_on:
        tools.append(workspace.Tool("docker", "", "サンドボックスの起動(OpenClaw が使う)"))
    names = secret_names(agent)
    policy = workspace.AgentPolicy(
        sandbox="docker" if agent.sandbox.is_on else "off",
        sandbox_network=agent.sandbox.network == "bridge" or not agent.sandbox.is_on,
        elevated=bool(agent.elevated.users),
        openings=tuple(_opening(flow) for flow in agent.flows),
        tools=tuple(sorted(tools, key=lambda tool: tool.name)),
        secrets=tuple(sorted(names)),
        # Of its own proxy only: what other agents' proxies hold is not this agent's business.
        elsewhere=tuple(
            grant.secret.id for grant in agent.served.proxy.grants if isinstance(grant.secret, IsolatedSecret)
        ),
        repositories=agent.rules.repositories,
        review=workspace.CODEX_KEY_ENV in names,
    )
    return workspace.render_workspace(policy, path=agent.path)


def scripts(agent: SandboxedAgent) -> dict[str, str]:
    """The scripts of the pod's containers, by file name."""
    folder = files("agentkeep.sandboxed_agent").joinpath("files")
    wanted = (*SCRIPTS, *(SANDBOX_SCRIPTS if agent.sandbox.is_on else ()))
    return {name: folder.joinpath(name).read_text(encoding="utf-8") for name in wanted}


def _opening(flow: Flow) -> workspace.Opening:
    match flow.to:
        case Internet():
            to = "インターネット"
        case DnsPods():
            to = "クラスターの DNS"
        case Inward(workload=workload):
            to = workload.id
        case Range(cidrs=cidrs):
            to = ", ".join(cidrs)
    return workspace.Opening(to=to, ports=f"{flow.port.protocol} {flow.port.number}", because=flow.because)
