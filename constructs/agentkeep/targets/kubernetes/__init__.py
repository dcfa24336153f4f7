"""Plain manifests, for the repository that the cluster is delivered from."""

from __future__ import annotations

from typing import ClassVar

from agentkeep.core.cluster import Target


class Manifests(Target):
    """
    Manifests in a repository, a folder for each platform, with a kustomization that lists them.

    Args:
        folder: Its folder in ``dist/``: the name of the repository.
    """

    name: ClassVar[str] = "kubernetes"
    maker: ClassVar[str] = "agentkeep.targets.kubernetes.synthesis:tree"
