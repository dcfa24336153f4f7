"""
A pod as data, without an engine: said once, and read by every target, by the ledger and by what admits pods.

Each thing may carry its reason (``because``): targets print it as a comment where a reader would ask.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agentkeep.core.facts import Image, Port, Resources


def fingerprint(parts: Mapping[str, object]) -> str:
    """A short hash of configuration; in a pod's annotation it makes a change of the one restart the other."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


Why = Mapping[str, str]
"""Reasons by the name of the field that they are about."""


@dataclass(frozen=True, slots=True)
class Mount:
    """
    A volume in a container.

    Args:
        volume: Its name.
        path: Absolute path in the container.
        sub_path: A path inside of the volume, where not all of it is mounted.
        read_only: Whether the container cannot write there.
        because: The reason.
    """

    volume: str
    path: str
    sub_path: str | None = None
    read_only: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Volume:
    """
    Something that containers mount.

    Args:
        name: Its name in the pod.
        source: A scratch folder (``scratch``, or ``memory`` without a disk), the files of a `Files`, a claim, or the
            workload's own secret.
        of: Name of the files, the claim or the secret.
        size: Limit of a scratch folder.
        items: Which keys appear, and under which path; all under their own name where none is given.
        mode: Mode of the files, as a number.
    """

    name: str
    source: Literal["scratch", "memory", "files", "claim", "secret"]
    of: str = ""
    size: str = ""
    items: tuple[tuple[str, str], ...] = ()
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """
    How the cluster asks whether a container is well.

    Args:
        ask: ``("get", path, port name)``, or ``("run", word, ...)``.
        period: Seconds between two questions.
        failures: How many in a row count.
        timeout: Seconds for an answer.
    """

    ask: tuple[str, ...]
    period: int
    failures: int
    timeout: int = 5

    @classmethod
    def get(cls, path: str, port: str, *, period: int, failures: int, timeout: int = 5) -> Probe:
        """Ask over HTTP."""
        return cls(("get", path, port), period, failures, timeout)

    @classmethod
    def run(cls, *words: str, period: int, failures: int, timeout: int = 5) -> Probe:
        """Run a command in the container."""
        return cls(("run", *words), period, failures, timeout)


@dataclass(frozen=True, slots=True)
class Container:
    """
    One container.

    Args:
        name: Its name in the pod.
        image: What it runs.
        resources: What it may use.
        command: What replaces the image's entry point.
        args: What follows it.
        env: Variables that hold no secret.
        secrets: Variables that hold one: (variable, key of the workload's own secret).
        ports: Where it listens, by name.
        protocols: Whether the protocol of each port is spelled out; TCP is what nothing means.
        mounts: In the order of output.
        startup: Probe until it is up.
        readiness: Probe whether it may be asked.
        liveness: Probe whether it must be restarted.
        post_start: Command that runs in it once it has started.
        stays: Of an init container: it runs for as long as the pod.
        privileged: It is root of its node. Only what cannot do without.
        read_only_root: Whether its root file system cannot be written.
        user: Its user, where that differs from the pod's.
        because: Reasons, by field.
    """

    name: str
    image: Image
    resources: Resources
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[tuple[str, str], ...] = ()
    ports: tuple[tuple[str, Port], ...] = ()
    protocols: bool = False
    mounts: tuple[Mount, ...] = ()
    startup: Probe | None = None
    readiness: Probe | None = None
    liveness: Probe | None = None
    post_start: tuple[str, ...] = ()
    stays: bool = False
    privileged: bool = False
    read_only_root: bool = True
    user: int | None = None
    because: Why = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Toleration:
    """A taint that the pod tolerates, for nodes set apart."""

    key: str
    value: str
    effect: Literal["NoSchedule", "NoExecute", "PreferNoSchedule"]


@dataclass(frozen=True, slots=True)
class Files:
    """
    Texts that are mounted into the pod.

    Args:
        name: Name of the object.
        texts: By key.
        page: Name of the page that it lands on.
        about: First line of that page.
        because: Reasons, by key.
    """

    name: str
    texts: Mapping[str, str]
    page: str
    about: str
    because: Why = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A volume whose data must survive: its name, its size, and the first line of its page."""

    name: str
    size: str
    page: str
    about: str


@dataclass(frozen=True, slots=True)
class Pod:
    """
    What a workload runs.

    Args:
        containers: Those that run for as long as the pod; the first does the work and alone reads the secrets.
        user: Numeric user and group of all, where a container does not say otherwise.
        init_containers: Those that run before, in order.
        volumes: In the order of output.
        files: Texts that it mounts.
        claims: Volumes whose data must survive.
        runs: ``always``, or ``once`` after each delivery.
        replicas: How many.
        one_at_a_time: Whether the old pod must be gone before the new one starts.
        annotations: Of the pod: a changed fingerprint restarts it.
        architecture: Of its nodes, where the cluster has several.
        tolerations: For nodes set apart.
        grace_seconds: How long it may take to stop.
        spread: Whether replicas keep to different nodes where they can.
        because: Reasons, by field.
    """

    containers: tuple[Container, ...]
    user: int
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    files: tuple[Files, ...] = ()
    claims: tuple[Claim, ...] = ()
    runs: Literal["always", "once"] = "always"
    replicas: int = 1
    one_at_a_time: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)
    architecture: str | None = None
    tolerations: tuple[Toleration, ...] = ()
    grace_seconds: int | None = None
    spread: bool = False
    because: Why = field(default_factory=dict)

    @property
    def every(self) -> tuple[Container, ...]:
        """All containers, those that run before first."""
        return (*self.init_containers, *self.containers)

    @property
    def privileged(self) -> tuple[Container, ...]:
        """Containers that are root of their node."""
        return tuple(one for one in self.every if one.privileged)

    @property
    def images(self) -> tuple[Image, ...]:
        """Every image that it runs, each once."""
        return tuple(dict.fromkeys(one.image for one in self.every))
