"""
What a user declares about any other workload: its program, what runs beside it, its volume.

Nobody may connect to it, and it to nobody, but by a declared flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from agentkeep.core.facts import bytes_problems, dns_label_problems, expect
from agentkeep.core.model import Model
from agentkeep.core.part import Records
from agentkeep.core.pod import Claim, Files, Mount, Pod, Volume, fingerprint
from agentkeep.core.process import Process
from agentkeep.core.workload import Workload
from agentkeep.secret_param.declaration import SecretParam

FILES_ANNOTATION = "agentkeep/files"


class Service(Workload):
    """
    A workload of any program.

    Args:
        platform: What it belongs to.
        id: Name of its Deployment and Service.
        beside: What else runs in its pod, such as an exporter of metrics, by name of the container.
        data: Folder that must survive; none unless given.
        storage: Size of its volume, where it has one.
        process: Everything that a `Process` takes: image, ports, command, args, env, files, scratch, ready, ...
    """

    construct = "Service"
    halves: ClassVar[Mapping[str, str]] = {"kubernetes": "agentkeep.service.kubernetes:ServiceKubernetes"}

    def __init__(
        self,
        platform: Records,
        id: str,  # noqa: A002 - the CDK's own word
        *,
        beside: Mapping[str, Process] | None = None,
        data: str | None = None,
        storage: str = "1Gi",
        **process: Any,
    ) -> None:
        main = Process(**process)
        others = dict(beside or {})
        expect(f"{getattr(platform, 'id', '')}/{id}", data=(data, str | None), storage=(storage, str))
        for name, one in others.items():
            expect(f"{getattr(platform, 'id', '')}/{id}", **{f"beside[{name!r}]": (one, Process)})
        ports = dict(main.ports)
        for one in others.values():
            ports |= one.ports
        super().__init__(platform, id, ports=ports)
        self.process = main
        self.beside = others
        self.data = data
        self.storage = storage
        self.refuse_all(main.problems())
        self.refuse_all(bytes_problems("storage", storage))
        for name, one in others.items():
            self.refuse_all(dns_label_problems("container", name))
            self.refuse_all(one.problems())
            if name == id:
                self.refuse(f"two containers are called {name!r}", "give what is beside it another name")
        if len(ports) < len(main.ports) + sum(len(one.ports) for one in others.values()):
            self.refuse("two of its ports have one name", "give each its own name")

    def reads(
        self, secret: SecretParam, *, as_env: str | tuple[str, ...] | None = None, as_file: str | None = None
    ) -> None:
        """
        Let this service read *secret*, and nobody else through it.

        Args:
            secret: A `SecretParam`.
            as_env: The variable, or variables, that hold it.
            as_file: Or the absolute path of a file that does.
        """
        expect(self.path, secret=(secret, SecretParam))
        self.deliver(secret, as_env=as_env, as_file=as_file)

    def fixed_env(self) -> frozenset[str]:
        """What its program is told."""
        return frozenset(self.process.env)

    def plan(self, model: Model) -> Pod:
        """Its container, and what runs beside it."""
        about = f"{self.path} (Service)"
        secret_volumes, secret_mounts = self.secret_mounts(model)
        data = (Mount("data", self.data),) if self.data else ()
        processes = {"": self.process, **{f"{name}-": one for name, one in self.beside.items()}}
        names = {prefix: f"{self.id}-{prefix}files" for prefix in processes}
        files = tuple(
            Files(names[prefix], one.texts(), f"{self.id}-configmap", f"{about}: what its programs are told")
            for prefix, one in processes.items()
            if one.files
        )
        return Pod(
            user=self.process.user,
            one_at_a_time=self.data is not None,
            annotations={FILES_ANNOTATION: fingerprint({one.name: dict(one.texts) for one in files})} if files else {},
            containers=(
                self.process.container(
                    self.main_container, secrets=model.variables(self.id), mounts=(*data, *secret_mounts)
                ),
                *(one.container(name, prefix=f"{name}-") for name, one in sorted(self.beside.items())),
            ),
            volumes=(
                *(volume for prefix, one in processes.items() for volume in one.volumes(prefix, names[prefix])),
                *((Volume("data", "claim", of=f"{self.id}-data"),) if self.data else ()),
                *secret_volumes,
            ),
            files=files,
            claims=(
                (Claim(f"{self.id}-data", self.storage, f"{self.id}-pvc", f"{about}: data that must never be lost"),)
                if self.data
                else ()
            ),
            because={
                **({f"annotations.{FILES_ANNOTATION}": "A file that changes must restart the pod."} if files else {}),
                **(
                    {"one_at_a_time": "The volume can be mounted once: the old pod must be gone before the new one."}
                    if self.data
                    else {}
                ),
            },
        )
