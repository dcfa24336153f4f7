"""
What a user declares about the network: the flows that are needed, each with its reason. There are no others.

The namespace is closed in both directions first; each declared flow then opens exactly one way, at both ends.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from agentkeep.edges import Flow, Internet, Inward, Range
from agentkeep.errors import DeclarationError
from agentkeep.facts import Image
from agentkeep.platform import Platform
from agentkeep.workload import Part, Workload

_TARGET = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}")


class EgressLockdown(Part):
    """
    Closes the platform's namespace, and opens the declared flows.

    Every platform needs exactly one; `Platform.seal` refuses to go on without it.

    Args:
        platform: What it locks down.
        id: Its name in errors.
    """

    def __init__(self, platform: Platform, id: str = "lockdown") -> None:  # noqa: A002 - the CDK's own word
        super().__init__(platform, id)
        if len(platform.parts(EgressLockdown)) > 1:
            self.refuse("a second EgressLockdown", "keep one; it covers the whole namespace")

    def allow(self, source: Workload, to: Internet | Range | Inward, *, because: str) -> Flow:
        """
        Let *source* open connections to *to*.

        Args:
            source: The workload that connects.
            to: The internet (without the cluster's own and all special ranges), published ranges, or another workload.
            because: Why; printed in the policy's annotation and in the ledger.

        Returns:
            The recorded flow.

        Raises:
            DeclarationError: *source* is no workload, or *to* no destination.
        """
        if not isinstance(source, Workload):
            raise DeclarationError(self.path, f"allow() was given a {type(source).__name__}", "pass a workload")
        if not isinstance(to, Internet | Range | Inward):
            raise DeclarationError(
                self.path, f"allow() was given a {type(to).__name__} as destination", "pass Internet.https() or a Range"
            )
        if isinstance(to, Inward) and to.port not in to.workload.ports.values():
            self.refuse(
                f"{to.workload.id!r} has no port {to.port.number}/{to.port.protocol}",
                f"use one of {sorted(port.number for port in to.workload.ports.values())}",
            )
        flow = Flow(source, to, because)
        self.platform.connect(flow)
        if not isinstance(to, Inward):
            self.platform.resolve_names(source)
        return flow

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

    def __init__(
        self, platform: Platform, workload: Workload, *, image: Image, reaches: Sequence[str], never: Sequence[str]
    ) -> None:
        super().__init__(platform, f"{workload.id}-check", ports={})
        self.of = workload
        self.image = image
        self._reaches = tuple(reaches)
        self._never = tuple(never)
        self.refuse_all(image.problems())
        for target in (*reaches, *never):
            if not _TARGET.fullmatch(target):
                self.refuse(f"{target!r} is no host:port", "write it as 'discord.com:443'")
        for target in never:
            if not re.fullmatch(r"[0-9.]+", target.rpartition(":")[0]):
                self.refuse(
                    f"never={target!r} is a name", "give an address: a name that does not resolve proves nothing"
                )

    @property
    def must_reach(self) -> tuple[str, ...]:
        """Every workload that it may connect to, and what was declared."""
        inward = (
            f"{flow.to.workload.id}.{self.platform.id}.svc.cluster.local:{flow.port.number}"
            for flow in self.flows
            if isinstance(flow.to, Inward)
        )
        return (*sorted(inward), *self._reaches)

    @property
    def must_not_reach(self) -> tuple[str, ...]:
        """The API server by both of its addresses, the metadata address of clouds, and what was declared."""
        service = str(ipaddress.ip_network(self.platform.cluster.service_cidrs[0])[1])
        return (self.platform.cluster.api_server, f"{service}:443", "169.254.169.254:80", *self._never)

    def images(self) -> tuple[Image, ...]:
        """A busybox."""
        return (self.image,)

    def finish(self) -> None:
        """Take over the flows of the workload, once all are declared."""
        for flow in self.of.flows:
            self.platform.connect(Flow(self, flow.to, f"tried by the check of {self.of.id}"))
