"""The Kubernetes half of an agent: OpenClaw with its configuration, its volume and, if declared, its sandbox."""

from __future__ import annotations

from collections.abc import Sequence

from cdk8s_plus_28 import k8s
from constructs import Construct

from agentkeep.delivery.namespace import KEPT, storage_class_name
from agentkeep.facts import Resources
from agentkeep.manifests import (
    WAVE_CONFIG,
    common_labels,
    digest,
    http_probe,
    metadata,
    plain_env,
    pod_security,
    port_name,
    quantity,
    requirements,
    restricted,
    secret_env,
    secret_files,
)
from agentkeep.pages import Pages
from agentkeep.sandboxed_agent import daemon
from agentkeep.sandboxed_agent.daemon import CERTS_FOLDER, SCRIPTS_FOLDER
from agentkeep.sandboxed_agent.declaration import SandboxedAgent
from agentkeep.sandboxed_agent.openclaw_config import (
    DISCORD_PLUGIN_SHA512,
    DISCORD_PLUGIN_VERSION,
    GATEWAY_ENV,
    SHARED_STATE_DIRS,
    STATE_DIR,
)
from agentkeep.sandboxed_agent.rendering import CONFIG_FILE, config_file, policy_files, scripts
from agentkeep.sandboxed_agent.workspace import config_map_key
from agentkeep.secret_param.kubernetes import SecretParamKubernetes

UID = 1000
SCRIPTS_ANNOTATION = "agentkeep/scripts"

TOOLS_FOLDER = "/opt/agent-tools"
SCRATCH_FOLDER = "/scratch"
CONFIG_FOLDER = "/etc/openclaw"
CONFIG_SOURCE = "/etc/openclaw-source"
POLICY_SOURCE = "/etc/openclaw-policy"
# What the image has, with the agent's own tools last: nothing that is downloaded can stand in for a system program.
PATH = f"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{TOOLS_FOLDER}/bin"

# The gateway lets running work end before it stops, for 330 seconds at most.
GRACE_SECONDS = 345

# Loopback of the pod: the daemon listens for the gateway alone, and the policies let nobody else in.
DOCKER_ENV = {
    "DOCKER_HOST": "tcp://localhost:2376",
    "DOCKER_TLS_VERIFY": "1",
    "DOCKER_CERT_PATH": f"{CERTS_FOLDER}/client",
}

SMALL = Resources(cpu="10m", memory="32Mi", cpu_limit="200m", memory_limit="128Mi")
INSTALL = Resources(cpu="100m", memory="256Mi", cpu_limit="1", memory_limit="1Gi")


