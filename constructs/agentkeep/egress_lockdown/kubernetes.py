"""The Kubernetes half of the lockdown: a closed namespace, and one policy for each workload with its declared flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from constructs import Construct

from agentkeep.core.edges import Beside, Dns, Flow, Internet, Inward, Neighbour, Range
from agentkeep.core.model import Model, Runs, model_of
from agentkeep.egress_lockdown.addresses import internet_blocks
from agentkeep.egress_lockdown.declaration import ConnectivityCheck, EgressLockdown
from agentkeep.halves.kubernetes import WAVE_POLICY, Writer, policy_port
from agentkeep.halves.pages import Pages

FLOWS_ANNOTATION = "agentkeep/flows"
DEFAULT_DENY = "default-deny"


class EgressLockdownKubernetes(Construct):
    """
    NetworkPolicies: nothing may connect, except the declared flows, each opened at both ends.

    Args:
        scope: A chart.
        id: Construct id.
        lockdown: What was declared.
        model: The platform; as it is now unless given.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own word
        lockdown: EgressLockdown,
        *,
        model: Model | None = None,
        pages: Pages | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._model = model or model_of(lockdown)
        self._writer = Writer(self._model, pages or Pages(self))
        page = self._writer.pages.page("networkpolicy", "nothing may connect, except the declared flows")
        self._writer.object(
            page,
            "NetworkPolicy",
            DEFAULT_DENY,
            # An empty selector picks every pod of the namespace, also one that nobody has thought of yet.
            {"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}},
            wave=WAVE_POLICY,
        )
        self._writer.pages.explain(
            "NetworkPolicy", DEFAULT_DENY, "spec", because="Every pod of the namespace, also one that nobody declared."
        )
        for workload in self._model.workloads:
            self._policy(page, workload)

    def _policy(self, page: Construct, workload: Runs) -> None:
        inbound = sorted(self._model.inbound(workload.id), key=lambda flow: (flow.port.number, flow.source_name))
        outbound = self._model.flows(workload.id)
        ingress, egress = [self._ingress(flow) for flow in inbound], [self._egress(flow) for flow in outbound]
        spec: dict[str, Any] = {
            "podSelector": {"matchLabels": workload.selector},
            "policyTypes": ["Ingress", "Egress"],
            **({"ingress": ingress} if ingress else {}),
            **({"egress": egress} if egress else {}),
        }
        said = "\n".join([*_said(inbound, "from"), *_said(outbound, "to")]) + "\n"
        self._writer.object(
            page,
            "NetworkPolicy",
            workload.id,
            {"spec": spec},
            annotations={FLOWS_ANNOTATION: said},
            wave=WAVE_POLICY,
        )
        for way, flows in (("ingress", inbound), ("egress", outbound)):
            for index, flow in enumerate(flows):
                self._writer.pages.explain("NetworkPolicy", workload.id, "spec", way, index, because=flow.because)

    def _ingress(self, flow: Flow) -> dict[str, Any]:
        peer = (
            _other_namespace(flow.source)
            if isinstance(flow.source, Neighbour)
            else {"podSelector": {"matchLabels": self._model.workload(flow.source).selector}}
        )
        return {"from": [peer], "ports": [policy_port(flow.port)]}

    def _egress(self, flow: Flow) -> dict[str, Any]:
        return {"to": list(self._peers(flow)), "ports": [policy_port(flow.port)]}

    def _peers(self, flow: Flow) -> Iterator[dict[str, Any]]:
        cluster = self._model.cluster
        match flow.to:
            case Inward(workload=workload):
                yield {"podSelector": {"matchLabels": self._model.workload(workload).selector}}
            case Beside(neighbour=neighbour):
                yield _other_namespace(neighbour)
            case Dns():
                # Both selectors in one peer: as two peers they would open the port of every pod in the namespace.
                yield {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": cluster.dns.namespace}},
                    "podSelector": {"matchLabels": dict(cluster.dns.pod_labels)},
                }
                for address in cluster.dns.addresses:
                    yield {"ipBlock": {"cidr": f"{address}/{128 if ':' in address else 32}"}}
            case Range(cidrs=cidrs):
                for cidr in cidrs:
                    yield {"ipBlock": {"cidr": cidr}}
            case Internet():
                for cidr, exceptions in internet_blocks(cluster.ip_families, cluster.own_networks):
                    yield {"ipBlock": {"cidr": cidr, "except": exceptions}}


class ConnectivityCheckKubernetes(Construct):
    """
    The Job that tries a workload's flows, and its script.

    Args:
        scope: A chart.
        id: Construct id.
        check: What was declared.
        model: The platform; as it is now unless given.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own word
        check: ConnectivityCheck,
        *,
        model: Model | None = None,
        pages: Pages | None = None,
    ) -> None:
        super().__init__(scope, id)
        model = model or model_of(check)
        writer = Writer(model, pages or Pages(self))
        writer.files(model.pod(check.id))
        writer.workload(check, check.id, check.about)


def _other_namespace(neighbour: Neighbour) -> dict[str, Any]:
    # Both selectors in one peer, or every pod of that namespace would count.
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": neighbour.namespace}},
        "podSelector": {"matchLabels": dict(neighbour.labels)},
    }


def _said(flows: tuple[Flow, ...] | list[Flow], way: str) -> Iterator[str]:
    for flow in flows:
        ends = (flow.source_name,) if way == "from" else flow.ledger_names
        yield f"{way} {', '.join(ends)} {flow.port.protocol} {flow.port.number}: {flow.because}"
