"""From the declaration to the files that an agent reads: its configuration, its policy text and its scripts."""

from __future__ import annotations

import json
from importlib.resources import files

from agentkeep.core.edges import Beside, Dns, Flow, Internet, Inward, Range
from agentkeep.core.facts import DeclarationErrors
from agentkeep.core.model import Model
from agentkeep.errors import DeclarationError
from agentkeep.isolated_llm_proxy.models import Model as ChatModel
from agentkeep.sandboxed_agent.runtime import Agent
from agentkeep.sandboxed_agent.runtimes.openclaw.config import (
    ChatModel as SettingsModel,
)
from agentkeep.sandboxed_agent.runtimes.openclaw.config import (
    ChannelSettings,
    DockerSandbox,
    EnvSecret,
    OpenClawSettings,
    render_openclaw,
)
from agentkeep.sandboxed_agent.runtimes.openclaw.facts import GATEWAY_TOKEN_ENV, OpenClawFacts
from agentkeep.sandboxed_agent.runtimes.openclaw.faults import check_openclaw
from agentkeep.sandboxed_agent.runtimes.openclaw.policy import CODEX_KEY_ENV, COMMANDS, AgentPolicy, Opening, Tool
from agentkeep.sandboxed_agent.runtimes.openclaw.texts import Language
from agentkeep.sandboxed_agent.runtimes.openclaw.workspace import LANGUAGES, render_workspace
from agentkeep.sandboxed_agent.sandboxes.docker_in_docker import DockerInDocker
from agentkeep.secret_param.declaration import IsolatedSecret

CONFIG_FILE = "openclaw.json"
SCRIPTS = ("prepare-state.sh", "install-tools.sh", "sync-files.sh")
PLUGIN_SCRIPT = "install-plugins.sh"


def models(runtime: OpenClawFacts, agent: Agent, model: Model) -> tuple[ChatModel, ...]:
    """The models that *agent* may use, its own first."""
    return runtime.models(
        [one for serving in model.served(agent.id) for limits in serving.offer for one in limits.models]
    )


def settings(runtime: OpenClawFacts, agent: Agent, model: Model) -> OpenClawSettings:
    """What OpenClaw's configuration is rendered from."""
    (serving,) = model.served(agent.id)
    sandbox: DockerSandbox | None = None
    if isinstance(agent.sandbox, DockerInDocker):
        sandbox = DockerSandbox(image=agent.sandbox.sandbox_image.reference, network=agent.sandbox.network)
    keeper = model.workload(serving.keeper)
    port = next(iter(keeper.ports.values()))
    return OpenClawSettings(
        models=tuple(
            SettingsModel(
                id=one.id,
                name=one.alias,
                alias=one.alias,
                context_window=one.context_window,
                max_output=one.max_output,
            )
            for one in models(runtime, agent, model)
        ),
        proxy_url=f"http://{keeper.host}:{port.number}/v1",
        proxy_key=EnvSecret(serving.key),
        gateway_token=EnvSecret(GATEWAY_TOKEN_ENV),
        # cloudflared's pods come from here; without it every request that names a client is refused.
        trusted_proxies=model.cluster.pod_cidrs,
        # OpenClaw wants an origin. Without a host there is none, and no page can ever come from this one (RFC 2606).
        origins=tuple(f"https://{one.host}" for one in model.published(agent.id)) or ("https://unpublished.invalid",),
        sandbox=sandbox,
        channels=tuple(
            ChannelSettings(
                name=talk.name,
                tokens={token.setting: EnvSecret(token.variable) for token in talk.tokens},
                users=talk.users,
                elevated=tuple(user.id for user in runtime.elevated.users if user.channel == talk.name),
                rooms=talk.rooms,
                settings={**talk.fixed, **talk.settings},
            )
            for talk in runtime.talks
        ),
        port=agent.ports["gateway"].number,
    )


def config_file(runtime: OpenClawFacts, agent: Agent, model: Model) -> str:
    """
    ``openclaw.json``.

    Raises:
        DeclarationError: It has a fault that OpenClaw's own validator would let through.
    """
    content = render_openclaw(settings(runtime, agent, model), path=agent.path)
    for fault in check_openclaw(content, secret_names(agent, model)):
        raise DeclarationError(agent.path, f"openclaw.json: {fault}", "fix the declaration")
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def secret_names(agent: Agent, model: Model) -> set[str]:
    """The variables that hold what the agent was granted."""
    return {name for name, _ in model.variables(agent.id)}


def policy_files(runtime: OpenClawFacts, agent: Agent, model: Model) -> dict[str, str]:
    """``SOUL.md`` and the skills, by their path in the workspace."""
    words = LANGUAGES[runtime.rules.language]
    versions = {"codex": runtime.tools.codex, "gh": runtime.tools.gh, "git": ""}
    if agent.sandbox.is_on:
        versions["docker"] = ""
    names = secret_names(agent, model)
    (serving,) = model.served(agent.id)
    policy = AgentPolicy(
        sandbox="docker" if agent.sandbox.is_on else "off",
        sandbox_network=getattr(agent.sandbox, "network", "bridge") == "bridge",
        elevated=bool(runtime.elevated.users),
        openings=tuple(_opening(flow, words) for flow in model.flows(agent.id)),
        tools=tuple(Tool(name, versions[name], words.purposes[name]) for name in sorted(versions)),
        secrets=tuple(sorted(names)),
        # Of its own proxy only: what other agents' proxies hold is not this agent's business.
        elsewhere=tuple(
            grant.secret
            for grant in model.grants(serving.keeper)
            if isinstance(model.secret(grant.secret), IsolatedSecret)
        ),
        repositories=runtime.rules.repositories,
        commands=(*COMMANDS, *model.delivery.commands),
        review=CODEX_KEY_ENV in names,
        channels=tuple(talk.label for talk in runtime.talks),
        language=runtime.rules.language,
    )
    return render_workspace(policy, path=agent.path)


def texts(runtime: OpenClawFacts, agent: Agent, model: Model) -> tuple[str, dict[str, str]]:
    """
    ``openclaw.json``, and the policy files by their path in the workspace.

    Raises:
        DeclarationErrors: What is wrong with the one and with the other.
    """
    found: list[DeclarationError] = []
    config, policy = "", dict[str, str]()
    try:
        config = config_file(runtime, agent, model)
    except DeclarationError as error:
        found.append(error)
    try:
        policy = policy_files(runtime, agent, model)
    except DeclarationError as error:
        found.append(error)
    if found:
        raise DeclarationErrors(f"{agent.path} cannot be rendered", found)
    return config, policy


def scripts(*, plugins: bool = False) -> dict[str, str]:
    """The scripts of the pod's own containers, by file name; that for further *plugins* only where there are any."""
    folder = files("agentkeep.sandboxed_agent.runtimes.openclaw").joinpath("files")
    names = (*SCRIPTS, PLUGIN_SCRIPT) if plugins else SCRIPTS
    return {name: folder.joinpath(name).read_text(encoding="utf-8") for name in names}


def _opening(flow: Flow, words: Language) -> Opening:
    match flow.to:
        case Internet():
            to = words.internet
        case Dns():
            to = words.dns
        case Inward(workload=workload):
            to = workload
        case Beside(neighbour=neighbour):
            to = neighbour.name
        case Range(cidrs=cidrs):
            to = ", ".join(cidrs)
    return Opening(to=to, ports=f"{flow.port.protocol} {flow.port.number}", because=flow.because)
