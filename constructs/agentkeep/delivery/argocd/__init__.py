"""ArgoCD: an Application that delivers, and a project that limits what it may."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from agentkeep.core.cluster import Delivery, Protected
from agentkeep.core.facts import Problem, dns_label_problems

SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
# With one of them ArgoCD deletes everything that an Application delivered before it lets go of it.
CASCADES = (
    "resources-finalizer.argocd.argoproj.io",
    "resources-finalizer.argocd.argoproj.io/background",
    "resources-finalizer.argocd.argoproj.io/foreground",
)


class ArgoCd(Delivery):
    """
    The repository and the ArgoCD that deliver the manifests.

    Args:
        repository: Clone URL of the repository that the output is committed to.
        folder: Folder of apps in it; a platform is ``<folder>/<platform>``.
        revision: Branch that ArgoCD follows.
        namespace: Where ArgoCD runs.
        source: Which of the two forms ArgoCD deploys: the plain manifests, or the Helm chart, which is committed as
            ``<folder>/<platform>-chart``.
    """

    provider: ClassVar[str] = "argocd"
    title: ClassVar[str] = "ArgoCD"
    halves: ClassVar[Mapping[str, str]] = {"kubernetes": "agentkeep.delivery.argocd.kubernetes:DeliveryKubernetes"}
    commands: ClassVar[tuple[str, ...]] = ("argocd",)
    bootstrap: ClassVar[tuple[str, ...]] = ("application", "appproject")

    repository: str
    folder: str = "argoproj"
    revision: str = "main"
    namespace: str = "argocd"
    source: Literal["manifests", "chart"] = "manifests"

    @property
    def reserved_namespaces(self) -> tuple[str, ...]:  # type: ignore[override]  # of each instance
        """ArgoCD's own."""
        return (self.namespace,)

    def source_path(self, platform: str) -> str:
        """The folder, in the repository, that the Application of *platform* deploys."""
        return f"{self.folder}/{platform}-chart" if self.source == "chart" else f"{self.folder}/{platform}"

    def kept(self) -> Mapping[str, str]:
        """Prune=false keeps an object whose file is gone; Delete=false when the app is deleted. Either alone fails."""
        return {SYNC_OPTIONS: "Prune=false,Delete=false"}

    def kept_comments(self) -> tuple[tuple[str, str], ...]:
        """What the two options do."""
        return ((SYNC_OPTIONS, "Prune=false keeps it when its file is gone, Delete=false when the app is deleted."),)

    def wave(self, number: int) -> Mapping[str, str]:
        """ArgoCD applies lower waves first and waits until they are healthy."""
        return {"argocd.argoproj.io/sync-wave": str(number)}

    def after(self) -> Mapping[str, str]:
        """After each sync; the last one stays to be read, until the next sync makes another."""
        return {
            "argocd.argoproj.io/hook": "PostSync",
            "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
        }

    def protected(self, platform: str) -> tuple[Protected, ...]:
        """The Application and its project."""
        group, where = "argoproj.io", self.namespace
        return (
            Protected(
                group,
                "applications",
                where,
                platform,
                f"deleting the Application of {platform} is how data was lost before",
                CASCADES,
                f"with this finalizer, deleting the Application deletes all of {platform}",
            ),
            Protected(group, "appprojects", where, platform, f"the AppProject limits what {platform} may deploy"),
        )

    def about_app(self, platform: str) -> str:
        """The first line of the kustomization."""
        return f"what the Application {platform} consists of"

    def kustomization_notes(self, pages: tuple[str, ...]) -> tuple[str, ...]:
        """Who applies what is not listed there."""
        listed = ", ".join(f"{name}.yaml" for name in pages)
        return (
            f"Not here: {listed}.",
            f"{self.folder}/kustomization.yaml lists them, so that the Application cannot change its own limits,"
            " or the cluster.",
        )

    def problems(self) -> Iterator[Problem]:
        """A URL without credentials, a folder inside the repository, a namespace."""
        yield from super().problems()
        if re.match(r"[a-z]+://[^/]*@", self.repository) and not self.repository.startswith("ssh://"):
            yield Problem("repository holds a user or a password", "remove it; ArgoCD keeps credentials in a Secret")
        elif not re.fullmatch(r"(https://|ssh://|git@)[^\s@]+(@[^\s@]+)?", self.repository):
            yield Problem("repository is not a clone URL", "write it as 'https://github.com/owner/name'")
        if not self.revision.strip():
            yield Problem("revision is empty", "name a branch")
        yield from dns_label_problems("namespace of ArgoCD", self.namespace)
