"""The platform as a Helm chart, beside the plain manifests and of the same meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from agentkeep.core.cluster import Target
from agentkeep.core.facts import Fact, Problem, dns_label_problems


class AgentChart(Fact):
    """
    The public Helm chart that renders an OpenClaw agent's pod.

    ``values.yaml`` is written in the keys of 1.5, which wraps bjw-s' app-template 4.6.2; a 1.6 may read other ones.

    Args:
        version: One exact version; a range would deploy what nobody rendered.
        repository: Where helm finds it: ``https://``, ``oci://``, or ``file://`` for a copy in the same repository.
        name: Its name there.
    """

    version: str = "1.5.37"
    repository: str = "https://serhanekicii.github.io/openclaw-helm"
    name: str = "openclaw"

    def problems(self) -> Iterator[Problem]:
        """A version that the values are written for, and a repository that helm can ask without being overheard."""
        yield from dns_label_problems("chart name", self.name)
        found = re.fullmatch(r"1\.5\.([0-9]+)", self.version)
        if not found or int(found[1]) < 37:
            yield Problem(
                f"chart version={self.version!r} reads other values than those that are written",
                "use 1.5.37 or a later 1.5",
            )
        if not re.fullmatch(r"(https|oci|file)://\S+|http://127\.0\.0\.1(:[0-9]+)?(/\S*)?", self.repository):
            yield Problem(
                f"chart repository={self.repository!r} is not a repository", "write it as https://, oci:// or file://"
            )


class Chart(Target):
    """
    An umbrella chart; made from the finished manifests, and always together with them.

    Args:
        folder: Its folder in ``dist/``.
        chart: The chart that renders agents.
    """

    name: ClassVar[str] = "helm"
    maker: ClassVar[str] = "agentkeep.targets.helm.synthesis:tree"
    follows: ClassVar[str | None] = "kubernetes"

    folder: str = "helm"
    chart: AgentChart = AgentChart()

    def problems(self) -> Iterator[Problem]:
        """A folder and a chart."""
        yield from super().problems()
        yield from self.chart.problems()
