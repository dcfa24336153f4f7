"""
The whole pod of an agent: the gateway, and a real Docker daemon beside it that runs its sandboxes.

The containers start in the order that a kubelet follows: the Docker CLI is copied, the daemon starts and is probed, the
sandbox image is pulled, then the gateway. The daemon gets what a privileged container gets: root, every capability, the
node's /sys, and a network that it shares with the pod. See ``programs.py`` for how the daemon differs from the image's.

Every wait is bounded, by a script's own limit, a probe's threshold or the harness; sandboxes have the declared memory.
Rules of the firewall, mounts and images live in the pod's namespaces and folders and go with them.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.real.openclaw.harness import NotReadyError, OpenClaw
from tests.real.openclaw.manifests import Document, config_of, names, script_container
from tests.real.sandbox.programs import LOCAL, version
from tests.real.sandbox.registry import NAME, TAG, registry

REGISTRY_PORT = 5000
"""On the pod's loopback: Docker asks a registry on loopback without TLS."""


def daemon_of(documents: Sequence[Document]) -> Document:
    """Return the container of the Docker daemon: the privileged one."""
    found = [
        container
        for document in documents
        if document.get("kind") == "Deployment"
        for container in document["spec"]["template"]["spec"].get("initContainers", [])
        if (container.get("securityContext") or {}).get("privileged")
    ]
    assert len(found) == 1, f"one privileged sidecar is expected, {len(found)} found"
    container: Document = found[0]
    return container


def set_environment(container: Document, name: str, value: str) -> None:
    """Give *container* a literal variable, in place of one that it has."""
    env = [entry for entry in container.get("env", []) if entry["name"] != name]
    container["env"] = [*env, {"name": name, "value": value}]


@dataclass
class SandboxedPod(OpenClaw):
    """A pod whose sandboxes are real; a context manager."""

    only_daemon: bool = False
    """Start the daemon and its scripts, and no gateway."""

    dockerd: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self._registry = contextlib.ExitStack()
        copy, pull = (script_container(self.documents, name) for name in ("copy-docker-cli.sh", "pull-sandbox.sh"))
        if "DOCKER_VERSION" in names(copy):
            set_environment(copy, "DOCKER_VERSION", version())
        set_environment(pull, "SANDBOX_SOURCE", f"localhost:{REGISTRY_PORT}/{NAME}:{TAG}")
        set_environment(pull, "SANDBOX_IMAGE", self.image)

    @property
    def image(self) -> str:
        """The sandbox's image, as OpenClaw names it."""
        name: str = config_of(self.documents)["agents"]["defaults"]["sandbox"]["docker"]["image"]
        return name

    def usr_local(self, container: Document) -> Path:
        """Return what the container's image has in /usr/local."""
        return LOCAL if container["image"].startswith("docker:") else super().usr_local(container)

    def before_gateway(self) -> None:
        """Run what a kubelet would run before the gateway."""
        self.run_script("copy-docker-cli.sh")
        self._start_daemon()
        self._registry.enter_context(self._image_published())
        self.run_script("pull-sandbox.sh")

    def _start_daemon(self) -> None:
        self.daemon = daemon_of(self.documents)
        words = ["dockerd-entrypoint.sh", *self.daemon.get("args", [])]
        self.dockerd = self._spawn("dockerd", self.daemon, words, self.environment_of(self.daemon))
        self._wait_for(self.dockerd)

    def restart_daemon(self) -> None:
        """Kill the daemon's container and start it again, as a kubelet does after a failed probe; volumes stay."""
        assert self.dockerd is not None
        os.killpg(self.dockerd.pid, signal.SIGKILL)
        self.dockerd.wait(10)
        self._start_daemon()

    def _prepare(self) -> None:
        if not self.only_daemon:
            super()._prepare()

    def _start(self) -> None:
        if not self.only_daemon:
            super()._start()

    @contextlib.contextmanager
    def _image_published(self) -> Iterator[None]:
        with registry() as port, self.listen("127.0.0.1", REGISTRY_PORT, ("127.0.0.1", port)):
            yield

    def close_registry(self) -> None:
        """Take the registry away, as an outage would."""
        self._registry.close()

    def run_script(self, name: str, **more: str) -> None:
        """Run the container of the script *name* until it ends, with *more* in its environment."""
        container = script_container(self.documents, name)
        words = [*container.get("command", []), *container.get("args", [])]
        done = self.run_in(container, *words, env=self.environment_of(container) | more)
        if done.returncode != 0:
            raise NotReadyError(name, done.returncode, done.stdout + done.stderr + self.dockerd_log)

    def _wait_for(self, dockerd: subprocess.Popen[bytes]) -> None:
        env = self.environment_of(self.daemon)
        if "lifecycle" in self.daemon:
            hook = self._spawn("hook", self.daemon, self.daemon["lifecycle"]["postStart"]["exec"]["command"], env)
            # It bounds itself, and ends with its container.
            while hook.poll() is None and dockerd.poll() is None:
                time.sleep(0.1)
            if hook.poll() != 0:
                raise NotReadyError("the daemon's postStart", dockerd.poll(), self.dockerd_log)
        probe = self.daemon["startupProbe"]
        for _ in range(probe["failureThreshold"]):
            if self.run_in(self.daemon, *probe["exec"]["command"], env=env).returncode == 0:
                return
            if dockerd.poll() is not None:
                break
            time.sleep(1)
        raise NotReadyError("the daemon did not start", dockerd.poll(), self.dockerd_log)

    @property
    def dockerd_log(self) -> str:
        """What the daemon wrote so far."""
        log = self.home / "dockerd.log"
        return log.read_text("utf-8", "replace") if log.exists() else ""

    def docker(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the Docker CLI as the gateway does: its copy, its certificate, its user."""
        return self.run("docker", *words)

    def __exit__(self, *details: object) -> None:
        made: list[str] = []
        if self.dockerd is not None and self.dockerd.poll() is None:
            made = self.docker("ps", "--all", "--quiet", "--no-trunc").stdout.split()
            if made:
                self.docker("rm", "--force", *made)
        self._registry.close()
        super().__exit__(*details)
        _remove_control_groups(made)


def _remove_control_groups(containers: Sequence[str]) -> None:
    """Remove what a daemon that was killed leaves on its node: groups of its containers, and the group of them all."""
    for parent in (*Path("/sys/fs/cgroup").glob("*/docker"), Path("/sys/fs/cgroup/docker")):
        for group in (*(parent / name for name in containers), parent):
            # What is not empty is somebody else's.
            with contextlib.suppress(OSError):
                group.rmdir()
