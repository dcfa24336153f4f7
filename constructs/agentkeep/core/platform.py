"""
The platform: root of one declaration, and the only ledger of its edges.

An edge is a *grant* (a workload may read a secret), a *flow* (a workload may connect to something) or a *publication*
(people may reach a workload). Everything that is synthesized, in any repository, follows from the parts and the edges
recorded here; what is not recorded does not exist.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from agentkeep.core.cluster import Cluster, Delivery, SecretStore, Target
from agentkeep.core.edges import (
    GENERIC,
    WIDEST_RANGE,
    Beside,
    Dns,
    Flow,
    Grant,
    Internet,
    Neighbour,
    Publication,
    Range,
    Serving,
    flow_order,
)
from agentkeep.core.facts import (
    DeclarationErrors,
    Port,
    Problem,
    dns_label_problems,
    expect,
    networks,
    text_problems,
)
from agentkeep.core.model import Acknowledgement, Manifest, Model, Override, Secret
from agentkeep.core.part import Part, Records
from agentkeep.errors import DeclarationError

PartT = TypeVar("PartT", bound=Part)

# Namespaces that a cluster has for itself; locking one of them down would stop it.
SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class Platform(Records):
    """
    Root of one declaration; its id is the namespace and the folder in every repository.

    Args:
        id: A DNS label.
        on: Where the pods run.
        store: Where the secrets lie.
        delivery: What brings the manifests there.
        targets: What is written: one for each repository or form.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the field's own word
        *,
        on: Cluster,
        store: SecretStore,
        delivery: Delivery,
        targets: Sequence[Target],
    ) -> None:
        expect("Platform", id=(id, str))
        expect(
            id,
            on=(on, Cluster),
            store=(store, SecretStore),
            delivery=(delivery, Delivery),
            targets=(targets, list | tuple),
        )
        for target in targets:
            expect(id, targets=(target, Target))
        self.id = id
        self.cluster = on
        self.store = store
        self.delivery = delivery
        self.targets = tuple(targets)
        self._parts: dict[str, Part] = {}
        # Asked for by every part, and all parts would be walked each time.
        self._by_kind: dict[type[Any], tuple[Any, ...]] = {}
        self._grants: dict[str, dict[str, Grant]] = {}
        self._flows: dict[str, list[Flow]] = {}
        self._servings: dict[tuple[str, str], Serving] = {}
        self._publications: dict[str, Publication] = {}
        self._acknowledgements: list[Acknowledgement] = []
        self._manifests: dict[tuple[str, ...], Manifest] = {}
        self._overrides: dict[tuple[object, ...], Override] = {}
        self._neighbours: dict[str, Neighbour] = {}
        self._samples: dict[str, str] = {}
        self._problems: list[DeclarationError] = []
        self._refused: set[str] = set()
        self._model: Model | None = None
        facts = {"cluster": on, "store": store, "delivery": delivery}
        facts |= {f"targets/{target.folder}": target for target in self.targets}
        for where, fact in facts.items():
            for problem, fix in fact.problems():
                self.refuse(f"{id}/{where}", problem, fix)
        for problem, fix in dns_label_problems("id", id):
            self.refuse(id, problem, fix)
        folders = [target.folder for target in self.targets]
        if len({*folders}) < len(folders):
            self.refuse(id, "two targets have one folder", "give each target a folder of its own")

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
        path = f"{self.id}/{grant.workload}"
        mine = self._grants.setdefault(grant.workload, {})
        known = mine.setdefault(grant.secret, grant)
        if known.use == GENERIC != grant.use and known.delivery == grant.delivery:
            # Whoever says what the secret is used as is right, in whichever order the two were declared.
            mine[grant.secret] = grant
        if known.delivery != grant.delivery:
            self.refuse(path, f"reads {grant.secret!r} in two ways", "keep one of them")
        for other in mine.values():
            for place in sorted({*other.delivery.places} & {*grant.delivery.places}):
                if other.secret != grant.secret:
                    both = " and ".join(sorted(repr(one.secret) for one in (other, grant)))
                    self.refuse(path, f"reads {both} as {place}", "give each a place of its own")

    def connect(self, flow: Flow) -> None:
        """Record that a workload connects to something. Once is enough; two reasons for one flow contradict."""
        self._check_open()
        path, names = f"{self.id}/{flow.source_name}", ", ".join(flow.ledger_names)
        if not isinstance(flow.because, str) or not flow.because.strip():
            self.refuse(path, f"the flow to {names} has no reason", "say why it is needed: because='...'")
            return
        if isinstance(flow.to, Internet | Range):
            for problem, fix in (*flow.to.port.problems(), *flow.to.problems(), *self._range_problems(flow.to)):
                self.refuse(path, problem, fix)
        for problem, fix in text_problems("the reason of a flow", flow.because):
            self.refuse(path, problem, fix)
        for end in (flow.source, flow.to.neighbour if isinstance(flow.to, Beside) else None):
            if isinstance(end, Neighbour):
                self._check_neighbour(end)
        mine = self._flows.setdefault(flow.source_name, [])
        for known in mine:
            if known.to == flow.to:
                if known.because != flow.because:
                    self.refuse(path, f"the flow to {names} has two reasons", "keep one of them")
                return
        mine.append(flow)

    def serve(self, serving: Serving) -> None:
        """Record that a keeper serves a client; serving the same client twice differently is a problem."""
        self._check_open()
        known = self._servings.setdefault((serving.keeper, serving.client), serving)
        if known != serving:
            self.refuse(
                f"{self.id}/{serving.keeper}",
                f"serves {serving.client!r} in two ways",
                "keep one call of serve() for each agent",
            )

    def publish(self, publication: Publication) -> None:
        """Record that a host leads to a workload; two workloads behind one host contradict each other."""
        self._check_open()
        known = self._publications.setdefault(publication.host, publication)
        if known != publication:
            self.refuse(
                f"{self.id}/{publication.site}", f"host {publication.host!r} is published twice", "keep one of the two"
            )

    def resolve_names(self, workload: str) -> None:
        """Let a workload ask the cluster's DNS, over UDP and, for long answers, TCP."""
        for port in (Port.udp(53), Port.tcp(53)):
            self.connect(Flow(workload, Dns(port), "names of what it may connect to"))

    def acknowledge(self, finding: str, *, because: str, owner: str, until: datetime.date | None = None) -> None:
        """
        Accept one finding of the proofs.

        Args:
            finding: As the proof names it, e.g. ``POD003[assistant/daemon]: privileged``; never a whole rule.
            because: Why it is right, or why nothing better can be had.
            owner: Who answers for it.
            until: The last day it stands. An expired acknowledgement is itself a finding, as is an unused one.
        """
        self._check_open()
        expect(
            self.id,
            finding=(finding, str),
            because=(because, str),
            owner=(owner, str),
            until=(until, datetime.date | None),
        )
        if not because.strip() or not owner.strip():
            self.refuse(self.id, f"the acknowledgement of {finding!r} lacks a reason or an owner", "give both")
        self._acknowledgements.append(Acknowledgement(finding, because, owner, until))

    def manifest(self, body: Mapping[str, object], *, because: str) -> None:
        """
        Add an object of the user's own to what is delivered; the proofs judge it like anything else.

        Args:
            body: The whole object, as in a manifest, with ``apiVersion``, ``kind`` and ``metadata.name``.
            because: Why it is there; printed above it.
        """
        self._check_open()
        expect(self.id, body=(body, dict), because=(because, str))
        metadata = body.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not all(isinstance(one, str) and one for one in (body.get("apiVersion"), body.get("kind"), name)):
            self.refuse(self.id, "manifest() was given an object without apiVersion, kind or name", "give all three")
            return
        what = f"the manifest {body['kind']} {name!r}"
        if not because.strip():
            self.refuse(self.id, f"{what} has no reason", "say why: because='...'")
            return
        for problem, fix in text_problems(f"the reason of {what}", because):
            self.refuse(self.id, problem, fix)
        # A copy: what the caller does to the object afterwards was not declared.
        made = Manifest(copy.deepcopy(dict(body)), because)
        if self._manifests.setdefault(made.key, made) != made:
            self.refuse(self.id, f"{what} is added twice", "keep one of the two")

    def override(self, kind: str, name: str, *path: str | int, value: object, because: str) -> None:
        """
        Set one field of a synthesized object to something else; the proofs judge the result like anything else.

        Args:
            kind: Kind of the object, such as ``Deployment``.
            name: Its name.
            path: Keys and indices that lead to the field.
            value: What it becomes; None removes it.
            because: Why; printed above the line.
        """
        self._check_open()
        expect(self.id, kind=(kind, str), name=(name, str), because=(because, str))
        what = f"the override of {kind} {name!r}"
        if not path or not because.strip():
            self.refuse(self.id, f"{what} lacks a path or a reason", "give both")
            return
        for problem, fix in text_problems(f"the reason of {what}", because):
            self.refuse(self.id, problem, fix)
        made = Override(kind, name, path, copy.deepcopy(value), because)
        if self._overrides.setdefault(made.key, made) != made:
            self.refuse(self.id, f"{what} sets one field twice", "keep one of the two")

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
    def model(self) -> Model:
        """
        The platform as it is now, frozen: the sealed model, or what was declared so far.

        A half that stands alone in somebody's own stack or chart reads this.
        """
        return self._model or self._freeze()

    def _freeze(self) -> Model:
        grants = (grant for mine in self._grants.values() for grant in mine.values())
        flows = (flow for mine in self._flows.values() for flow in mine)
        return Model(
            id=self.id,
            cluster=self.cluster,
            store=self.store,
            delivery=self.delivery,
            targets=self.targets,
            parts={part.id: part for part in self.parts(Part)},
            all_grants=tuple(sorted(grants, key=lambda grant: (grant.workload, grant.secret))),
            all_flows=tuple(sorted(flows, key=flow_order)),
            servings=tuple(self._servings[pair] for pair in sorted(self._servings)),
            publications=tuple(self._publications[host] for host in sorted(self._publications)),
            acknowledgements=tuple(
                sorted(self._acknowledgements, key=lambda known: (known.finding, known.owner, known.because))
            ),
            samples=dict(sorted(self._samples.items())),
            manifests=tuple(self._manifests[key] for key in sorted(self._manifests)),
            overrides=tuple(sorted(self._overrides.values(), key=lambda one: one.order)),
        )

    # --- sealing -----------------------------------------------------------------------------------------------------

    def seal(self) -> Model:
        """
        End the declaration: check what can only be known at its end, and allow no more changes.

        Sealing twice is harmless.

        Returns:
            The frozen model, which every target reads.

        Raises:
            DeclarationErrors: Every problem of the declaration at once, each with path, problem and remedy.
        """
        if self._model is not None:
            return self._model
        for part in self.parts(Part):
            part.finish()
        self._check_names()
        model = self._freeze()
        for part in model.parts.values():
            for problem, fix in part.unfinished(model):
                part.refuse(problem, fix)
        for secret in model.secrets:
            uses = sorted({grant.use for grant in model.readers(secret.id)} - {GENERIC})
            if len(uses) > 1:
                secret.refuse(f"is used as {' and '.join(uses)}", "declare a secret for each use")
        if not model.workloads:
            self.refuse(self.id, "declares no workload", "add a SandboxedAgent")
        self._plan(model)
        if self._problems:
            count = len(self._problems)
            raise DeclarationErrors(
                f"{count} problem{'s' if count > 1 else ''} in the declaration of {self.id!r}",
                sorted(self._problems, key=lambda error: (error.path, error.problem)),
            )
        self._model = model
        return model

    def _plan(self, model: Model) -> None:
        """Plan every pod: what only a program's own configuration would refuse is said before any engine starts."""
        wrong = {error.path for error in self._problems}
        if wrong & {f"{self.id}/{where}" for where in ("cluster", "store", "delivery")}:
            return
        for workload in model.workloads:
            # What is wrong in itself has been told, and might not be fit to be planned.
            if not any(path == workload.path or path.startswith(f"{workload.path}/") for path in wrong):
                for problem in model.plan_problems(workload.id):
                    self.refuse(problem.path, problem.problem, problem.fix)

    def _check_names(self) -> None:
        taken = {*SYSTEM_NAMESPACES, self.cluster.dns.namespace, *self.delivery.reserved_namespaces}
        taken |= {
            flow.source.namespace for mine in self._flows.values() for flow in mine if not isinstance(flow.source, str)
        }
        taken |= {
            flow.to.neighbour.namespace for mine in self._flows.values() for flow in mine if isinstance(flow.to, Beside)
        }
        if self.id in taken:
            self.refuse(
                self.id,
                f"the namespace {self.id!r} belongs to something else, and would be locked down",
                "choose another id",
            )
        keys: dict[str, Secret] = {}
        addresses: dict[str, Secret] = {}
        for secret in self.parts(Secret):
            owner = keys.setdefault(secret.key, secret)
            if owner is not secret:
                secret.refuse(f"has the {self.store.noun} name of {owner.path!r}", "give it another id or key")
            # Ids that differ in case or punctuation only may be one address, and the one would replace the other.
            twin = addresses.setdefault(self.store.address_of(secret.id), secret)
            if twin.id != secret.id:
                secret.refuse(f"has the address of {twin.path!r}", "give it another id")

    def _check_neighbour(self, neighbour: Neighbour) -> None:
        for problem, fix in neighbour.problems():
            self.refuse(f"{self.id}/neighbour:{neighbour.name}", problem, fix)
        known = self._neighbours.setdefault(neighbour.name, neighbour)
        if (known.namespace, known.labels) != (neighbour.namespace, neighbour.labels):
            self.refuse(
                f"{self.id}/neighbour:{neighbour.name}", "two Neighbours have this name", "give one of them id='...'"
            )
        if neighbour.namespace == self.id:
            self.refuse(
                f"{self.id}/neighbour:{neighbour.name}",
                "a Neighbour of this platform's own namespace",
                "declare it as a Service",
            )

    def _range_problems(self, to: Internet | Range) -> Iterator[Problem]:
        own = {
            "pods": self.cluster.pod_cidrs,
            "services": self.cluster.service_cidrs,
            "nodes": self.cluster.node_cidrs,
            "API server": self.cluster.api_networks,
        }
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
                            "name a workload of the platform, or a narrower range",
                        )

    def _check_open(self) -> None:
        if self._model is not None:
            raise DeclarationError(self.id, "is sealed, so nothing can be added", "declare everything before synthesis")
