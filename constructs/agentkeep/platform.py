"""
The platform: root of one declaration, and the only ledger of its edges.

An edge is either a *grant* (a workload may read a secret) or a *flow* (a workload may connect to something). Everything
that is synthesized, in either repository, follows from the parts and the edges recorded here; what is not recorded does
not exist.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from agentkeep.cluster import ArgoCd, Aws, Cluster, TerraformState, Zone
from agentkeep.edges import WIDEST_RANGE, DnsPods, Flow, Grant, Internet, Inward, Range
from agentkeep.errors import DeclarationError
from agentkeep.facts import (
    DeclarationErrors,
    Port,
    Problem,
    dns_label_problems,
    expect,
    networks,
    terraform_name,
    text_problems,
)
from agentkeep.workload import Part, Workload

if TYPE_CHECKING:
    from agentkeep.secret_param.declaration import Parameter

PartT = TypeVar("PartT", bound=Part)


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
