"""ArgoCD, which applies a folder of a repository, in waves, and deletes what is not there any more."""

from typing import Final

from agentkeep.verify.vendors import Vendor

VENDOR: Final = Vendor(
    name="argocd",
    kind="delivery",
    groups=frozenset({"argoproj.io"}),
    # Rollouts and workflows are of the same group, and are nothing that delivers.
    kinds=frozenset({"Application", "ApplicationSet", "AppProject"}),
    marks=("argocd.argoproj.io/", "argocd-image-updater.argoproj.io/", "notifications.argoproj.io/"),
)
