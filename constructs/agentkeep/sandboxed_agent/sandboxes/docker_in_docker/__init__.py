"""Docker in Docker: a daemon beside the agent, in which every command gets a container of its own."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import ClassVar, Literal

from agentkeep.core.facts import Image, Problem, Resources, bytes_problems
from agentkeep.core.pod import Container, Mount, Probe, Volume
from agentkeep.sandboxed_agent.runtime import Additions, Place, SandboxKind

RESOURCES = Resources(cpu="250m", memory="512Mi", cpu_limit="1", memory_limit="2Gi")
SMALL = Resources(cpu="10m", memory="32Mi", cpu_limit="200m", memory_limit="128Mi")
CERTS_FOLDER = "/certs"
# Loopback of the pod: the daemon listens for the gateway alone, and the policies let nobody else in.
DOCKER_ENV = {
    "DOCKER_HOST": "tcp://localhost:2376",
    "DOCKER_TLS_VERIFY": "1",
    "DOCKER_CERT_PATH": f"{CERTS_FOLDER}/client",
}
SCRIPTS = ("copy-docker-cli.sh", "daemon.json", "dind-prune.sh", "pull-sandbox.sh", "share-certs.sh")


class DockerInDocker(SandboxKind):
    """
    Every command runs in a container of a Docker daemon beside the agent.

    The daemon is privileged: whoever breaks out of a sandbox *and* the daemon is root of the node, and no NetworkPolicy
    binds root of a node. See docs/what-is-not-proved.md.

    Args:
        image: The Docker daemon.
        cli: Image that the docker CLI is copied from; of the daemon's version.
        sandbox_image: What the commands run in. It is built and published by whoever runs the platform.
        network: Docker network of the sandboxes: ``bridge`` (whatever the pod may reach) or ``none``.
        prune_every_hours: How often stopped containers and unused images are removed.
        disk: At most so much for images and containers, as a Kubernetes quantity; it is gone when the pod is.
        resources: What the daemon and all sandboxes together may use.
    """

    kind: ClassVar[str] = "docker-in-docker"

    image: Image
    cli: Image
    sandbox_image: Image
    network: Literal["bridge", "none"] = "none"
    prune_every_hours: int = 6
    disk: str = "20Gi"
    resources: Resources = RESOURCES

    def problems(self) -> Iterator[Problem]:
        """Fixed images, sound quantities, one version of daemon and CLI."""
        for image in (self.image, self.cli, self.sandbox_image):
            yield from image.problems()
        yield from self.resources.problems()
        if not 1 <= self.prune_every_hours <= 168:
            yield Problem(f"prune_every_hours={self.prune_every_hours} is out of range", "use 1 to 168")
        yield from bytes_problems("disk", self.disk)

    def images(self) -> tuple[Image, ...]:
        """What the daemon pulls."""
        return (self.sandbox_image,)

    def fixed_env(self) -> frozenset[str]:
        """What the docker CLI is told by."""
        return frozenset(DOCKER_ENV)

    def additions(self, place: Place) -> Additions:
        """The daemon, what pulls its image, and what keeps its disk clean."""
        client = Mount("docker-certs", f"{CERTS_FOLDER}/client", sub_path="client", read_only=True)
        scripts = Mount("scripts", place.scripts, read_only=True)
        copy = Container(
            name="copy-docker-cli",
            image=self.cli,
            command=("sh", f"{place.scripts}/copy-docker-cli.sh"),
            resources=SMALL,
            mounts=(scripts, Mount("tools", place.tools)),
        )
        pull = Container(
            name="pull-sandbox",
            image=self.cli,
            command=("sh", f"{place.scripts}/pull-sandbox.sh"),
            env={**DOCKER_ENV, "SANDBOX_SOURCE": self.sandbox_image.reference},
            resources=SMALL,
            mounts=(client, scripts),
        )
        prune = Container(
            name="dind-prune",
            image=self.cli,
            command=("sh", f"{place.scripts}/dind-prune.sh"),
            env={**DOCKER_ENV, "PRUNE_SECONDS": str(self.prune_every_hours * 3600)},
            resources=SMALL,
            mounts=(client, scripts),
        )
        folder = files(__name__).joinpath("files")
        return Additions(
            before=(copy,),
            after=(self._daemon(place), pull),
            beside=(prune,),
            volumes=(
                Volume("docker-certs", "memory", size="1Mi"),
                Volume("docker-data", "scratch", size=self.disk),
            ),
            env=DOCKER_ENV,
            mounts=(client,),
            scripts={name: folder.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS},
        )

    def _daemon(self, place: Place) -> Container:
        certs = f"{CERTS_FOLDER}/client"
        client = (
            "docker", "--host=tcp://localhost:2376", "--tlsverify", f"--tlscacert={certs}/ca.pem",
            f"--tlscert={certs}/cert.pem", f"--tlskey={certs}/key.pem", "version",
        )  # fmt: skip
        first, *others = place.shared
        why = "The gateway's paths, or sandboxes would see empty folders. Not the whole state folder."
        return Container(
            name="dind",
            image=self.image,
            # An init container that stays: it is up before the gateway, and for as long as the pod.
            stays=True,
            args=(f"--config-file={place.scripts}/daemon.json",),
            env={"DOCKER_TLS_CERTDIR": CERTS_FOLDER},
            startup=Probe.run(*client, period=3, failures=40),
            liveness=Probe.run(*client, period=30, failures=5, timeout=10),
            post_start=("sh", f"{place.scripts}/share-certs.sh"),
            resources=self.resources,
            privileged=True,
            read_only_root=False,
            mounts=(
                Mount("docker-certs", CERTS_FOLDER),
                Mount(place.data, f"{place.state}/{first}", sub_path=first, because=why),
                *(Mount(place.data, f"{place.state}/{name}", sub_path=name) for name in others),
                Mount("scripts", place.scripts, read_only=True),
                Mount("docker-data", "/var/lib/docker"),
            ),
            because={
                "stays": "An init container that stays: up before the gateway, and for as long as the pod.",
                "privileged": "Docker needs it. Whoever breaks out of the daemon is root of the node; no policy binds "
                "that.",
            },
        )
