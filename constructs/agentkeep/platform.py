"""
The platform: root of one declaration, and the only ledger of its edges.

An edge is either a *grant* (a workload may read a secret) or a *flow* (a workload may connect to something). Everything
that is synthesized, in either repository, follows from the parts and the edges recorded here; what is not recorded does
not exist.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from agentkeep.cluster import ArgoCd, Aws, Cluster, TerraformState, Zone
from agentkeep.errors import DeclarationError
from agentkeep.facts import (
    DeclarationErrors,
    Fact,
    Image,
    Port,
    Problem,
    dns_label_problems,
    env_name_problems,
    network_problems,
    networks,
    port_name_problems,
    terraform_name,
    text_problems,
)

if TYPE_CHECKING:
    from agentkeep.secret_param.declaration import Parameter
    from agentkeep.tunnel_site.declaration import Published

PartT = TypeVar("PartT", bound="Part")
WorkloadRole = Literal["agent", "llm-proxy", "tunnel", "service", "check"]


Expected = type | UnionType
# Shorter prefixes than this hold more than one provider.
WIDEST_RANGE = 8
# Names of objects and files that every platform has.
RESERVED_IDS = frozenset(
    {"admission", "application", "appproject", "default-deny", "kustomization", "namespace", "networkpolicy"}
    | {"storageclass"}
)


def named(value: object) -> str:
    """The type of *value*, with its article. Never the value: it might be a secret."""
    name = "None" if value is None else type(value).__name__
    return name if value is None else f"{'an' if name[0] in 'AEIOaeio' else 'a'} {name}"


def expect(path: str, **given: tuple[object, Expected]) -> None:
    """
    Refuse keywords whose value is of the wrong type: the twin, when run, of what a type checker refuses.

    Raises:
        DeclarationErrors: Every such keyword.
    """
    found = []
    for keyword, (value, expected) in given.items():
        # To Python, True is a number.
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is int):
            wanted = getattr(expected, "__name__", "").removeprefix("UnionType") or str(expected).replace(
                "agentkeep.", ""
            )
            wanted = " or ".join(part.rpartition(".")[2] for part in wanted.split(" | "))
            found.append(DeclarationError(path, f"{keyword}= is {named(value)}", f"pass {wanted}"))
    if found:
        raise DeclarationErrors(f"{path} cannot be built", found)


class Part:
    """Something declared in a platform. Its path, ``<platform>/<id>``, is how errors and proofs name it."""

    def __init__(self, platform: Platform, id: str) -> None:  # noqa: A002 - the CDK's own word
        if not isinstance(platform, Platform):
            raise DeclarationError(
                type(self).__name__,
                f"the first argument is {named(platform)}",
                "pass the Platform it is part of",
            )
        expect(f"{platform.id}/{type(self).__name__}", id=(id, str))
        self.platform = platform
        self.id = id
        self.path = f"{platform.id}/{id}"
        self.refuse_all(text_problems("the id", id))
        platform.add(self)

    def refuse(self, problem: str, fix: str) -> None:
        """Record what is wrong with this part; `Platform.seal` raises it together with everything else."""
        self.platform.refuse(self.path, problem, fix)

    def refuse_all(self, problems: Iterable[Problem]) -> None:
        """Record several problems at once."""
        for problem, fix in problems:
            self.refuse(problem, fix)

    def finish(self) -> None:
        """Record what follows from everything else that was declared; called once, by `Platform.seal`."""

    def unfinished(self) -> Iterator[Problem]:
        """Yield what never happened to this part (a secret nobody reads); asked once, by `Platform.seal`."""
        return iter(())


# --- edges -----------------------------------------------------------------------------------------------------------


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


# --- workloads -------------------------------------------------------------------------------------------------------


class Workload(Part):
    """
    Something that runs as pods: one Deployment with a Secret, a ServiceAccount and policies of its own.

    Its id is the name of the Deployment and Service, and the labels `selector` pick its pods and no others.
    """

    role: WorkloadRole
    #: What the ledger calls the kind of this workload.
    construct: str

    def __init__(self, platform: Platform, id: str, *, ports: dict[str, Port]) -> None:  # noqa: A002 - the CDK's word
        super().__init__(platform, id)
        expect(self.path, **{f"ports[{name!r}]": (port, Port) for name, port in ports.items()})
        self.ports = dict(ports)
        # Filled by the platform's verbs alone; kept here so that reading a workload's edges never walks all edges.
        self._grants: dict[int, Grant] = {}
        self._outbound: list[Flow] = []
        self._inbound: list[Flow] = []
        self._published: dict[str, Published] = {}
        self.refuse_all(dns_label_problems("id", id))
        if id in RESERVED_IDS:
            self.refuse(f"the id {id!r} is the name of something that every platform has", "choose another")
        for name, port in ports.items():
            self.refuse_all(port_name_problems(name))
            self.refuse_all(port.problems())
        if len(set(ports.values())) < len(ports):
            self.refuse("two of its ports are one", "give each its own number")

    @property
    def main_container(self) -> str:
        """The container that does the work, and the only one that reads the workload's secrets."""
        return self.id

    @property
    def selector(self) -> dict[str, str]:
        """Labels that exactly this workload's pods carry."""
        return {"app.kubernetes.io/name": self.id, "app.kubernetes.io/part-of": self.platform.id}

    @property
    def secret_name(self) -> str:
        """The Secret that only this workload reads."""
        return f"{self.id}-credentials"

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What this workload may read, by secret id."""
        return tuple(sorted(self._grants.values(), key=lambda grant: grant.secret.id))

    @property
    def flows(self) -> tuple[Flow, ...]:
        """What this workload may connect to."""
        return tuple(sorted(self._outbound, key=_flow_order))

    @property
    def inbound(self) -> tuple[Flow, ...]:
        """Who may connect to this workload."""
        return tuple(sorted(self._inbound, key=_flow_order))

    @property
    def published(self) -> tuple[Published, ...]:
        """The hosts that lead here, by name."""
        return tuple(self._published[host] for host in sorted(self._published))

    def published_as(self, published: Published) -> None:
        """Record that a host leads here; called by `TunnelSite.publish` alone."""
        self._published[published.host] = published

    def port(self, name_or_number: str | int) -> Port | None:
        """The port of that name or number; None where the workload has no such port."""
        for name, port in self.ports.items():
            if name_or_number in {name, port.number}:
                return port
        return None

    def container_names(self) -> tuple[str, ...]:
        """Every long-running container of the pod."""
        return (self.main_container,)

    def init_container_names(self) -> tuple[str, ...]:
        """Every init container of the pod, in order."""
        return ()

    def privileged_images(self) -> tuple[tuple[str, Image], ...]:
        """Containers that run privileged, with their images; the admission policy admits these alone."""
        return ()

    def images(self) -> tuple[Image, ...]:
        """Every image that the pod runs."""
        return ()

    def volume_claims(self) -> tuple[str, ...]:
        """Claims whose data must survive."""
        return ()

    def fixed_env(self) -> frozenset[str]:
        """Variables that the synthesized container sets itself."""
        return frozenset()

    def deliver(self, secret: Parameter, *, as_env: str | tuple[str, ...] | None, as_file: str | None) -> None:
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
            self.refuse("as_file= is no absolute path of a file", "write it as '/run/secrets/name'")
        self.platform.grant(Grant(secret, self, delivery))


# --- exceptions that a person has signed -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One finding of the proofs that a person has accepted, with a reason and, if it should end, a date."""

    finding: str
    because: str
    owner: str
    until: datetime.date | None = None


