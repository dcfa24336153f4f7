"""The Kubernetes half of a site: the cloudflared that serves the tunnel."""

from __future__ import annotations

from cdk8s_plus_28 import k8s
from constructs import Construct

from agentkeep.manifests import (
    common_labels,
    http_probe,
    metadata,
    pod_security,
    requirements,
    restricted,
    secret_env,
)
from agentkeep.pages import Pages
from agentkeep.secret_param.kubernetes import SecretParamKubernetes
from agentkeep.tunnel_site.declaration import METRICS_PORT, TunnelSite

# The image's own user; numeric, because Kubernetes cannot tell whether a name is root.
UID = 65532


class TunnelSiteKubernetes(Construct):
    """
    A cloudflared Deployment with a Secret of its own.

    It is never a sidecar of what it publishes: code in the same pod could reach the origin over loopback and forge the
    header that names the person.

    Args:
        scope: A chart.
        id: Construct id.
        site: What was declared.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, site: TunnelSite, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        pages = pages or Pages(self)
        platform = site.platform
        SecretParamKubernetes(self, "secrets", site, pages=pages)
        hosts = ", ".join(published.host for published in site.hosts)
        page = pages.page(
            site.id, f"{site.path} (TunnelSite): cloudflared, which connects outward and publishes {hosts}"
        )
        k8s.KubeServiceAccount(
            page,
            f"{site.id}-account",
            metadata=metadata(platform, site.id),
            automount_service_account_token=False,
        )
        edge = [] if "IPv6" in platform.cluster.ip_families else ["--edge-ip-version", "4"]
        k8s.KubeDeployment(
            page,
            f"{site.id}-deployment",
            metadata=metadata(platform, site.id, labels=site.selector),
            spec=k8s.DeploymentSpec(
                replicas=site.replicas,
                revision_history_limit=3,
                selector=k8s.LabelSelector(match_labels=site.selector),
                template=k8s.PodTemplateSpec(
                    metadata=k8s.ObjectMeta(labels={**common_labels(platform), **site.selector}),
                    spec=k8s.PodSpec(
                        service_account_name=site.id,
                        automount_service_account_token=False,
                        enable_service_links=False,
                        security_context=pod_security(UID),
                        topology_spread_constraints=[
                            k8s.TopologySpreadConstraint(
                                max_skew=1,
                                topology_key="kubernetes.io/hostname",
                                when_unsatisfiable="ScheduleAnyway",
                                label_selector=k8s.LabelSelector(match_labels=site.selector),
                            )
                        ],
                        containers=[
                            k8s.Container(
                                name=site.main_container,
                                image=site.image.reference,
                                args=[
                                    "tunnel",
                                    "--no-autoupdate",
                                    "--metrics",
                                    f"0.0.0.0:{METRICS_PORT.number}",
                                    *edge,
                                    "run",
                                ],
                                env=secret_env(site),
                                ports=[k8s.ContainerPort(name="metrics", container_port=METRICS_PORT.number)],
                                readiness_probe=http_probe("/ready", "metrics", period=10, failures=3),
                                # Five minutes without an edge connection: a restart is cheap, and may find another
                                # edge.
                                liveness_probe=http_probe("/ready", "metrics", period=30, failures=10),
                                resources=requirements(site.resources),
                                security_context=restricted(),
                            )
                        ],
                    ),
                ),
            ),
        )
        container = ("spec", "template", "spec", "containers", 0)
        pages.explain(
            "Deployment",
            site.id,
            *container,
            "args",
            because="/ready exists only with --metrics. The token comes by env: arguments are world-readable in /proc.",
        )
