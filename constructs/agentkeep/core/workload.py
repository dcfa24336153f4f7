"""Workloads: the parts that run as pods."""

from __future__ import annotations

from agentkeep.core.edges import GENERIC, Env, File, Grant, Inward
from agentkeep.core.facts import (
    Port,
    dns_label_problems,
    env_name_problems,
    expect,
    port_name_problems,
)
from agentkeep.core.model import Model, Runs, Secret
from agentkeep.core.part import Records
from agentkeep.core.pod import Mount, Volume
from agentkeep.errors import DeclarationError

# Names of objects and files that every platform has, besides those of its delivery.
RESERVED_IDS = frozenset(
    {"added", "admission", "default-deny", "kustomization", "namespace", "networkpolicy", "storageclass"}
)

SECRET_FILES = "secret-files"  # noqa: S105 - the name of a volume


class Workload(Runs):
    """
    Something that runs as pods, with a secret, an account and policies of its own.

    Its id names its objects, and the labels `selector` pick its pods and no others.
    """

    def __init__(self, platform: Records, id: str, *, ports: dict[str, Port]) -> None:  # noqa: A002 - the field's own word
        super().__init__(platform, id)
        expect(self.path, **{f"ports[{name!r}]": (port, Port) for name, port in ports.items()})
        self.ports = dict(ports)
        self.refuse_all(dns_label_problems("id", id))
        if id in RESERVED_IDS or id in platform.delivery.bootstrap:
            self.refuse(f"the id {id!r} is the name of something that every platform has", "choose another")
        for name, port in ports.items():
            self.refuse_all(port_name_problems(name))
            self.refuse_all(port.problems())
        if len(set(ports.values())) < len(ports):
            self.refuse("two of its ports are one", "give each its own number")

    def port(self, name_or_number: str | int) -> Port | None:
        """The port of that name or number; None where the workload has no such port."""
        for name, port in self.ports.items():
            if name_or_number in {name, port.number}:
                return port
        return None

    def at(self, name_or_number: str | int) -> Inward:
        """
        One of its ports, as a destination.

        Raises:
            DeclarationError: It has no such port.
        """
        found = self.port(name_or_number)
        if found is None:
            raise DeclarationError(self.path, f"has no port {name_or_number!r}", f"use one of {sorted(self.ports)}")
        return Inward(self.id, found)

    def secret_mounts(self, model: Model) -> tuple[tuple[Volume, ...], tuple[Mount, ...]]:
        """The volume and mounts for what was granted as files; both empty where nothing was."""
        files = model.secret_files(self.id)
        if not files:
            return (), ()
        items = tuple((key, key) for key, _ in files)
        volume = Volume(SECRET_FILES, "secret", of=self.secret_name, items=items, mode=0o440)
        mounts = tuple(Mount(SECRET_FILES, path, sub_path=key, read_only=True) for key, path in files)
        return (volume,), mounts

    def fixed_env(self) -> frozenset[str]:
        """Variables that the synthesized container sets itself."""
        return frozenset()

    def deliver(
        self, secret: Secret, *, as_env: str | tuple[str, ...] | None, as_file: str | None, use: str = GENERIC
    ) -> None:
        """Record that this workload reads *secret*; the typed verbs of the subclasses decide which secrets may come."""
        match as_env, as_file:
            case (str() as name, None):
                delivery: Env | File = Env((name,))
            case (tuple() as names, None) if names:
                delivery = Env(names)
            case (None, str() as path):
                delivery = File(path)
            case _:
                self.refuse(f"reads {secret.id!r} neither or both ways", "give as_env=... or as_file=...")
                return
        if isinstance(delivery, Env):
            for name in delivery.names:
                self.refuse_all(env_name_problems(name))
                if name in self.fixed_env():
                    self.refuse(f"the variable {name} has a meaning already", "deliver the secret under another name")
        elif not delivery.path.startswith("/") or delivery.path.endswith("/") or ".." in delivery.path.split("/"):
            # Not repeated: whoever mixes up path and value has just typed the value.
            self.refuse("as_file= is not the absolute path of a file", "write it as '/run/secrets/name'")
        if secret.platform is not self.platform:
            self.refuse(f"reads {secret.path!r} of another platform", "declare it here")
            return
        self.platform.grant(Grant(secret.id, self.id, delivery, use))
