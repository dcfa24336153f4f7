"""
What a user declares about the network: the flows that are needed, each with its reason. There are no others.

The namespace is closed in both directions first; each declared flow then opens exactly one way, at both ends.
"""

from __future__ import annotations

from agentkeep.errors import DeclarationError
from agentkeep.facts import Image
from agentkeep.platform import Flow, Internet, Inward, Part, Platform, Range, Workload


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
        self.check_image: Image | None = None
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

    def check_in_cluster(self, image: Image) -> None:
        """
        Add a Job that runs after every sync and tries what must work and what must not.

        Args:
            image: Holds a POSIX shell and busybox's ``nc`` and ``wget``, at a fixed version.
        """
        self.check_image = image
        self.refuse_all(image.problems())
