"""Pods as the network sees them: labels, named ports, addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agentkeep.verify.artifacts import Workload, mappings, text
from agentkeep.verify.intervals import Span, spans
from agentkeep.verify.selectors import Labels


@dataclass(frozen=True, slots=True)
class Pod:
    """
    A pod as the network sees it.

    Attributes:
        name: How answers call it.
        namespace: Its namespace.
        labels: Its labels; incomplete for a pod that is in no artifact.
        ports: Its named ports, as (name, protocol) to number.
        addresses: Where it may be; empty means that nothing is known, so that it may be anywhere.
        host_network: Whether it uses its node's address.
    """

    name: str
    namespace: str
    labels: Labels
    ports: Mapping[tuple[str, str], int] = field(default_factory=dict)
    addresses: tuple[Span, ...] = ()
    host_network: bool = False

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def pod_of(workload: Workload, addresses: Sequence[Span] = ()) -> Pod:
    """The pod that *workload* makes."""
    named: dict[tuple[str, str], int] = {}
    for container in workload.containers:
        for port in mappings(container.body.get("ports")):
            number = port.get("containerPort")
            if text(port.get("name")) and isinstance(number, int) and not isinstance(number, bool):
                named.setdefault((text(port["name"]), text(port.get("protocol")) or "TCP"), number)
    return Pod(
        name=workload.name,
        namespace=workload.namespace,
        labels=Labels(dict(workload.labels)),
        ports=named,
        addresses=tuple(addresses),
        host_network=workload.host_network,
    )


def ghost(namespace: str, addresses: Sequence[Span] = ()) -> Pod:
    """A pod of *namespace* that is in no artifact and may carry any labels."""
    return Pod("a pod that is not in the artifacts", namespace, Labels({}, complete=False), addresses=tuple(addresses))


def bare(namespace: str, addresses: Sequence[Span] = ()) -> Pod:
    """A pod of *namespace* that carries no label at all."""
    return Pod("a pod without labels", namespace, Labels({}), addresses=tuple(addresses))


def at(pod: Pod, *addresses: str) -> Pod:
    """*pod*, known to be at exactly these addresses."""
    return replace(pod, addresses=spans(addresses))
