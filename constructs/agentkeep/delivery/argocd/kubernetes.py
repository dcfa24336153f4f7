"""
The ArgoCD Application and its project: what delivers the manifests, and what it is not allowed to do.

An agent once deleted an Application, and ArgoCD deleted the data with it. Here no sync, no prune and no deletion of the
Application removes anything: it has no finalizer, automatic pruning is off, and what holds data carries its own
protection.
"""

from __future__ import annotations

from constructs import Construct

from agentkeep.core.model import Model
from agentkeep.delivery.argocd import ArgoCd
from agentkeep.halves.kubernetes import Writer
from agentkeep.halves.pages import Pages
from agentkeep_imports.k8s.app_project import (
    AppProject,
    AppProjectSpec,
    AppProjectSpecDestinations,
    AppProjectSpecNamespaceResourceWhitelist,
)
from agentkeep_imports.k8s.application import (
    Application,
    ApplicationSpec,
    ApplicationSpecDestination,
    ApplicationSpecSource,
    ApplicationSpecSourceHelm,
    ApplicationSpecSyncPolicy,
    ApplicationSpecSyncPolicyAutomated,
    ApplicationSpecSyncPolicyRetry,
    ApplicationSpecSyncPolicyRetryBackoff,
)

SERVER = "https://kubernetes.default.svc"

# What a platform is made of. A Role, a ServiceAccount token or a pod by itself is not among it.
NAMESPACE_KINDS = (
    ("", "ConfigMap"),
    ("", "PersistentVolumeClaim"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "Deployment"),
    ("batch", "Job"),
    ("external-secrets.io", "ExternalSecret"),
    ("networking.k8s.io", "NetworkPolicy"),
)


class DeliveryKubernetes(Construct):
    """
    The Application and AppProject of a platform, in ArgoCD's namespace.

    Args:
        scope: A chart.
        id: Construct id.
        model: The platform.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, model: Model, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        assert isinstance(model.delivery, ArgoCd)  # noqa: S101 - the delivery names this module as its half
        self._model = model
        self._argocd = model.delivery
        self._pages = pages or Pages(self)
        self._writer = Writer(model, self._pages)
        self._project()
        self._application()

    def _project(self) -> None:
        platform, argocd = self._model, self._argocd
        AppProject(
            self._pages.page("appproject", f"what the Application {platform.id} may deploy, and where"),
            "project",
            metadata=self._writer.metadata(platform.id, namespace=argocd.namespace),
            spec=AppProjectSpec(
                description=f"{platform.id}: one repository, one namespace, the kinds it is made of",
                source_repos=[argocd.repository],
                destinations=[AppProjectSpecDestinations(server=SERVER, namespace=platform.id)],
                cluster_resource_whitelist=[],
                namespace_resource_whitelist=[
                    AppProjectSpecNamespaceResourceWhitelist(group=group, kind=kind) for group, kind in NAMESPACE_KINDS
                ],
            ),
        )
        self._pages.explain(
            "AppProject", platform.id, "spec", "clusterResourceWhitelist",
            because="Namespace and class are an administrator's: who merges a file could label any namespace.",
        )  # fmt: skip
        self._pages.explain(
            "AppProject", platform.id, "spec", "namespaceResourceWhitelist",
            because="Nothing else is deployed: no Role or RoleBinding, so nothing here can be given rights.",
        )  # fmt: skip

    def _application(self) -> None:
        platform, argocd = self._model, self._argocd
        Application(
            self._pages.page("application", f"what ArgoCD delivers as {platform.id}"),
            "application",
            # No finalizer: with resources-finalizer.argocd.argoproj.io, deleting this deletes everything it deployed.
            metadata=self._writer.metadata(platform.id, namespace=argocd.namespace),
            spec=ApplicationSpec(
                project=platform.id,
                source=ApplicationSpecSource(
                    repo_url=argocd.repository,
                    path=argocd.source_path(platform.id),
                    target_revision=argocd.revision,
                    # The chart refuses any other name: labels and selectors hold it.
                    helm=ApplicationSpecSourceHelm(release_name=platform.id) if argocd.source == "chart" else None,
                ),
                destination=ApplicationSpecDestination(server=SERVER, namespace=platform.id),
                sync_policy=ApplicationSpecSyncPolicy(
                    automated=ApplicationSpecSyncPolicyAutomated(prune=False, self_heal=True, allow_empty=False),
                    sync_options=["CreateNamespace=false", "PruneLast=true", "ApplyOutOfSyncOnly=true"],
                    retry=ApplicationSpecSyncPolicyRetry(
                        limit=5,
                        refresh=True,
                        backoff=ApplicationSpecSyncPolicyRetryBackoff(duration="10s", factor=2, max_duration="3m"),
                    ),
                ),
            ),
        )
        explain = self._pages.explain
        explain(
            "Application", platform.id, "metadata",
            because="No finalizer: with ArgoCD's resources-finalizer, deleting this would delete all it deployed.",
        )  # fmt: skip
        explain(
            "Application", platform.id, "spec", "syncPolicy", "automated", "prune",
            because="What vanishes from the folder stays in the cluster until a person prunes it.",
        )  # fmt: skip
        explain(
            "Application", platform.id, "spec", "syncPolicy", "retry", "refresh",
            because="Else a revision that failed is tried again for minutes while the commit that fixes it waits.",
        )  # fmt: skip
