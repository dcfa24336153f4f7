"""OpenClaw's pod: the gateway, what prepares its state and keeps its files current, and what its sandbox adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentkeep.core.facts import Image, Resources
from agentkeep.core.model import Model
from agentkeep.core.pod import Claim, Container, Files, Mount, Pod, Probe, Volume, fingerprint
from agentkeep.sandboxed_agent.runtime import Additions, Agent, Place
from agentkeep.sandboxed_agent.runtimes.openclaw.config import (
    GATEWAY_ENV,
    SHARED_STATE_DIRS,
    STATE_DIR,
)
from agentkeep.sandboxed_agent.runtimes.openclaw.facts import OpenClawFacts
from agentkeep.sandboxed_agent.runtimes.openclaw.rendering import CONFIG_FILE, PLUGIN_SCRIPT, scripts, texts
from agentkeep.sandboxed_agent.runtimes.openclaw.tools import Plugin
from agentkeep.sandboxed_agent.runtimes.openclaw.workspace import config_map_key

UID = 1000
SCRIPTS_ANNOTATION = "agentkeep/scripts"

SCRIPTS_FOLDER = "/opt/agent-scripts"
TOOLS_FOLDER = "/opt/agent-tools"
SCRATCH_FOLDER = "/scratch"
CONFIG_FOLDER = "/etc/openclaw"
CONFIG_SOURCE = "/etc/openclaw-source"
POLICY_SOURCE = "/etc/openclaw-policy"
# What the image has, with the agent's own tools last: nothing that is downloaded can stand in for a system program.
PATH = f"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{TOOLS_FOLDER}/bin"

# The gateway lets running work end before it stops, for 330 seconds at most.
GRACE_SECONDS = 345

SMALL = Resources(cpu="10m", memory="32Mi", cpu_limit="200m", memory_limit="128Mi")
# What prepare-state.sh installs by itself; install-plugins.sh has the others.
PREPARED = "@openclaw/discord"
INSTALL = Resources(cpu="100m", memory="256Mi", cpu_limit="1", memory_limit="1Gi")

PLACE = Place(scripts=SCRIPTS_FOLDER, tools=TOOLS_FOLDER, data="data", state=STATE_DIR, shared=SHARED_STATE_DIRS)


def plan(runtime: OpenClawFacts, agent: Agent, model: Model) -> Pod:
    """The pod of *agent*, whose runtime is *runtime*."""
    added = agent.sandbox.additions(PLACE)
    further = _further_plugins(runtime)
    run = {**scripts(plugins=bool(further)), **added.scripts}
    config, policy = texts(runtime, agent, model)
    secret_volumes, secret_mounts = agent.secret_mounts(model)
    return Pod(
        user=UID,
        one_at_a_time=True,
        annotations={SCRIPTS_ANNOTATION: fingerprint(run)},
        architecture=agent.placement.arch,
        tolerations=agent.placement.tolerations,
        grace_seconds=GRACE_SECONDS,
        init_containers=(
            *added.before,
            _install(runtime),
            _prepare(runtime),
            *(_plugins(runtime, further) for _ in further[:1]),
            *added.after,
        ),
        containers=(
            _gateway(runtime, agent, model, added, secret_mounts),
            *added.beside,
            _sync(runtime),
        ),
        volumes=(
            *sorted((*_volumes(agent, policy), *added.volumes), key=lambda volume: volume.name),
            *secret_volumes,
        ),
        files=(
            Files(
                f"{agent.id}-config",
                {CONFIG_FILE: config},
                f"{agent.id}-configmap",
                f"{agent.path} (SandboxedAgent): OpenClaw's configuration",
                {
                    CONFIG_FILE: "${NAME} is read from the environment. A change is picked up within a minute, without "
                    "a restart."
                },
            ),
            Files(
                f"{agent.id}-policy",
                {config_map_key(name): text for name, text in policy.items()},
                f"{agent.id}-workspace",
                f"{agent.path} (SandboxedAgent): its policy text, written from the declaration",
            ),
            Files(
                f"{agent.id}-scripts",
                run,
                f"{agent.id}-scripts",
                f"{agent.path} (SandboxedAgent): what its containers run",
            ),
        ),
        claims=(
            Claim(
                agent.claim,
                agent.storage,
                f"{agent.id}-pvc",
                f"{agent.path} (SandboxedAgent): the data that must never be lost",
            ),
        ),
        because={
            "one_at_a_time": "The volume can be mounted once: the old pod must be gone before the new one.",
            f"annotations.{SCRIPTS_ANNOTATION}": "Scripts run at start, so a change of them must restart the pod; "
            "openclaw.json does not.",
        },
    )


def _gateway(
    runtime: OpenClawFacts, agent: Agent, model: Model, added: Additions, secret_mounts: Sequence[Mount]
) -> Container:
    # Node grows its heap up to what it is told, not to the container's limit: a quarter is for everything else.
    heap = agent.resources.memory_limit_mib * 3 // 4
    return Container(
        name=agent.main_container,
        image=runtime.image,
        command=("node", "openclaw.mjs", "gateway"),
        secrets=model.variables(agent.id),
        env={**GATEWAY_ENV, "NODE_OPTIONS": f"--max-old-space-size={heap}", "PATH": PATH, **added.env},
        ports=tuple(sorted(agent.ports.items(), key=lambda pair: pair[0])),
        protocols=True,
        # Paths that exist: OpenClaw answers 200 on any other path too, so a wrong one would always pass.
        # A cold start takes 12 seconds alone and a minute beside others.
        startup=_started(agent, model, period=5, failures=36),
        readiness=_started(agent, model, period=10, failures=3),
        liveness=Probe.get("/healthz", "gateway", period=30, failures=3, timeout=10),
        resources=agent.resources,
        mounts=_by_path(
            Mount("data", STATE_DIR),
            Mount("config", CONFIG_FOLDER, read_only=True),
            Mount("tools", TOOLS_FOLDER, read_only=True),
            Mount("scratch", "/tmp", sub_path="tmp"),  # noqa: S108 - of the pod
            Mount("scratch", "/home/node", sub_path="home"),
            *added.mounts,
            *secret_mounts,
        ),
        because={"startup": "OpenClaw answers 200 on unknown paths too: a wrong path would always pass."},
    )


def _started(agent: Agent, model: Model, *, period: int, failures: int) -> Probe:
    if model.cluster.cni == "calico":
        return Probe.get("/startupz", "gateway", period=period, failures=failures)
    # From inside: /startupz refuses whoever asks from a trusted proxy's network without naming a client. Under Calico
    # kubelet asks from the node's address; under others its requests may come from the pods' network.
    url = f"http://127.0.0.1:{agent.ports['gateway'].number}/startupz"
    return Probe.run("sh", "-c", f"curl -fsS {url} | grep -qF '\"ok\":true'", period=period, failures=failures)


def _sync(runtime: OpenClawFacts) -> Container:
    return _script(
        "sync-files",
        runtime.image,
        "sync-files.sh",
        "watch",
        mounts=(
            Mount("config", CONFIG_FOLDER),
            Mount("config-source", CONFIG_SOURCE, read_only=True),
            Mount("policy", POLICY_SOURCE, read_only=True),
            Mount("data", f"{STATE_DIR}/workspace", sub_path="workspace"),
        ),
    )


def _install(runtime: OpenClawFacts) -> Container:
    tools = runtime.tools
    return _script(
        "install-tools",
        runtime.image,
        "install-tools.sh",
        env={
            "CODEX_VERSION": tools.codex,
            "CODEX_SHA512": tools.codex_sha512.digest,
            "GH_VERSION": tools.gh,
            "GH_SHA256": tools.gh_sha256.digest,
            "HOME": SCRATCH_FOLDER,
        },
        mounts=(Mount("tools", TOOLS_FOLDER), Mount("scratch", SCRATCH_FOLDER)),
        resources=INSTALL,
    )


def _prepare(runtime: OpenClawFacts) -> Container:
    discord = next((plugin for plugin in runtime.needed_plugins if plugin.package == PREPARED), None)
    env = {"DISCORD_PLUGIN_VERSION": discord.version, "DISCORD_PLUGIN_SHA512": discord.sha512} if discord else {}
    return _script(
        "prepare-state",
        runtime.image,
        "prepare-state.sh",
        env={**env, "HOME": SCRATCH_FOLDER},
        mounts=(
            Mount("data", STATE_DIR),
            Mount("scratch", SCRATCH_FOLDER),
            # OpenClaw takes its lock below /tmp whatever TMPDIR says.
            Mount("scratch", "/tmp", sub_path="prepare"),  # noqa: S108 - of the pod
            Mount("config", CONFIG_FOLDER),
            Mount("config-source", CONFIG_SOURCE, read_only=True),
            Mount("policy", POLICY_SOURCE, read_only=True),
        ),
        resources=INSTALL,
    )


def _further_plugins(runtime: OpenClawFacts) -> tuple[Plugin, ...]:
    """Plugins that prepare-state.sh does not install."""
    return tuple(plugin for plugin in runtime.needed_plugins if plugin.package != PREPARED)


def _plugins(runtime: OpenClawFacts, plugins: Sequence[Plugin]) -> Container:
    return _script(
        "install-plugins",
        runtime.image,
        PLUGIN_SCRIPT,
        env={
            "PLUGINS": " ".join(f"{plugin.package}@{plugin.version}={plugin.sha512}" for plugin in plugins),
            "HOME": SCRATCH_FOLDER,
        },
        mounts=(
            Mount("data", STATE_DIR),
            Mount("scratch", SCRATCH_FOLDER),
            Mount("scratch", "/tmp", sub_path="prepare"),  # noqa: S108 - of the pod
        ),
        resources=INSTALL,
    )


def _script(
    name: str,
    image: Image,
    script: str,
    *args: str,
    mounts: Sequence[Mount],
    env: Mapping[str, str] | None = None,
    resources: Resources = SMALL,
) -> Container:
    """A container that runs one of the scripts; it holds no secret."""
    return Container(
        name=name,
        image=image,
        command=("sh", f"{SCRIPTS_FOLDER}/{script}", *args),
        env=env or {},
        resources=resources,
        mounts=_by_path(*mounts, Mount("scripts", SCRIPTS_FOLDER, read_only=True)),
    )


def _volumes(agent: Agent, policy: Mapping[str, str]) -> tuple[Volume, ...]:
    return (
        # In memory, because the live copy has the mode of a secret and needs no disk.
        Volume("config", "memory", size="1Mi"),
        Volume("config-source", "files", of=f"{agent.id}-config"),
        Volume("data", "claim", of=agent.claim),
        Volume(
            "policy",
            "files",
            of=f"{agent.id}-policy",
            items=tuple((config_map_key(name), name) for name in sorted(policy)),
        ),
        Volume("scratch", "scratch", size="2Gi"),
        Volume("scripts", "files", of=f"{agent.id}-scripts"),
        Volume("tools", "scratch", size="1Gi"),
    )


def _by_path(*mounts: Mount) -> tuple[Mount, ...]:
    return tuple(sorted(mounts, key=lambda mount: mount.path))
