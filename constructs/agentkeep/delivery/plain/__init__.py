"""Plain manifests: whoever has the right applies them, with kubectl or through Flux."""

from __future__ import annotations

from collections.abc import Mapping

from agentkeep.core.cluster import Delivery

FLUX = "kustomize.toolkit.fluxcd.io"
# What closes before what runs, and what runs last: the order in which the files are listed.
_TURNS: tuple[frozenset[str], ...] = (
    frozenset({"NetworkPolicy"}),
    frozenset({"ConfigMap", "ExternalSecret", "PersistentVolumeClaim", "Service"}),
)


class Plain(Delivery):
    """
    A folder of manifests, with nothing in the cluster that belongs to a particular deliverer.

    Args:
        folder: Folder of apps in the repository; a platform is ``<folder>/<platform>``.
        flux: Whether Flux follows it: what holds data is then marked so that Flux never prunes it.
    """

    folder: str = "apps"
    flux: bool = False

    @property
    def provider(self) -> str:  # type: ignore[override]  # of each instance
        """What the ledger calls it: Flux has ways of its own to take an object away."""
        return "flux" if self.flux else "plain"

    @property
    def title(self) -> str:  # type: ignore[override]  # of each instance
        """Flux, or the command by which a person applies the folder."""
        return "Flux" if self.flux else "'kubectl apply'"

    @property
    def commands(self) -> tuple[str, ...]:  # type: ignore[override]  # of each instance
        """Flux's own; 'kubectl' is forbidden anyway."""
        return ("flux",) if self.flux else ()

    def kept(self) -> Mapping[str, str]:
        """Without Flux nothing prunes: ``kubectl apply`` deletes nothing."""
        return {f"{FLUX}/prune": "disabled"} if self.flux else {}

    def kept_comments(self) -> tuple[tuple[str, str], ...]:
        """What the mark does."""
        because = "Flux keeps it when its file is gone, and when the Kustomization that applied it is deleted."
        return ((f"{FLUX}/prune", because),) if self.flux else ()

    def after(self) -> Mapping[str, str]:
        """A Job cannot be changed, so Flux makes it anew where it differs."""
        return {f"{FLUX}/force": "enabled"} if self.flux else {}

    def listed(self, pages: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
        """First what closes the namespace, last what runs."""

        def turn(name: str) -> tuple[int, str]:
            kinds = pages[name]
            return next((number for number, among in enumerate(_TURNS) if kinds <= among), len(_TURNS)), name

        return tuple(sorted(pages, key=turn))

    def kustomization_fields(self) -> tuple[str, ...]:
        """By itself kustomize sorts by kind, and a NetworkPolicy would come after the pods that it closes."""
        return ("sortOptions:", "  order: fifo")

    def kustomization_notes(self, pages: tuple[str, ...]) -> tuple[str, ...]:
        """Who applies what is not listed there, and what comes first."""
        notes = list(super().kustomization_notes(pages))
        if self.flux:
            notes += [
                "Flux sorts by kind itself: before it follows this folder for the first time, an administrator applies",
                "networkpolicy.yaml as well, or pods would start before the namespace is closed.",
            ]
        else:
            notes.append("Listed in the order in which they are applied: what closes comes before what runs.")
        return tuple(notes)