class SandboxedAgentKubernetes(Construct):
    """
    OpenClaw: Deployment, Service, claim, ConfigMaps, and a Secret of its own.

    Args:
        scope: A chart.
        id: Construct id.
        agent: What was declared.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, agent: SandboxedAgent, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        self._pages = pages or Pages(self)
        self._agent = agent
        self._platform = agent.platform
        self._scripts = scripts(agent)
        self._policy = policy_files(agent)
        SecretParamKubernetes(self, "secrets", agent, pages=self._pages)
        self._config_maps()
        self._claim()
        self._service()
        self._deployment()

    # --- what it reads -----------------------------------------------------------------------------------------------

    def _config_maps(self) -> None:
        agent = self._agent
        page = self._pages.page(f"{agent.id}-configmap", f"{agent.path} (SandboxedAgent): OpenClaw's configuration")
        self._config_map(page, "config", {CONFIG_FILE: config_file(agent)})
        self._pages.explain(
            "ConfigMap", f"{agent.id}-config", "data", CONFIG_FILE,
            because="${NAME} is read from the environment. A change is picked up within a minute, without a restart.",
        )  # fmt: skip
        page = self._pages.page(
            f"{agent.id}-workspace", f"{agent.path} (SandboxedAgent): its policy text, written from the declaration"
        )
        self._config_map(page, "policy", {config_map_key(name): text for name, text in self._policy.items()})
        page = self._pages.page(f"{agent.id}-scripts", f"{agent.path} (SandboxedAgent): what its containers run")
        self._config_map(page, "scripts", self._scripts)

    def _config_map(self, page: Construct, name: str, data: dict[str, str]) -> None:
        full = f"{self._agent.id}-{name}"
        k8s.KubeConfigMap(page, full, metadata=metadata(self._platform, full, wave=WAVE_CONFIG), data=data)

    def _claim(self) -> None:
        agent = self._agent
        groups = self._platform.cluster.storage.backup_groups
        k8s.KubePersistentVolumeClaim(
            self._pages.page(f"{agent.id}-pvc", f"{agent.path} (SandboxedAgent): the data that must never be lost"),
            f"{agent.id}-claim",
            metadata=metadata(
                self._platform,
                agent.claim,
                labels={
                    "recurring-job.longhorn.io/source": "enabled",
                    **{f"recurring-job-group.longhorn.io/{group}": "enabled" for group in groups},
                },
                # In no earlier wave than its pod: storage that binds when its first pod comes would never be healthy
                # there, and the sync would wait for ever.
                annotations=KEPT,
            ),
            spec=k8s.PersistentVolumeClaimSpec(
                access_modes=["ReadWriteOnce"],
                storage_class_name=storage_class_name(self._platform),
                resources=k8s.ResourceRequirements(requests={"storage": quantity(agent.storage)}),
            ),
        )
        explain = self._pages.explain
        explain(
            "PersistentVolumeClaim", agent.claim, "metadata", "annotations", "argocd.argoproj.io/sync-options",
            because="Prune=false keeps it when its file is gone, Delete=false when the app is deleted.",
        )  # fmt: skip
        explain(
            "PersistentVolumeClaim", agent.claim, "metadata", "labels",
            f"recurring-job-group.longhorn.io/{min(groups)}",
            because="Longhorn backs up the volume only if the claim carries both the group and the source label.",
        )  # fmt: skip

    def _service(self) -> None:
        agent = self._agent
        k8s.KubeService(
            self._pages.page(f"{agent.id}-service", f"{agent.path} (SandboxedAgent): where the tunnel reaches it"),
            f"{agent.id}-service",
            metadata=metadata(self._platform, agent.id),
            spec=k8s.ServiceSpec(
                type="ClusterIP",
                selector=agent.selector,
                ports=[
                    k8s.ServicePort(
                        name=name,
                        port=port.number,
                        protocol=port.protocol,
                        target_port=port_name(name),
                    )
                    for name, port in sorted(agent.ports.items())
                ],
            ),
        )

    # --- what runs ---------------------------------------------------------------------------------------------------

    def _deployment(self) -> None:
        agent = self._agent
        page = self._pages.page(f"{agent.id}-deployment", f"{agent.path} (SandboxedAgent): the agent itself")
        k8s.KubeServiceAccount(
            page,
            f"{agent.id}-account",
            metadata=metadata(self._platform, agent.id),
            automount_service_account_token=False,
        )
        placement = agent.placement
        extra_volumes, extra_mounts = secret_files(agent)
        k8s.KubeDeployment(
            page,
            f"{agent.id}-deployment",
            metadata=metadata(self._platform, agent.id, labels=agent.selector),
            spec=k8s.DeploymentSpec(
                replicas=1,
                revision_history_limit=3,
                strategy=k8s.DeploymentStrategy(type="Recreate"),
                selector=k8s.LabelSelector(match_labels=agent.selector),
                template=k8s.PodTemplateSpec(
                    metadata=k8s.ObjectMeta(
                        labels={**common_labels(self._platform), **agent.selector},
                        annotations={SCRIPTS_ANNOTATION: digest(self._scripts)},
                    ),
                    spec=k8s.PodSpec(
                        service_account_name=agent.id,
                        automount_service_account_token=False,
                        enable_service_links=False,
                        node_selector={"kubernetes.io/arch": placement.arch},
                        tolerations=[
                            k8s.Toleration(
                                key=placement.taint.key,
                                operator="Equal",
                                value=placement.taint.value,
                                effect=placement.taint.effect,
                            )
                        ]
                        if placement.taint
                        else None,
                        security_context=pod_security(UID),
                        termination_grace_period_seconds=GRACE_SECONDS,
                        init_containers=self._init_containers(),
                        containers=[self._gateway(extra_mounts), *self._companions()],
                        volumes=[*self._volumes(), *extra_volumes],
                    ),
                ),
            ),
        )
        self._explain()

    def _gateway(self, extra_mounts: Sequence[k8s.VolumeMount]) -> k8s.Container:
        agent = self._agent
        # Node grows its heap up to what it is told, not to the container's limit: a quarter is for everything else.
        heap = agent.resources.memory_limit_mib * 3 // 4
        env = {**GATEWAY_ENV, "NODE_OPTIONS": f"--max-old-space-size={heap}", "PATH": PATH}
        mounts = [
            _mount("data", STATE_DIR),
            _mount("config", CONFIG_FOLDER, read_only=True),
            _mount("tools", TOOLS_FOLDER, read_only=True),
            _mount("scratch", "/tmp", sub_path="tmp"),  # noqa: S108 - of the pod
            _mount("scratch", "/home/node", sub_path="home"),
        ]
        if agent.sandbox.is_on:
            env |= DOCKER_ENV
            mounts.append(_mount("docker-certs", f"{CERTS_FOLDER}/client", sub_path="client", read_only=True))
        return k8s.Container(
            name=agent.main_container,
            image=agent.image.reference,
            command=["node", "openclaw.mjs", "gateway"],
            env=[*secret_env(agent), *plain_env(env)],
            ports=[
                k8s.ContainerPort(name=name, container_port=port.number, protocol=port.protocol)
                for name, port in sorted(agent.ports.items())
            ],
            # Paths that exist: OpenClaw answers 200 on any other path too, so a wrong one would always pass.
            # A cold start takes 12 seconds alone and a minute beside others.
            startup_probe=self._started(period=5, failures=36),
            readiness_probe=self._started(period=10, failures=3),
            liveness_probe=http_probe("/healthz", "gateway", period=30, failures=3, timeout=10),
            resources=requirements(agent.resources),
            security_context=restricted(),
            volume_mounts=_by_path([*mounts, *extra_mounts]),
        )

    def _started(self, *, period: int, failures: int) -> k8s.Probe:
        if self._platform.cluster.cni == "calico":
            return http_probe("/startupz", "gateway", period=period, failures=failures)
        # From inside: /startupz refuses whoever asks from a trusted proxy's network without naming a client. Under
        # Calico kubelet asks from the node's address; under others its requests may come from the pods' network.
        url = f"http://127.0.0.1:{self._agent.ports['gateway'].number}/startupz"
        return k8s.Probe(
            exec=k8s.ExecAction(command=["sh", "-c", f"curl -fsS {url} | grep -qF '\"ok\":true'"]),
            period_seconds=period,
            failure_threshold=failures,
            timeout_seconds=5,
        )

    def _companions(self) -> list[k8s.Container]:
        agent = self._agent
        sync = self._script_container(
            "sync-files",
            agent.image.reference,
            ["sync-files.sh", "watch"],
            mounts=[
                _mount("config", CONFIG_FOLDER),
                _mount("config-source", CONFIG_SOURCE, read_only=True),
                _mount("policy", POLICY_SOURCE, read_only=True),
                _mount("data", f"{STATE_DIR}/workspace", sub_path="workspace"),
            ],
        )
        if not agent.sandbox.is_on:
            return [sync]
        prune = self._script_container(
            "dind-prune",
            agent.tools.docker_cli.reference,
            ["dind-prune.sh"],
            env={**DOCKER_ENV, "PRUNE_SECONDS": str(agent.sandbox.prune_every_hours * 3600)},
            mounts=[_mount("docker-certs", f"{CERTS_FOLDER}/client", sub_path="client", read_only=True)],
        )
        return [prune, sync]

    def _init_containers(self) -> list[k8s.Container]:
        agent = self._agent
        tools = agent.tools
        install = self._script_container(
            "install-tools",
            agent.image.reference,
            ["install-tools.sh"],
            env={
                "CODEX_VERSION": tools.codex,
                "CODEX_SHA512": tools.codex_sha512,
                "GH_VERSION": tools.gh,
                "GH_SHA256": tools.gh_sha256,
                "HOME": SCRATCH_FOLDER,
            },
            mounts=[_mount("tools", TOOLS_FOLDER), _mount("scratch", SCRATCH_FOLDER)],
            resources=INSTALL,
        )
        discord = (
            {"DISCORD_PLUGIN_VERSION": DISCORD_PLUGIN_VERSION, "DISCORD_PLUGIN_SHA512": DISCORD_PLUGIN_SHA512}
            if agent.discord
            else {}
        )
        prepare = self._script_container(
            "prepare-state",
            agent.image.reference,
            ["prepare-state.sh"],
            env={**discord, "HOME": SCRATCH_FOLDER},
            mounts=[
                _mount("data", STATE_DIR),
                _mount("scratch", SCRATCH_FOLDER),
                # OpenClaw takes its lock below /tmp whatever TMPDIR says.
                _mount("scratch", "/tmp", sub_path="prepare"),  # noqa: S108 - of the pod
                _mount("config", CONFIG_FOLDER),
                _mount("config-source", CONFIG_SOURCE, read_only=True),
                _mount("policy", POLICY_SOURCE, read_only=True),
            ],
            resources=INSTALL,
        )
        if agent.sandbox.image is None or agent.sandbox.sandbox_image is None:
            return [install, prepare]
        copy = self._script_container(
            "copy-docker-cli",
            tools.docker_cli.reference,
            ["copy-docker-cli.sh"],
            mounts=[_mount("tools", TOOLS_FOLDER)],
        )
        pull = self._script_container(
            "pull-sandbox",
            tools.docker_cli.reference,
            ["pull-sandbox.sh"],
            env={**DOCKER_ENV, "SANDBOX_SOURCE": agent.sandbox.sandbox_image.reference},
            mounts=[_mount("docker-certs", f"{CERTS_FOLDER}/client", sub_path="client", read_only=True)],
        )
        return [copy, install, prepare, self._docker_daemon(), pull]

    def _docker_daemon(self) -> k8s.Container:
        sandbox = self._agent.sandbox
        assert sandbox.image is not None  # noqa: S101 - asked by the caller
        client = list(daemon.CLIENT)
        return k8s.Container(
            name=daemon.NAME,
            image=sandbox.image.reference,
            # An init container that stays: it is up before the gateway, and for as long as the pod.
            restart_policy="Always",
            args=list(daemon.ARGS),
            env=plain_env(daemon.ENV),
            startup_probe=k8s.Probe(
                exec=k8s.ExecAction(command=client), period_seconds=3, failure_threshold=40, timeout_seconds=5
            ),
            liveness_probe=k8s.Probe(
                exec=k8s.ExecAction(command=client), period_seconds=30, failure_threshold=5, timeout_seconds=10
            ),
            lifecycle=k8s.Lifecycle(post_start=k8s.LifecycleHandler(exec=k8s.ExecAction(command=list(daemon.HOOK)))),
            resources=requirements(sandbox.resources),
            security_context=k8s.SecurityContext(
                privileged=True, run_as_user=0, run_as_group=0, run_as_non_root=False, read_only_root_filesystem=False
            ),
            volume_mounts=[
                _mount("docker-certs", CERTS_FOLDER),
                *(_mount("data", f"{STATE_DIR}/{name}", sub_path=name) for name in SHARED_STATE_DIRS),
                _mount("scripts", SCRIPTS_FOLDER, read_only=True),
                _mount("docker-data", daemon.DATA_FOLDER),
            ],
        )

    def _script_container(
        self,
        name: str,
        image: str,
        command: Sequence[str],
        *,
        mounts: Sequence[k8s.VolumeMount],
        env: dict[str, str] | None = None,
        resources: Resources = SMALL,
    ) -> k8s.Container:
        """A container that runs one of the scripts; it holds no secret."""
        return k8s.Container(
            name=name,
            image=image,
            command=["sh", f"{SCRIPTS_FOLDER}/{command[0]}", *command[1:]],
            env=plain_env(env or {}) or None,
            resources=requirements(resources),
            security_context=restricted(),
            volume_mounts=_by_path([*mounts, _mount("scripts", SCRIPTS_FOLDER, read_only=True)]),
        )

    def _volumes(self) -> list[k8s.Volume]:
        agent = self._agent
        volumes = [
            # In memory, because the live copy has the mode of a secret and needs no disk.
            _scratch("config", "1Mi", medium="Memory"),
            k8s.Volume(name="config-source", config_map=k8s.ConfigMapVolumeSource(name=f"{agent.id}-config")),
            k8s.Volume(
                name="data",
                persistent_volume_claim=k8s.PersistentVolumeClaimVolumeSource(claim_name=agent.claim),
            ),
            k8s.Volume(
                name="policy",
                config_map=k8s.ConfigMapVolumeSource(
                    name=f"{agent.id}-policy",
                    items=[k8s.KeyToPath(key=config_map_key(name), path=name) for name in sorted(self._policy)],
                ),
            ),
            _scratch("scratch", "2Gi"),
            k8s.Volume(name="scripts", config_map=k8s.ConfigMapVolumeSource(name=f"{agent.id}-scripts")),
            _scratch("tools", "1Gi"),
        ]
        if agent.sandbox.is_on:
            volumes += [_scratch("docker-certs", "1Mi", medium="Memory"), _scratch("docker-data", agent.sandbox.disk)]
        return sorted(volumes, key=lambda volume: str(volume.name))

    def _explain(self) -> None:
        agent = self._agent
        pod = ("spec", "template", "spec")

        def explain(*path: str | int, because: str) -> None:
            self._pages.explain("Deployment", agent.id, *path, because=because)

        explain(
            "spec", "strategy", because="The volume can be mounted once: the old pod must be gone before the new one."
        )
        explain(
            "spec", "template", "metadata", "annotations", SCRIPTS_ANNOTATION,
            because="Scripts run at start, so a change of them must restart the pod; openclaw.json does not.",
        )  # fmt: skip
        gateway = (*pod, "containers", f"name={agent.main_container}")
        explain(
            *gateway,
            "startupProbe",
            because="OpenClaw answers 200 on unknown paths too: a wrong path would always pass.",
        )
        if agent.sandbox.is_on:
            dind = (*pod, "initContainers", "name=dind")
            explain(
                *dind, "restartPolicy",
                because="An init container that stays: up before the gateway, and for as long as the pod.",
            )  # fmt: skip
            explain(
                *dind, "securityContext", "privileged",
                because="Docker needs it. Whoever breaks out of the daemon is root of the node; no policy binds that.",
            )  # fmt: skip
            explain(
                *dind, "volumeMounts", f"mountPath={STATE_DIR}/{SHARED_STATE_DIRS[0]}",
                because="The gateway's paths, or sandboxes would see empty folders. Not the whole state folder.",
            )  # fmt: skip


def _mount(volume: str, path: str, *, sub_path: str | None = None, read_only: bool | None = None) -> k8s.VolumeMount:
    return k8s.VolumeMount(name=volume, mount_path=path, sub_path=sub_path, read_only=read_only)


def _by_path(mounts: Sequence[k8s.VolumeMount]) -> list[k8s.VolumeMount]:
    return sorted(mounts, key=lambda mount: str(mount.mount_path))


def _scratch(name: str, size: str, *, medium: str | None = None) -> k8s.Volume:
    return k8s.Volume(name=name, empty_dir=k8s.EmptyDirVolumeSource(medium=medium, size_limit=quantity(size)))
