"""Yes or no, and why: one question about a secret or a connection, answered hop by hop."""

import re
from dataclasses import dataclass
from typing import Final

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.declared_flows import dns_pod, neighbour_pod
from agentkeep.verify.intervals import PROTOCOLS, Span, intersect_spans, span, spans
from agentkeep.verify.reachability import Answer, Pod, Reading
from agentkeep.verify.secret_flow import EVERY_PARAMETER

_TARGET: Final = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^:/\[\]]+)):(?P<port>\d{1,5})(?:/(?P<protocol>\w+))?\Z"
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer for a person: a headline, and the hops below it."""

    yes: bool
    headline: str
    hops: tuple[str, ...]


def explain_secret(case: Case, name: str) -> Explanation:
    """
    Who can read the secret *name* (an id of the ledger, or a key of the store), and by which way.

    Raises:
        ProofError: no such secret.
    """
    declared = next((one for one in case.ledger.secrets if name in (one.id, one.key)), None)
    parameter = declared.key if declared else name
    reads = [read for read in case.flow.reads if read.parameter in (parameter, EVERY_PARAMETER)]
    if declared is None and not reads and parameter not in case.entry_of:
        known = ", ".join(sorted(one.id for one in case.ledger.secrets))
        raise ProofError(name, "is not a secret of this platform", f"name one of {known}")
    allowed = {(r.workload, r.container) for r in declared.readers} if declared else set()
    hops: list[str] = []
    for read in reads:
        owner = case.declared(read.workload)
        edge = (owner.id if owner else read.workload.name, read.container.name)
        hops.append(f"{read.reader} ({read.form} {read.name}): {'declared' if edge in allowed else 'NOT DECLARED'}")
        hops.extend(f"    {hop}" for hop in read.hops)
    total = sum(len(workload.containers) for workload in case.artifacts.workloads)
    who = sorted({read.reader for read in reads})
    role = f" ({declared.role}, filled by {declared.filled_by})" if declared else ""
    headline = (
        f"{parameter}{role}: read by {', '.join(who) or 'nobody'}; by none of the other {total - len(who)} containers"
    )
    return Explanation(bool(reads), headline, tuple(hops))


def explain_connection(case: Case, source: str, target: str) -> Explanation:
    """
    Whether *source* (a workload) can open a connection to *target*, and by which rule or for want of which.

    Args:
        case: The platform.
        source: A workload's id or name.
        target: ``name:port``, ``address:port`` or ``[address]:port``, with ``/udp`` at the end if it is not TCP; the
            name is a workload's, a Service's, a neighbour's, or ``dns``.

    Raises:
        ProofError: an end that does not exist, or a target that cannot be read.
    """
    match = _TARGET.match(target)
    protocol = (match["protocol"] or "tcp").upper() if match else ""
    if match is None or protocol not in PROTOCOLS or not 1 <= int(match["port"]) <= 65535:
        raise ProofError(
            target, "is not a target", "write it as litellm:4000, 10.0.0.1:443, [2001:db8::1]:443 or dns:53/udp"
        )
    pod, port = _pod(case, source), int(match["port"])
    address = _address(match["six"] or match["name"])
    if address is not None:
        return _to_address(case, pod, match["six"] or match["name"], address, (protocol, port))
    hops: list[str] = []
    name = match["name"]
    other = _dns(case, match["name"]) if name == "dns" else _pod(case, name)
    if name != "dns":
        port, hops = _through_service(case, name, protocol, port)
    ask = case.reach.between
    return _both(
        f"{pod} to {other} on {protocol}/{port}",
        ask(pod, other, protocol, port, Reading.MAY), ask(pod, other, protocol, port, Reading.MUST), hops,
    )  # fmt: skip


def _dns(case: Case, name: str) -> Pod:
    pod = dns_pod(case)
    if pod is None:
        addresses = ", ".join(case.ledger.cluster.dns_addresses)
        raise ProofError(name, "has no pods in this cluster", f"ask for its address: {addresses}")
    return pod


def _pod(case: Case, name: str) -> Pod:
    neighbour = next((one for one in case.ledger.neighbours if name in (one.id, one.name)), None)
    if neighbour is not None:
        return neighbour_pod(neighbour)
    declared = case.ledger.by_id.get(name)
    workload = case.by_name.get(declared.deployment if declared else name)
    if workload is None:
        known = ", ".join(sorted(case.by_name)) or "none"
        raise ProofError(name, "is not a workload of this platform", f"name one of {known}")
    return case.pod(workload)


def _address(value: str) -> Span | None:
    if not re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", value):
        return None
    try:
        return span(value)
    except ValueError:
        raise ProofError(value, "is not an address", "write one such as 10.0.0.1") from None


def _through_service(case: Case, name: str, protocol: str, port: int) -> tuple[int, list[str]]:
    """The port of the pod behind a Service's port: policies see the pod's."""
    declared = case.ledger.by_id.get(name)
    service = case.artifacts.index.get(("Service", case.namespace, declared.deployment if declared else name))
    for one in mappings(service.spec.get("ports")) if service else []:
        if one.get("port") != port or (text(one.get("protocol")) or "TCP") != protocol:
            continue
        target = one.get("targetPort", port)
        number = _pod(case, name).ports.get((target, protocol)) if isinstance(target, str) else target
        if isinstance(number, int):
            return number, [
                f"Service {case.namespace}/{name} port {port} leads to port {number} of the pod ({service.place})"
                if service
                else ""
            ]
    return port, []


def _to_address(case: Case, pod: Pod, shown: str, address: Span, packet: tuple[str, int]) -> Explanation:
    protocol, port = packet
    cluster = case.ledger.cluster
    hops = [
        f"{shown} lies in the cluster's {what}"
        for what, cidrs in (
            ("pods", cluster.pod_cidrs),
            ("services", cluster.service_cidrs),
            ("nodes", cluster.node_cidrs),
        )
        if intersect_spans([address], spans(cidrs))
    ]
    ask = case.reach.to_address
    return _both(
        f"{pod} to {shown} on {protocol}/{port}",
        ask(pod, shown, protocol, port, Reading.MAY), ask(pod, shown, protocol, port, Reading.MUST), hops,
    )  # fmt: skip


def _both(what: str, may: Answer, must: Answer, hops: list[str]) -> Explanation:
    if may.allowed and not must.allowed:
        why = ("by some network plugins:", *may.witness, "not by others:", *must.witness)
        return Explanation(True, f"{what}: yes, it may", (*hops, *why))
    return Explanation(may.allowed, f"{what}: {'yes' if may.allowed else 'no'}", (*hops, *may.witness))
