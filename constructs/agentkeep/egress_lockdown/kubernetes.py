"""The Kubernetes half of the lockdown: a closed namespace, and one policy for each workload with its declared flows."""

from __future__ import annotations

from collections.abc import Iterator

from cdk8s_plus_28 import k8s
from constructs import Construct

from agentkeep.egress_lockdown.addresses import internet_blocks
from agentkeep.egress_lockdown.declaration import EgressLockdown
from agentkeep.manifests import WAVE_POLICY, metadata
from agentkeep.facts import Port
from agentkeep.pages import Pages
from agentkeep.platform import DnsPods, Flow, Internet, Inward, Range, Workload

FLOWS_ANNOTATION = "agentkeep/flows"


class EgressLockdownKubernetes(Construct):
    """
    NetworkPolicies: nothing may connect, except the declared flows, each opened at both ends.

    Args:
        scope: A chart.
        id: Construct id.
        lockdown: What was declared.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, lockdown: EgressLockdown, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        self._pages = pages or Pages(self)
        self._platform = lockdown.platform
        page = self._pages.page("networkpolicy", "nothing may connect, except the declared flows")
        name = "default-deny"
        k8s.KubeNetworkPolicy(
            page,
            name,
            metadata=metadata(self._platform, name, wave=WAVE_POLICY),
            # An empty selector picks every pod of the namespace, also one that nobody has thought of yet.
            spec=k8s.NetworkPolicySpec(pod_selector=k8s.LabelSelector(), policy_types=["Ingress", "Egress"]),
        )
        self._pages.explain(
            "NetworkPolicy", name, "spec", because="Every pod of the namespace, also one that nobody declared."
        )
        for workload in self._platform.parts(Workload):
            self._policy(page, workload)

    def _policy(self, page: Construct, workload: Workload) -> None:
        inbound = sorted(workload.inbound, key=lambda flow: (flow.port.number, flow.source.id))
        outbound = workload.flows
        k8s.KubeNetworkPolicy(
            page,
            workload.id,
            metadata=metadata(
                self._platform,
                workload.id,
                annotations={FLOWS_ANNOTATION: "\n".join([*_said(inbound, "from"), *_said(outbound, "to")]) + "\n"},
                wave=WAVE_POLICY,
            ),
            spec=k8s.NetworkPolicySpec(
                pod_selector=k8s.LabelSelector(match_labels=workload.selector),
                policy_types=["Ingress", "Egress"],
                ingress=[self._ingress(flow) for flow in inbound] or None,
                egress=[self._egress(flow) for flow in outbound] or None,
            ),
        )
        for way, flows in (("ingress", inbound), ("egress", outbound)):
            for index, flow in enumerate(flows):
                self._pages.explain("NetworkPolicy", workload.id, "spec", way, index, because=flow.because)

    def _ingress(self, flow: Flow) -> k8s.NetworkPolicyIngressRule:
        peer = k8s.NetworkPolicyPeer(pod_selector=k8s.LabelSelector(match_labels=flow.source.selector))
        return k8s.NetworkPolicyIngressRule(from_=[peer], ports=[_port(flow.port)])

    def _egress(self, flow: Flow) -> k8s.NetworkPolicyEgressRule:
        return k8s.NetworkPolicyEgressRule(to=list(self._peers(flow)), ports=[_port(flow.port)])

    def _peers(self, flow: Flow) -> Iterator[k8s.NetworkPolicyPeer]:
        cluster = self._platform.cluster
        match flow.to:
            case Inward(workload=workload):
                yield k8s.NetworkPolicyPeer(pod_selector=k8s.LabelSelector(match_labels=workload.selector))
            case DnsPods():
                # Both selectors in one peer: as two peers they would open the port of every pod in the namespace.
                yield k8s.NetworkPolicyPeer(
                    namespace_selector=k8s.LabelSelector(
                        match_labels={"kubernetes.io/metadata.name": cluster.dns.namespace}
                    ),
                    pod_selector=k8s.LabelSelector(match_labels=dict(cluster.dns.pod_labels)),
                )
            case Range(cidrs=cidrs):
                for cidr in cidrs:
                    yield k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=cidr))
            case Internet():
                for cidr, exceptions in internet_blocks(cluster.ip_families, cluster.own_networks):
                    yield k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=cidr, except_=exceptions))


def _port(port: Port) -> k8s.NetworkPolicyPort:
    return k8s.NetworkPolicyPort(port=k8s.IntOrString.from_number(port.number), protocol=port.protocol)


def _said(flows: tuple[Flow, ...] | list[Flow], way: str) -> Iterator[str]:
    for flow in flows:
        ends = (flow.source.id,) if way == "from" else flow.ledger_names
        yield f"{way} {', '.join(ends)} {flow.port.protocol} {flow.port.number}: {flow.because}"
