"""
The edges of a declaration: who may read which secret, and who may connect to what.

Nothing else joins two workloads. `Platform` records them; the halves synthesize them, and nothing besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentkeep.facts import Fact, Port, Problem, network_problems, networks

if TYPE_CHECKING:
    from agentkeep.secret_param.declaration import Parameter
    from agentkeep.workload import Workload

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


@dataclass(frozen=True, slots=True)
class Grant:
    """The recorded edge "*workload* may read *secret*"."""

    secret: Parameter
    workload: Workload
    delivery: Env | File


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
    """One or more networks that a provider publishes, such as ``160.79.104.0/23`` of Anthropic."""

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


@dataclass(frozen=True, slots=True)
class DnsPods:
    """The cluster's DNS pods. Every confined workload that resolves names has this flow, over UDP and TCP."""

    port: Port


@dataclass(frozen=True, slots=True)
class Inward:
    """A port of another workload of this platform."""

    workload: Workload
    port: Port


Destination = Internet | Range | DnsPods | Inward


@dataclass(frozen=True, slots=True)
class Flow:
    """The recorded edge "*source* may connect to *to*", and why."""

    source: Workload
    to: Destination
    because: str

    @property
    def port(self) -> Port:
        """Where the connection arrives."""
        return self.to.port

    @property
    def ledger_names(self) -> tuple[str, ...]:
        """How the ledger names the destination; one name for each network of a range."""
        match self.to:
            case Internet():
                return ("internet",)
            case Range(cidrs=cidrs):
                return tuple(f"cidr:{cidr}" for cidr in cidrs)
            case DnsPods():
                return ("dns",)
            case Inward(workload=workload):
                return (workload.id,)


def flow_order(flow: Flow) -> tuple[str, int, str, int, str]:
    """An order of flows that does not depend on the order of declaration."""
    kinds = [Inward, DnsPods, Range, Internet]
    return flow.source.id, kinds.index(type(flow.to)), ",".join(flow.ledger_names), flow.port.number, flow.port.protocol
