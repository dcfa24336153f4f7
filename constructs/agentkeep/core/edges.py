"""
The edges of a declaration, as plain data by id: who may read which secret, who may connect to what, what is published.

Nothing else joins two parts. `Platform` alone records them; targets synthesize them, and nothing besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agentkeep.core.facts import Fact, Port, Problem, dns_label_problems, network_problems, networks

# Shorter prefixes than this hold more than one provider.
WIDEST_RANGE = 8


@dataclass(frozen=True, slots=True)
class Env:
    """A secret delivered as environment variables, usually one."""

    names: tuple[str, ...]

    @property
    def places(self) -> tuple[str, ...]:
        """Where it arrives; no two secrets can arrive in one place."""
        return self.names


@dataclass(frozen=True, slots=True)
class File:
    """A secret delivered as a file, read-only, at an absolute path."""

    path: str

    @property
    def places(self) -> tuple[str, ...]:
        """Where it arrives; no two secrets can arrive in one place."""
        return (self.path,)


GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Grant:
    """
    The edge "*workload* may read *secret*".

    Args:
        secret: Id of the secret.
        workload: Id of the reader.
        delivery: How it arrives.
        use: What the reader uses it as, such as ``provider-key``; the role of the secret follows from its uses.
    """

    secret: str
    workload: str
    delivery: Env | File
    use: str = GENERIC


@dataclass(frozen=True, slots=True)
class Serving:
    """
    The edge "*keeper* serves *client*, who shows *key*".

    Args:
        keeper: Id of the workload that holds what the client must not have.
        client: Id of the workload that is served.
        key: Id of the client's own key.
        offer: What the client may ask for; the keeper's own kind of thing.
    """

    keeper: str
    client: str
    key: str
    offer: tuple[Any, ...] = ()


# --- destinations ----------------------------------------------------------------------------------------------------


class Internet(Fact):
    """
    Every public address, and none of the cluster's, private, shared, link-local or otherwise special ones.

    The special ranges are a frozen table (`egress_lockdown.addresses`); the cluster's own come from its declaration.
    """

    port: Port

    @classmethod
    def https(cls) -> Internet:
        """TCP 443. There is no ``http()``: plain HTTP would be one more way out for data, and is not needed."""
        return cls(port=Port.tcp(443))


class Range(Fact):
    """One or more networks that a provider publishes, such as ``160.79.104.0/23``, or one machine of the LAN."""

    cidrs: tuple[str, ...]
    port: Port

    def problems(self) -> Iterator[Problem]:
        """Networks without host bits, at least one, and none that could hold half the world."""
        yield from network_problems("cidrs", self.cidrs)
        if not self.cidrs:
            # A rule without peers opens everything.
            yield Problem("a Range without cidrs", "name the networks that the provider publishes")
        for network in networks(self.cidrs):
            if network.prefixlen < WIDEST_RANGE:
                what = "wider than any provider's range" if network.prefixlen else "the whole address space"
                yield Problem(f"{network} is {what}", "use Internet.https(), which leaves the cluster out")


class Neighbour(Fact):
    """
    A workload in a namespace that the platform does not own: a model server next door, or what scrapes metrics.

    Args:
        namespace: Where it runs.
        labels: Labels that pick its pods and nothing else there; at least one.
        port: Where it listens; needed where something connects to it.
        id: How the ledger names it; the namespace unless given.
    """

    namespace: str
    labels: dict[str, str]
    port: Port | None = None
    id: str = ""

    def __init__(self, namespace: str, *, labels: dict[str, str], port: Port | None = None, id: str = "") -> None:  # noqa: A002 - the field's own word
        super().__init__(namespace=namespace, labels=labels, port=port, id=id)

    def __hash__(self) -> int:
        return hash((self.name, self.namespace, *sorted(self.labels.items())))

    @property
    def name(self) -> str:
        """How the ledger names it."""
        return self.id or self.namespace

    def problems(self) -> Iterator[Problem]:
        """A namespace, and at least one label: without, every pod of that namespace would count."""
        yield from dns_label_problems("namespace of a Neighbour", self.namespace)
        yield from dns_label_problems("id of a Neighbour", self.name)
        if not self.labels:
            yield Problem(
                f"the Neighbour {self.name!r} has no labels, so every pod of its namespace would count",
                "give labels={...} that pick its pods",
            )


@dataclass(frozen=True, slots=True)
class Dns:
    """The cluster's resolver. Every confined workload that resolves names has this flow, over UDP and TCP."""

    port: Port


@dataclass(frozen=True, slots=True)
class Inward:
    """A port of another workload of this platform, by its id; made by `Workload.at`."""

    workload: str
    port: Port


@dataclass(frozen=True, slots=True)
class Beside:
    """A port of a neighbour."""

    neighbour: Neighbour
    port: Port


Destination = Internet | Range | Dns | Inward | Beside


@dataclass(frozen=True, slots=True)
class Flow:
    """
    The edge "*source* may connect to *to*", and why.

    Args:
        source: Id of a workload, or a neighbour.
        to: Where the connection arrives.
        because: The reason, printed wherever the flow is.
    """

    source: str | Neighbour
    to: Destination
    because: str

    @property
    def port(self) -> Port:
        """Where the connection arrives."""
        return self.to.port

    @property
    def source_name(self) -> str:
        """How the ledger names the source."""
        return self.source if isinstance(self.source, str) else f"neighbour:{self.source.name}"

    @property
    def ledger_names(self) -> tuple[str, ...]:
        """How the ledger names the destination; one name for each network of a range."""
        match self.to:
            case Internet():
                return ("internet",)
            case Range(cidrs=cidrs):
                return tuple(f"cidr:{cidr}" for cidr in cidrs)
            case Dns():
                return ("dns",)
            case Inward(workload=workload):
                return (workload,)
            case Beside(neighbour=neighbour):
                return (f"neighbour:{neighbour.name}",)


def flow_order(flow: Flow) -> tuple[str, int, str, int, str]:
    """An order of flows that does not depend on the order of declaration."""
    kinds = [Inward, Beside, Dns, Range, Internet]
    return (
        flow.source_name, kinds.index(type(flow.to)), ",".join(flow.ledger_names), flow.port.number, flow.port.protocol,
    )  # fmt: skip


# --- publications ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Publication:
    """
    The edge "people reach *workload* as *host*".

    Args:
        host: The full name.
        workload: Id of what is behind it.
        port: Its port.
        site: Id of the part that publishes it.
        access: Who may come in; the site's own kind of rule.
        origin: Where the site sends requests for the host.
    """

    host: str
    workload: str
    port: Port
    site: str
    access: Any
    origin: str

    @property
    def key(self) -> str:
        """A short name for what is made for the host: ``board`` of ``board.example.com``."""
        return self.host.split(".", 1)[0]
