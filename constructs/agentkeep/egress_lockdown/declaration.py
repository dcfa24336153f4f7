"""
What a user declares about the network: the flows that are needed, each with its reason. There are no others.

The namespace is closed in both directions first; each declared flow then opens exactly one way, at both ends.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import ClassVar

from agentkeep.core.edges import Beside, Flow, Internet, Inward, Neighbour, Range
from agentkeep.core.facts import Image, Port, Resources, named
from agentkeep.core.model import Model, model_of
from agentkeep.core.part import Part, Records
from agentkeep.core.pod import Container, Files, Mount, Pod, Volume
from agentkeep.core.workload import Workload
from agentkeep.errors import DeclarationError

NOBODY = 65534
CHECK_SCRIPT = "check-connectivity.sh"
CHECK_FOLDER = "/opt/agent-scripts"
CHECK_RESOURCES = Resources(cpu="10m", memory="16Mi", cpu_limit="100m", memory_limit="64Mi")
_TARGET = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}")


class EgressLockdown(Part):
    """
    Closes the platform's namespace, and opens the declared flows.

    Every platform needs exactly one; `Platform.seal` refuses to go on without it.

    Args:
        platform: What it locks down.
        id: Its name in errors.
    """

    halves: ClassVar[Mapping[str, str]] = {
        "kubernetes": "agentkeep.egress_lockdown.kubernetes:EgressLockdownKubernetes"
    }

    def __init__(self, platform: Records, id: str = "lockdown") -> None:  # noqa: A002 - the CDK's own word
        super().__init__(platform, id)
        if len(platform.parts(EgressLockdown)) > 1:
            self.refuse("a second EgressLockdown", "keep one; it covers the whole namespace")

    def allow(
        self,
        source: Workload | Neighbour,
        to: Internet | Range | Inward | Neighbour | Workload,
        *,
        because: str,
    ) -> Flow:
        """
        Let *source* open connections to *to*.

        Args:
            source: The workload that connects; or a neighbour, such as what scrapes metrics.
            to: The internet (without the cluster's own and all special ranges), published ranges, a workload with one
                port or one of its ports (``redis.at("metrics")``), or a neighbour with a port.
            because: Why; printed in the policy's annotation and in the ledger.

        Returns:
            The recorded flow.

        Raises:
            DeclarationError: *source* is not a workload, or *to* is not a destination.
        """
        if not isinstance(source, Workload | Neighbour):
            raise DeclarationError(self.path, f"allow() was given {named(source)}", "pass a workload")
        target = self._destination(to)
        flow = Flow(source.id if isinstance(source, Workload) else source, target, because)
        if self._stays(source, to, target):
            self.platform.connect(flow)
            if isinstance(source, Workload):  # another workload too is called by its name
                self.platform.resolve_names(source.id)
        return flow

    def _stays(self, source: Workload | Neighbour, to: object, target: Internet | Range | Inward | Beside) -> bool:
        """Whether the flow begins or ends in this platform and reaches no other; what does not is not recorded."""
        inward = isinstance(target, Inward)
        # Looked up for those flows alone: most lead outside, and there may be thousands of workloads.
        known = {workload.id: workload for workload in self.platform.parts(Workload)} if inward else {}
        if any(isinstance(end, Workload) and end.platform is not self.platform for end in (source, to)) or (
            isinstance(target, Inward) and target.workload not in known
        ):
            self.refuse("a flow cannot leave the platform for another", "use Internet or Range")
            return False
        if isinstance(source, Neighbour) and not isinstance(target, Inward):
            self.refuse(
                f"a flow from the neighbour {source.name!r} to somewhere outside", "let it connect to a workload"
            )
            return False
        if isinstance(target, Inward) and target.port not in (ports := known[target.workload].ports).values():
            self.refuse(
                f"{target.workload!r} has no port {target.port.number}/{target.port.protocol}",
                f"use one of {sorted(port.number for port in ports.values())}",
            )
            return False
        return True

    def _destination(self, to: object) -> Internet | Range | Inward | Beside:
        match to:
            case Internet() | Range() | Inward():
                return to
            case Neighbour(port=None):
                raise DeclarationError(
                    self.path, f"the Neighbour {to.name!r} has no port to connect to", "give port=Port.tcp(...)"
                )
            case Neighbour(port=Port() as port):
                self.refuse_all(port.problems())
                return Beside(to, port)
            case Workload():
                if len(to.ports) != 1:
                    raise DeclarationError(
                        self.path, f"{to.id!r} has {len(to.ports) or 'no'} ports", f"say which: {to.id}.at('NAME')"
                    )
                return to.at(next(iter(to.ports)))
            case _:
                raise DeclarationError(
                    self.path,
                    f"allow() was given {named(to)} as destination",
                    "pass Internet.https(), a Range, a Neighbour or a workload",
                )

    def check_in_cluster(
        self, workload: Workload, *, image: Image, reaches: Sequence[str] = (), never: Sequence[str] = ()
    ) -> ConnectivityCheck:
        """
        After every sync, try from inside the cluster what *workload* must reach and what it must not.

        A Job does it in a pod of its own that has the same flows: a pod with the workload's labels would be taken for
        the workload by its Service. Off unless called.

        Args:
            workload: Whose flows to try.
            image: A busybox, at a fixed version.
            reaches: What must be reachable besides the workloads it may connect to, as ``host:port``.
            never: What must not be, as ``address:port``, besides the API server and the cloud's metadata address.

        Returns:
            What was recorded.
        """
        return ConnectivityCheck(self.platform, workload, image=image, reaches=reaches, never=never)


class ConnectivityCheck(Workload):
    """
    A Job with the flows of another workload, and no secret.

    Args:
        platform: What it belongs to.
        workload: Whose flows it has.
        image: A busybox, at a fixed version.
        reaches: What must be reachable, as ``host:port``.
        never: What must not be, as ``address:port``.
    """

    role = "check"
    program = "check-connectivity"
    construct = "ConnectivityCheck"
    halves: ClassVar[Mapping[str, str]] = {
        "kubernetes": "agentkeep.egress_lockdown.kubernetes:ConnectivityCheckKubernetes"
    }

    def __init__(
        self, platform: Records, workload: Workload, *, image: Image, reaches: Sequence[str], never: Sequence[str]
    ) -> None:
        super().__init__(platform, f"{workload.id}-check", ports={})
        self.of = workload
        self.image = image
        self._reaches = tuple(reaches)
        self._never = tuple(never)
        self.refuse_all(image.problems())
        for target in (*reaches, *never):
            if not _TARGET.fullmatch(target):
                self.refuse(f"{target!r} is not a host:port", "write it as 'discord.com:443'")
        for target in never:
            if not re.fullmatch(r"[0-9.]+", target.rpartition(":")[0]):
                self.refuse(
                    f"never={target!r} is a name", "give an address: a name that does not resolve proves nothing"
                )

    def must_reach(self, model: Model) -> tuple[str, ...]:
        """Every workload that it may connect to, and what was declared."""
        inward = (
            f"{model.workload(flow.to.workload).host}:{flow.port.number}"
            for flow in model.flows(self.id)
            if isinstance(flow.to, Inward)
        )
        return (*sorted(inward), *self._reaches)

    def must_not_reach(self, model: Model) -> tuple[str, ...]:
        """The API server by both of its addresses, the metadata address of clouds, and what was declared."""
        service = str(ipaddress.ip_network(model.cluster.service_cidrs[0])[1])
        return (model.cluster.api_server, f"{service}:443", "169.254.169.254:80", *self._never)

    def plan(self, model: Model) -> Pod:
        """A busybox that runs the check once after each delivery, and holds no secret."""
        script = files("agentkeep.egress_lockdown").joinpath("files", CHECK_SCRIPT).read_text(encoding="utf-8")
        return Pod(
            user=NOBODY,
            runs="once",
            files=(Files(self.id, {CHECK_SCRIPT: script}, self.id, self.about),),
            volumes=(Volume("script", "files", of=self.id),),
            containers=(
                Container(
                    name=self.main_container,
                    image=self.image,
                    command=("sh", f"{CHECK_FOLDER}/{CHECK_SCRIPT}"),
                    env={
                        "MUST_REACH": " ".join(self.must_reach(model)),
                        "MUST_NOT_REACH": " ".join(self.must_not_reach(model)),
                    },
                    resources=CHECK_RESOURCES,
                    mounts=(Mount("script", CHECK_FOLDER, read_only=True),),
                ),
            ),
        )

    @property
    def about(self) -> str:
        """The first line of its page."""
        return f"{self.path} (EgressLockdown): tries {self.of.id}'s flows after every sync"

    def finish(self) -> None:
        """Take over the flows of the workload, once all are declared."""
        for flow in model_of(self).flows(self.of.id):
            self.platform.connect(Flow(self.id, flow.to, f"tried by the check of {self.of.id}"))
