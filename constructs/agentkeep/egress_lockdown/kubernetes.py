"""The Kubernetes half of the lockdown: a closed namespace, and one policy for each workload with its declared flows."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from cdk8s_plus_28 import k8s
from constructs import Construct

from agentkeep.core.edges import DnsPods, Flow, Internet, Inward, Range
from agentkeep.egress_lockdown.addresses import internet_blocks
from agentkeep.egress_lockdown.declaration import ConnectivityCheck, EgressLockdown
from agentkeep.core.facts import Port, Resources
from agentkeep.manifests import (
    WAVE_CONFIG,
    WAVE_POLICY,
    common_labels,
    metadata,
    plain_env,
    pod_security,
    port_number,
    requirements,
    restricted,
)
from agentkeep.pages import Pages
from agentkeep.core.workload import Workload

NOBODY = 65534
CHECK_SCRIPT = "check-connectivity.sh"
CHECK_FOLDER = "/opt/agent-scripts"
CHECK_RESOURCES = Resources(cpu="10m", memory="16Mi", cpu_limit="100m", memory_limit="64Mi")
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
        for check in self._platform.parts(ConnectivityCheck):
            self._check(check)

    def _check(self, check: ConnectivityCheck) -> None:
        page = self._pages.page(
            check.id, f"{check.path} (EgressLockdown): tries {check.of.id}'s flows after every sync"
        )
        k8s.KubeServiceAccount(
            page,
            f"{check.id}-account",
            metadata=metadata(self._platform, check.id),
            automount_service_account_token=False,
        )
        script = files("agentkeep.egress_lockdown").joinpath("files", CHECK_SCRIPT).read_text(encoding="utf-8")
        k8s.KubeConfigMap(
            page,
            f"{check.id}-script",
            metadata=metadata(self._platform, check.id, wave=WAVE_CONFIG),
            data={CHECK_SCRIPT: script},
        )
        k8s.KubeJob(
            page,
            f"{check.id}-job",
            metadata=metadata(
                self._platform,
                check.id,
                annotations={
                    "argocd.argoproj.io/hook": "PostSync",
                    # The last one stays to be read, until the next sync makes another.
                    "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
                },
            ),
            spec=k8s.JobSpec(
                backoff_limit=0,
                active_deadline_seconds=300,
                template=k8s.PodTemplateSpec(
                    metadata=k8s.ObjectMeta(labels={**common_labels(self._platform), **check.selector}),
                    spec=k8s.PodSpec(
                        restart_policy="Never",
                        service_account_name=check.id,
                        automount_service_account_token=False,
                        enable_service_links=False,
                        security_context=pod_security(NOBODY),
                        containers=[
                            k8s.Container(
                                name=check.main_container,
                                image=check.image.reference,
                                command=["sh", f"{CHECK_FOLDER}/{CHECK_SCRIPT}"],
                                env=plain_env(
                                    {
                                        "MUST_REACH": " ".join(check.must_reach),
                                        "MUST_NOT_REACH": " ".join(check.must_not_reach),
                                    }
                                ),
                                resources=requirements(CHECK_RESOURCES),
                                security_context=restricted(),
                                volume_mounts=[k8s.VolumeMount(name="script", mount_path=CHECK_FOLDER, read_only=True)],
                            )
                        ],
                        volumes=[k8s.Volume(name="script", config_map=k8s.ConfigMapVolumeSource(name=check.id))],
                    ),
                ),
            ),
        )

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
    return k8s.NetworkPolicyPort(port=port_number(port.number), protocol=port.protocol)


def _said(flows: tuple[Flow, ...] | list[Flow], way: str) -> Iterator[str]:
    for flow in flows:
        ends = (flow.source.id,) if way == "from" else flow.ledger_names
        yield f"{way} {', '.join(ends)} {flow.port.protocol} {flow.port.number}: {flow.because}"
