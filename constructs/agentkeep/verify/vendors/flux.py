"""Flux, which applies a folder of a repository, and deletes what it applied once and does not find there any more."""

from collections.abc import Iterator
from typing import Final

from agentkeep.verify.artifacts import Object
from agentkeep.verify.vendors.deliveries import Delivery

_MARK: Final = "kustomize.toolkit.fluxcd.io/"


class _Flux(Delivery):
    def takes(self, item: Object) -> Iterator[str]:
        if item.annotations.get(f"{_MARK}prune") != "disabled":
            yield "may be pruned"
        if f"{_MARK}force" in {*item.annotations, *item.labels}:
            # Where a change is not allowed, Flux deletes the object and makes another.
            yield "may be made anew (force)"


VENDOR: Final = _Flux(
    name="flux",
    kind="delivery",
    groups=frozenset({"kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"}),
    marks=(_MARK, "helm.toolkit.fluxcd.io/"),
)
