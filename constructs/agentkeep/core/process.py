"""Any program in a container, as a user declares it: what it runs, what it is told, and how the cluster asks it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from pydantic import Field

from agentkeep.core.facts import (
    Fact,
    Image,
    Port,
    Problem,
    Resources,
    bytes_problems,
    env_name_problems,
    port_name_problems,
    text_problems,
)
from agentkeep.core.pod import Container, Files, Mount, Probe, Volume

RESOURCES = Resources(cpu="100m", memory="128Mi", cpu_limit="1", memory_limit="512Mi")
_PATH = re.compile(r"(/[A-Za-z0-9._-]+)+")
# What a container must not be given another of.
_SYSTEM_FOLDERS = frozenset({"/", "/bin", "/dev", "/etc", "/lib", "/proc", "/sbin", "/sys", "/usr"})


class Process(Fact):
    """
    A program that the proofs know nothing of: they hold its container to exactly what is said here.

    Args:
        image: What it runs, at a fixed version.
        ports: Where it listens, by name.
        command: What replaces the image's entry point.
        args: What follows it.
        env: Variables that hold no secret.
        files: Texts, by absolute path in the container; mounted read-only.
        scratch: Folders that it may write, each with its limit; empty at every start. Its root is read-only.
        user: Its numeric user.
        resources: What it may use.
        ready: How the cluster asks whether it may be asked: a path on its first port, or a command.
        alive: How the cluster asks whether it must be restarted; the same, and not at all unless given.
        starts_within: Seconds that it may take to start.
    """

    image: Image
    ports: dict[str, Port] = Field(default_factory=dict)
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    scratch: dict[str, str] = Field(default_factory=dict)
    user: int = 1000
    resources: Resources = RESOURCES
    ready: str | tuple[str, ...] | None = None
    alive: str | tuple[str, ...] | None = None
    starts_within: int = 60

    def problems(self) -> Iterator[Problem]:
        """A fixed image, sound names, absolute paths, a user that is not root."""
        yield from self.image.problems()
        yield from self.resources.problems()
        for name, port in self.ports.items():
            yield from port_name_problems(name)
            yield from port.problems()
        for name, value in self.env.items():
            yield from env_name_problems(name)
            yield from text_problems(f"the variable {name}", value)
        for size in self.scratch.values():
            yield from bytes_problems("scratch", size)
        if not 1 <= self.user <= 2**31 - 1:
            yield Problem(f"user={self.user} is root, or not a user", "use a number from 1")
        if not 1 <= self.starts_within <= 3600:
            yield Problem(f"starts_within={self.starts_within} is out of range", "use 1 to 3600 seconds")
        taken: set[str] = set()
        for path in (*self.files, *self.scratch):
            if not _PATH.fullmatch(path) or ".." in path.split("/") or path in _SYSTEM_FOLDERS:
                yield Problem(f"{path!r} is not an absolute path of its own", "write it as '/etc/name/config.yaml'")
            if path in taken:
                yield Problem(f"{path!r} is mounted twice", "keep one")
            taken.add(path)
        names = [posixpath.basename(path) for path in self.files]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem(f"two files are called {name!r}", "give each a name of its own")
        for how in (self.ready, self.alive):
            if isinstance(how, str) and not self.ports:
                yield Problem("it is asked over HTTP and has no port", "give ports={...}, or a command")
            elif isinstance(how, str) and not how.startswith("/"):
                yield Problem(f"{how!r} is not a path", "write it as '/health', or give a command as a tuple")

    def volumes(self, prefix: str, files: str) -> Iterator[Volume]:
        """
        What it mounts.

        Args:
            prefix: Begins the names of its volumes; each container of a pod has its own.
            files: Name of the object that holds its files.
        """
        if self.files:
            yield Volume(f"{prefix}files", "files", of=files)
        for number, size in enumerate(self.scratch.values()):
            yield Volume(f"{prefix}scratch-{number}", "scratch", size=size)

    def mounts(self, prefix: str) -> Iterator[Mount]:
        """Where it mounts them; a file is mounted by itself, so that nothing beside it disappears."""
        for path in self.files:
            yield Mount(f"{prefix}files", path, sub_path=posixpath.basename(path), read_only=True)
        for number, path in enumerate(self.scratch):
            yield Mount(f"{prefix}scratch-{number}", path)

    def texts(self) -> dict[str, str]:
        """Its files, as keys of the object that holds them."""
        return {posixpath.basename(path): text for path, text in self.files.items()}

    def file_page(self, name: str, page: str, about: str) -> tuple[Files, ...]:
        """The object that holds its files, on a page; nothing where it has none."""
        return (Files(name, self.texts(), page, about),) if self.files else ()

    def container(
        self,
        name: str,
        *,
        prefix: str = "",
        secrets: tuple[tuple[str, str], ...] = (),
        mounts: tuple[Mount, ...] = (),
        resources: Resources | None = None,
        because: Mapping[str, str] | None = None,
    ) -> Container:
        """The container of that name, with what its pod adds."""
        ready = self._probe(self.ready, period=10, failures=3)
        return Container(
            name=name,
            image=self.image,
            resources=resources or self.resources,
            command=self.command,
            args=self.args,
            env=self.env,
            secrets=secrets,
            ports=tuple(sorted(self.ports.items(), key=lambda pair: pair[0])),
            protocols=True,
            mounts=tuple(sorted((*self.mounts(prefix), *mounts), key=lambda mount: mount.path)),
            startup=self._probe(self.ready, period=5, failures=-(-self.starts_within // 5)),
            readiness=ready,
            liveness=self._probe(self.alive, period=30, failures=3),
            user=self.user if prefix else None,
            because=because or {},
        )

    def _probe(self, how: str | tuple[str, ...] | None, *, period: int, failures: int) -> Probe | None:
        if how is None:
            return None
        if isinstance(how, str):
            return Probe.get(how, next(iter(self.ports)), period=period, failures=failures)
        return Probe.run(*how, period=period, failures=failures)
