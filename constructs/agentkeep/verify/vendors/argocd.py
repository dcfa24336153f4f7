"""ArgoCD, which applies a folder of a repository, in waves, and deletes what is not there any more."""

from collections.abc import Iterator
from typing import Final

from agentkeep.verify.artifacts import Object
from agentkeep.verify.vendors.deliveries import Delivery

_OPTIONS: Final = "argocd.argoproj.io/sync-options"


class _ArgoCd(Delivery):
    def takes(self, item: Object) -> Iterator[str]:
        options = {one.strip() for one in item.annotations.get(_OPTIONS, "").split(",")}
        # Either alone loses the data by the other way; "Delete=confirm" can be confirmed by whoever deletes.
        for wanted, what in (("Prune=false", "may be pruned"), ("Delete=false", "is deleted with the app")):
            if wanted not in options:
                yield what
        for option in ("Replace=true", "Force=true"):
            if option in options:
                yield f"may be replaced ({option})"
        for hook in ("argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy"):
            if hook in item.annotations:
                yield f"is a hook ({hook})"


VENDOR: Final = _ArgoCd(
    name="argocd",
    kind="delivery",
    groups=frozenset({"argoproj.io"}),
    # Rollouts and workflows are of the same group, and are nothing that delivers.
    kinds=frozenset({"Application", "ApplicationSet", "AppProject"}),
    marks=("argocd.argoproj.io/", "argocd-image-updater.argoproj.io/", "notifications.argoproj.io/"),
    in_waves=True,
    cascades=tuple(f"resources-finalizer.argocd.argoproj.io{how}" for how in ("", "/background", "/foreground")),
)
