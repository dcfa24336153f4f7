"""
What becomes possible: the new artifacts held against the old ones.

Not a comparison of text: both sides are evaluated, and what counts is what can be read, reached, deleted or opened
now and could not before. A renamed file, a split policy or another order is not a difference.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentkeep.verify.artifacts import Workload, load, mapping
from agentkeep.verify.case import Case
from agentkeep.verify.decide import case_of, decide
from agentkeep.verify.declared_flows import alternatives
from agentkeep.verify.intervals import Box, spans, subtract, subtract_spans
from agentkeep.verify.ledger import ISOLATED, Ledger
from agentkeep.verify.reachability import EGRESS, INGRESS, Peer, Pod, Ports
from agentkeep.verify.revisions import read_revision
from agentkeep.verify.selectors import Selector
from agentkeep.verify.vendors.cloudflare import applications, records, routes

_EVERYTHING: Final = Peer(None, Selector(), Selector())


@dataclass(frozen=True, slots=True)
class Change:
    """
    One thing that became possible.

    Attributes:
        kind: ``readable``, ``reachable``, ``deletable``, ``public``, ``weaker``, or ``narrower`` for what is possible
            no more.
        what: One line.
        witness: The way, where there is one.
    """

    kind: str
    what: str
    witness: tuple[str, ...] = ()

    @property
    def widens(self) -> bool:
        """Whether this opens something."""
        return self.kind != "narrower"


def compare(old: Case, new: Case) -> tuple[Change, ...]:
    """Every change from *old* to *new*, widenings first."""
    changes = [
        *_readable(old, new), *_reachable(old, new), *_public(old, new), *_findings(old, new), *_measure(old, new),
    ]  # fmt: skip
    seen: set[tuple[str, str]] = set()
    unique = [c for c in changes if (c.kind, c.what) not in seen and not seen.add((c.kind, c.what))]  # type: ignore[func-returns-value]
    order = ("readable", "reachable", "public", "deletable", "weaker", "narrower")
    return tuple(sorted(unique, key=lambda change: (order.index(change.kind), change.what)))


# --- readable


def _readable(old: Case, new: Case) -> Iterator[Change]:
    before = {(r.parameter, str(r.workload), r.container.name) for r in old.flow.reads}
    after = {(r.parameter, str(r.workload), r.container.name): r for r in new.flow.reads}
    for (parameter, workload, container), read in after.items():
        if (parameter, workload, container) not in before:
            yield Change("readable", f"{workload}/{container} can read {parameter}", read.hops)
    for parameter, workload, container in sorted(before - set(after)):
        yield Change("narrower", f"{workload}/{container} cannot read {parameter} any more")


# --- reachable


def _reachable(old: Case, new: Case) -> Iterator[Change]:
    before = {str(w): w for w in old.artifacts.workloads}
    for workload in new.artifacts.workloads:
        was = before.get(str(workload))
        yield from _addresses(old, new, was, workload)
        yield from _peers(old, new, was, workload)
    yield from _pairs(old, new)


def _addresses(old: Case, new: Case, was: Workload | None, now: Workload) -> Iterator[Change]:
    pod = new.pod(now)
    earlier = old.pod(was) if was else None
    for word, mine, theirs in (
        ("send to", new.reach.outward(pod), old.reach.outward(earlier) if earlier else ()),
        ("receive from", new.reach.inward(pod), old.reach.inward(earlier) if earlier else ()),
    ):
        for box in subtract(mine, theirs):
            yield Change(
                "reachable",
                f"{now} may {word} {box}",
                (f"packet {'to' if word == 'send to' else 'from'} {box.example()}",),
            )
        for box in subtract(theirs, mine):
            yield Change("narrower", f"{now} may not {word} {box} any more")


def _opened(case: Case, pod: Pod, direction: str) -> list[tuple[Peer, str, Ports, str]]:
    """(peer, home, ports, how it is shown) of every rule for pods; everything, for a pod that is not isolated."""
    if pod.host_network or not case.reach.isolated(pod, direction):
        return [
            (_EVERYTHING, pod.namespace, Ports(protocol), "no policy isolates it")
            for protocol in ("TCP", "UDP", "SCTP")
        ]
    found: list[tuple[Peer, str, Ports, str]] = []
    for policy, rule in case.reach.rules(pod, direction):
        for peer in rule.peers if rule.peers is not None else (_EVERYTHING,):
            if peer.blocks is not None:
                continue
            for one in alternatives(peer):
                found.extend(
                    (one, policy.namespace, ports, f"policy {policy.name}, rule {rule.number} ({rule.place})")
                    for ports in rule.ports
                )
    return found


def _peers(old: Case, new: Case, was: Workload | None, now: Workload) -> Iterator[Change]:
    for direction, word in ((EGRESS, "send to"), (INGRESS, "receive from")):
        earlier = _opened(old, old.pod(was), direction) if was else []
        for peer, home, ports, how in _opened(new, new.pod(now), direction):
            if not any(_within((peer, home, ports), (p, h, q)) for p, h, q, _ in earlier):
                yield Change("reachable", f"{now} may {word} {peer} on {ports}", (how,))


def _within(one: tuple[Peer, str, Ports], other: tuple[Peer, str, Ports]) -> bool:
    (peer, home, ports), (wider, wider_home, wider_ports) = one, other
    if ports.protocol != wider_ports.protocol or ((ports.named or wider_ports.named) and ports != wider_ports):
        return False
    if not (wider_ports.first <= ports.first and ports.last <= wider_ports.last):
        return False
    if wider.namespaces is None:
        same_place = peer.namespaces is None and home == wider_home
    else:
        same_place = wider.namespaces.everything or (
            peer.namespaces is not None and peer.namespaces.implies(wider.namespaces)
        )
    return same_place and (peer.pods or Selector()).implies(wider.pods or Selector())


def _pairs(old: Case, new: Case) -> Iterator[Change]:
    """Connections between known pods: a new label can open one without any change of a policy."""
    before, after = _edges(old), _edges(new)
    for (source, destination), ports in after.items():
        for box in subtract(ports, before.get((source, destination), ())):
            yield Change(
                "reachable", f"{source} can open a connection to {destination} on {box.protocol}/{_ports(box)}"
            )


def _edges(case: Case) -> Mapping[tuple[str, str], tuple[Box, ...]]:
    found: dict[tuple[str, str], tuple[Box, ...]] = {}
    for workload in case.artifacts.workloads:
        source = case.pod(workload)
        for destination in _candidates(case, source):
            ports = case.reach.ports_between(source, destination) if destination is not source else ()
            if ports:
                found[str(source), str(destination)] = ports
    return found


def _candidates(case: Case, source: Pod) -> Iterable[Pod]:
    if source.host_network or not case.reach.isolated(source, EGRESS):
        return case.reach.pods
    found: dict[int, Pod] = {}
    for policy, rule in case.reach.rules(source, EGRESS):
        if rule.peers is None:
            return case.reach.pods
        for peer in rule.peers:
            # A block may cover every pod; that is reported as a block, once, and not pod by pod.
            if peer.blocks is None:
                found.update((id(pod), pod) for pod in case.reach.candidates(peer, policy.namespace))
    return found.values()


def _ports(box: Box) -> str:
    return str(box.first) if box.first == box.last else f"{box.first}-{box.last}"


# --- public, deletable, weaker


def _public(old: Case, new: Case) -> Iterator[Change]:
    before, after = _doors(old), _doors(new)
    for door, how in after.items():
        if door not in before:
            yield Change("public", door, (how,))
    for door in before:
        if door not in after:
            yield Change("narrower", f"no more: {door}")


def _doors(case: Case) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in records(case):
        found[f"{record.host} is in DNS{'' if record.proxied else ', not proxied'}"] = str(record.place)
    for route, last in routes(case):
        if not last:
            found[f"{route.hostname} leads to {route.service}"] = str(route.place)
    for app in applications(case):
        for policy in app.policies:
            for kind, value in policy.include:
                found[f"{app.domain} admits by {kind} {value} ({policy.decision})"] = str(policy.place)
            if not policy.require:
                found[f"{app.domain} requires nothing more of whom it admits"] = str(policy.place)
    for service in case.artifacts.kind("Service"):
        if service.spec.get("type", "ClusterIP") != "ClusterIP" or service.spec.get("externalIPs"):
            found[f"{service} is of type {service.spec.get('type')}"] = str(service.place)
    return found


def _findings(old: Case, new: Case) -> Iterator[Change]:
    """Whatever rule is broken now and was not before, acknowledged or not: a reviewer has to see it."""
    known = {finding.name for verdict in decide(old) for finding in (*verdict.findings, *verdict.accepted)}
    for verdict in decide(new):
        for finding in (*verdict.findings, *verdict.accepted):
            if finding.name not in known:
                kind = (
                    "deletable"
                    if verdict.rule.startswith("DATA")
                    else "public"
                    if verdict.rule.startswith("SITE")
                    else "weaker"
                )
                yield Change(kind, finding.name, finding.witness)


def _measure(old: Case, new: Case) -> Iterator[Change]:
    """The ledger is the measure of every rule: where it asks for less, a rule proves less."""
    before, after = old.ledger, new.ledger
    for lost in subtract_spans(spans(before.cluster.own), spans(after.cluster.own)):
        yield Change("weaker", f"{lost} counts no longer as the cluster's own")
    roles = {one.id: one.role for one in after.workloads}
    for one in before.workloads:
        if one.id in roles and roles[one.id] != one.role:
            yield Change("weaker", f"{one.id} counts no longer as {one.role}, but as {roles[one.id]}")
    kept = {secret.key: secret.role for secret in after.secrets}
    for secret in before.secrets:
        if secret.key in kept and secret.role in ISOLATED and kept[secret.key] not in ISOLATED:
            yield Change("weaker", f"{secret.id} counts no longer as {secret.role}, but as {kept[secret.key]}")
    for item in new.artifacts.kind("Application"):
        was = old.artifacts.index.get(("Application", item.namespace, item.name))
        source = mapping(item.spec.get("source"))
        earlier = mapping(was.spec.get("source")) if was else {}
        for key in ("repoURL", "path", "targetRevision"):
            if was and source.get(key) != earlier.get(key):
                yield Change("weaker", f"{item} delivers from another {key}: {source.get(key)}", (str(item.place),))
    for family in sorted(set(before.families) - set(after.families)):
        yield Change("weaker", f"rules of family {family} are not asked for any more")


# --- folders and revisions


def side(name: str, dist: str, measure: Ledger | None = None) -> Case:
    """
    The case of *name*: a folder, or a git revision in which *dist* is the folder of artifacts.

    Measured by *measure*, or by the ledger that lies in the folder.

    Raises:
        ProofError: neither, or it cannot be read.
    """
    if name and Path(name).is_dir():
        return case_of(load(name), measure)
    return case_of(read_revision(name, dist), measure)