class Platform:
    """
    Root of one declaration; its id is the namespace and the folder in both repositories.

    Args:
        id: A DNS label.
        cluster: Where the pods run.
        aws: Where the parameters are.
        state: Where Terraform keeps its state.
        argocd: What delivers the manifests.
        zone: Where hosts are published; needed by a `TunnelSite` only.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the CDK's own word
        *,
        cluster: Cluster,
        aws: Aws,
        state: TerraformState,
        argocd: ArgoCd,
        zone: Zone | None = None,
    ) -> None:
        expect("Platform", id=(id, str))
        expect(
            id,
            cluster=(cluster, Cluster),
            aws=(aws, Aws),
            state=(state, TerraformState),
            argocd=(argocd, ArgoCd),
            zone=(zone, Zone | None),
        )
        self.id = id
        self.cluster = cluster
        self.aws = aws
        self.state = state
        self.argocd = argocd
        self.zone = zone
        self._parts: dict[str, Part] = {}
        # Asked for by every half, and all parts would be walked each time.
        self._by_kind: dict[type[Any], tuple[Any, ...]] = {}
        self._ssm_names: dict[str, Parameter] = {}
        self._addresses: dict[str, Parameter] = {}
        self._acknowledgements: list[Acknowledgement] = []
        self._samples: dict[str, str] = {}
        self._problems: list[DeclarationError] = []
        self._refused: set[str] = set()
        self._sealed = False
        facts = {"cluster": cluster, "aws": aws, "state": state, "argocd": argocd, "zone": zone}
        for where, fact in facts.items():
            for problem, fix in fact.problems() if fact else ():
                self.refuse(f"{id}/{where}", problem, fix)
        for problem, fix in dns_label_problems("id", id):
            self.refuse(id, problem, fix)

    # --- recording ---------------------------------------------------------------------------------------------------

    def add(self, part: Part) -> None:
        """Record *part*; two parts of one id are a problem of their path."""
        self._check_open()
        if part.id in self._parts:
            self.refuse(part.path, f"the id {part.id!r} is used twice", "give one of the two another id")
        self._parts.setdefault(part.id, part)
        self._by_kind.clear()

    def refuse(self, path: str, problem: str, fix: str) -> None:
        """Record what is wrong at *path*; saying the same twice is harmless."""
        error = DeclarationError(path, problem, fix)
        if str(error) not in self._refused:
            self._refused.add(str(error))
            self._problems.append(error)

    def grant(self, grant: Grant) -> None:
        """Record that a workload reads a secret. Once is enough; two different deliveries contradict each other."""
        self._check_open()
        if grant.secret.platform is not self or grant.workload.platform is not self:
            self.refuse(grant.workload.path, f"reads {grant.secret.path!r} of another platform", "declare it here")
            return
        known = grant.workload._grants.setdefault(id(grant.secret), grant)
        if known.delivery != grant.delivery:
            self.refuse(grant.workload.path, f"reads {grant.secret.id!r} in two ways", "keep one of them")
        for other in grant.workload.grants:
            for place in sorted({*other.delivery.places} & {*grant.delivery.places}):
                if other.secret is not grant.secret:
                    both = " and ".join(sorted(repr(one.secret.id) for one in (other, grant)))
                    self.refuse(grant.workload.path, f"reads {both} as {place}", "give each a place of its own")
        grant.secret.readers[grant.workload.id] = grant.workload

    def claim_ssm_name(self, secret: Parameter) -> None:
        """Record the SSM name of *secret*; two secrets with one name would overwrite each other."""
        owner = self._ssm_names.setdefault(secret.ssm_name, secret)
        if owner is not secret:
            self.refuse(secret.path, f"has the SSM name of {owner.path!r}", "give it another id or ssm_name")
        # In Terraform, ids that differ in case or punctuation only are one, and the one would replace the other.
        twin = self._addresses.setdefault(terraform_name(secret.id), secret)
        if twin.id != secret.id:
            self.refuse(secret.path, f"has the Terraform address of {twin.path!r}", "give it another id")

    def connect(self, flow: Flow) -> None:
        """Record that a workload connects to something. Once is enough; two reasons for one flow contradict."""
        self._check_open()
        if not isinstance(flow.because, str) or not flow.because.strip():
            names = ", ".join(flow.ledger_names)
            self.refuse(flow.source.path, f"the flow to {names} has no reason", "say why it is needed: because='...'")
            return
        if isinstance(flow.to, Internet | Range):
            for problem, fix in (*flow.to.port.problems(), *flow.to.problems(), *self._range_problems(flow.to)):
                self.refuse(flow.source.path, problem, fix)
        for problem, fix in text_problems("the reason of a flow", flow.because):
            self.refuse(flow.source.path, problem, fix)
        if flow.source.platform is not self or (isinstance(flow.to, Inward) and flow.to.workload.platform is not self):
            self.refuse(flow.source.path, "a flow cannot leave the platform for another", "use Internet or Range")
            return
        for known in flow.source._outbound:
            if known.to == flow.to:
                if known.because != flow.because:
                    names = ", ".join(flow.ledger_names)
                    self.refuse(flow.source.path, f"the flow to {names} has two reasons", "keep one of them")
                return
        flow.source._outbound.append(flow)
        if isinstance(flow.to, Inward):
            flow.to.workload._inbound.append(flow)

    def _range_problems(self, to: Internet | Range) -> Iterator[Problem]:
        own = {"pods": self.cluster.pod_cidrs, "services": self.cluster.service_cidrs, "nodes": self.cluster.node_cidrs}
        given = networks(to.cidrs) if isinstance(to, Range) else ()
        for network in (one for one in given if one.prefixlen >= WIDEST_RANGE):
            for what, cidrs in own.items():
                for known in networks(cidrs):
                    if network.version != known.version or not network.overlaps(known):
                        continue
                    # One machine beside the nodes is a declared choice; all of them, or any pod, is a mistake.
                    if what != "nodes" or known.subnet_of(network):  # type: ignore[arg-type]  # one version each
                        yield Problem(
                            f"{network} holds addresses of the cluster's {what} ({known})",
                            "name a workload with Inward(...), or a narrower range",
                        )

    def resolve_names(self, workload: Workload) -> None:
        """Let *workload* ask the cluster's DNS pods, over UDP and, for long answers, TCP."""
        for port in (Port.udp(53), Port.tcp(53)):
            self.connect(Flow(workload, DnsPods(port), "names of what it may connect to"))

    def acknowledge(self, finding: str, *, because: str, owner: str, until: datetime.date | None = None) -> None:
        """
        Accept one finding of the proofs.

        Args:
            finding: As the proof names it, e.g. ``POD003[openclaw/dind]: privileged``; never a whole rule.
            because: Why it is right, or why it must be borne.
            owner: Who answers for it.
            until: The last day it stands. An expired acknowledgement is itself a finding, as is an unused one.
        """
        self._check_open()
        if not because.strip() or not owner.strip():
            self.refuse(self.id, f"the acknowledgement of {finding!r} lacks a reason or an owner", "give both")
        self._acknowledgements.append(Acknowledgement(finding, because, owner, until))

    def note_sample(self, what: str, value: str) -> None:
        """Record that the personal fact *value* is a documented sample, so that the output can say so loudly."""
        self._samples[f"{what} {value}"] = value

    # --- reading -----------------------------------------------------------------------------------------------------

    def parts(self, kind: type[PartT]) -> tuple[PartT, ...]:
        """Every part of a kind, ordered by id, so that the order of declaration never reaches the output."""
        if kind not in self._by_kind:
            found = (part for part in self._parts.values() if isinstance(part, kind))
            self._by_kind[kind] = tuple(sorted(found, key=lambda part: part.id))
        return self._by_kind[kind]

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Every grant, ordered by workload and secret."""
        return tuple(grant for workload in self.parts(Workload) for grant in workload.grants)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """Every flow, in an order that does not depend on the order of declaration."""
        return tuple(flow for workload in self.parts(Workload) for flow in workload.flows)

    @property
    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Every acknowledgement, ordered by finding."""
        return tuple(sorted(self._acknowledgements, key=lambda known: known.finding))

    @property
    def samples(self) -> dict[str, str]:
        """Personal facts that are samples: what each is, and its value as it stands in the output."""
        return dict(sorted(self._samples.items()))

    def label(self, name: str) -> str:
        """A name for what shares a namespace with other platforms, such as admission policies."""
        return f"{self.id}-{name}"

    # --- sealing -----------------------------------------------------------------------------------------------------

    def seal(self) -> Platform:
        """
        End the declaration: check what can only be known at its end, and allow no more changes.

        Sealing twice is harmless.

        Raises:
            DeclarationErrors: Every problem of the declaration at once, each with path, problem and remedy.
        """
        if self._sealed:
            return self
        for part in self._parts.values():
            part.finish()
        for part in self._parts.values():
            for problem, fix in part.unfinished():
                part.refuse(problem, fix)
        if not self.parts(Workload):
            self.refuse(self.id, "declares no workload", "add a SandboxedAgent")
        if self._problems:
            count = len(self._problems)
            raise DeclarationErrors(
                f"{count} problem{'s' if count > 1 else ''} in the declaration of {self.id!r}",
                sorted(self._problems, key=lambda error: (error.path, error.problem)),
            )
        self._sealed = True
        return self

    def _check_open(self) -> None:
        if self._sealed:
            raise DeclarationError(self.id, "is sealed, so nothing can be added", "declare everything before synthesis")


def _flow_order(flow: Flow) -> tuple[str, int, str, int, str]:
    kinds = [Inward, DnsPods, Range, Internet]
    return flow.source.id, kinds.index(type(flow.to)), ",".join(flow.ledger_names), flow.port.number, flow.port.protocol
