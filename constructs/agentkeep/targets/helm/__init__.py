"""
The platform as a Helm chart, beside the plain manifests and of the same meaning.

The chart depends on the public chart of the agent, which renders the agent's Deployment, Service, claim and
configuration from ``values.yaml``. Everything else is text in ``templates/``. Both are derived from the finished plain
manifests, never from the declaration a second time. docs/helm-chart.md tells how it is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from agentkeep.core.cluster import AgentChart
from agentkeep.core.platform import Platform
from agentkeep.sandboxed_agent.declaration import SandboxedAgent
from agentkeep.targets.dist import HELM
from agentkeep.targets.helm.objects import application_objects
from agentkeep.targets.helm.schema import schema_text, values_schema
from agentkeep.targets.helm.templates import GUARD, Selectors, guard, template_files
from agentkeep.targets.helm.upstream import CONTROLLER, TEMPLATE
from agentkeep.targets.helm.values import AgentValues, Index, agent_values
from agentkeep.targets.helm.yaml_text import emit

__all__ = ["CHART_VERSION", "KUBE_VERSION", "helm_tree"]

CHART_VERSION = "1.0.0"
# Sidecars that are init containers, which the sandbox is, work without a feature gate since 1.29; the admission
# policies that belong to the platform since 1.30.
KUBE_VERSION = ">=1.30.0-0"
# A lock has a time of making. Synthesis knows no clock, so it is the beginning of time.
_NO_TIME = "1970-01-01T00:00:00Z"


def helm_tree(platform: Platform, manifests: Mapping[str, str]) -> dict[str, str]:
    """
    The chart of *platform*.

    Args:
        platform: What was declared.
        manifests: The plain tree of the same platform: text by path in ``dist/``.

    Returns:
        Text by path in ``dist/``, all below ``helm/<platform>/``.

    Raises:
        SynthesisError: The manifests say something that the public chart has no key for.
    """
    objects = application_objects(platform, manifests)
    agents = platform.parts(SandboxedAgent)
    index = Index(objects)
    told = {_key(platform, agent): agent_values(agent, index) for agent in agents}
    rendered = {identity for values in told.values() for identity in values.rendered}
    selectors = Selectors([(agent.selector, agent.selected_by) for agent in told.values()])
    values = {key: {TEMPLATE: agent.values} for key, agent in told.items()}
    schema = values_schema(values, f"Values of {platform.id}; synthesized by agentkeep")
    files = {
        "Chart.yaml": _chart(platform),
        "values.yaml": _header(platform, "what the public chart renders the agent from") + _values(told),
        "values.schema.json": schema_text(schema),
        f"templates/{GUARD}": guard(platform),
        **{f"templates/{name}": text for name, text in template_files(objects, rendered, selectors).items()},
    }
    if agents:
        files["Chart.lock"] = _lock(_dependencies(platform))
    return {f"{HELM}/{platform.id}/{name}": text for name, text in sorted(files.items())}


def _key(platform: Platform, agent: SandboxedAgent) -> str:
    """Where the values of *agent* are: the chart's name, or an alias for each where there are several."""
    return platform.argocd.chart.name if len(platform.parts(SandboxedAgent)) == 1 else agent.id


def _header(platform: Platform, about: str) -> str:
    lines = [
        f"{platform.id}: {about}",
        f"Synthesized by agentkeep from the declaration of {platform.id!r}; a change here is lost, change that.",
    ]
    if platform.samples:
        lines.append(f"!!! MADE FROM SAMPLES: {', '.join(platform.samples)}. DO NOT DEPLOY. !!!")
    return "".join(f"# {line}\n" for line in lines)


# --- Chart.yaml and its lock -----------------------------------------------------------------------------------------


def _dependencies(platform: Platform) -> list[dict[str, str]]:
    chart: AgentChart = platform.argocd.chart
    agents = platform.parts(SandboxedAgent)
    return [
        {
            "name": chart.name,
            "version": chart.version,
            "repository": chart.repository,
            **({"alias": _key(platform, agent)} if len(agents) > 1 else {}),
        }
        for agent in agents
    ]


def _chart(platform: Platform) -> str:
    agents = platform.parts(SandboxedAgent)
    chart: dict[str, Any] = {
        "apiVersion": "v2",
        "name": platform.id,
        "description": f"{platform.id}: an AI agent, kept apart from its keys, the network and its own data",
        "type": "application",
        "version": CHART_VERSION,
        "kubeVersion": KUBE_VERSION,
    }
    if agents:
        chart["appVersion"] = agents[0].image.tag or agents[0].image.digest or ""
        chart["dependencies"] = _dependencies(platform)
    comments: dict[tuple[str, ...], str] = {
        ("kubeVersion",): "Init containers that stay, and admission policies in CEL.",
        ("appVersion",): "The agent's version.",
        ("dependencies",): "One exact version: what was rendered and compared is what is deployed.",
    }
    return _header(platform, "the chart") + emit(chart, comments)


def _lock(dependencies: list[dict[str, str]]) -> str:
    """
    ``Chart.lock``, without which ``helm dependency build`` would look for versions anew.

    Its digest covers what is asked for and what was found, as helm computes it; with exact versions the two are the
    same. It says nothing about the content of a chart.
    """
    order = ("name", "version", "repository", "alias")
    asked = [{key: entry[key] for key in order if key in entry} for entry in dependencies]
    found = [{key: entry[key] for key in order[:3]} for entry in dependencies]
    text = json.dumps([asked, found], separators=(",", ":"), ensure_ascii=False)
    # Go escapes these three in JSON, so that it may stand in a page.
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return emit({"dependencies": found, "digest": f"sha256:{digest}", "generated": _NO_TIME})


# --- values.yaml -----------------------------------------------------------------------------------------------------

_ABOUT: tuple[tuple[tuple[str, ...], str], ...] = (
    (("openclawVersion",), "The version of every container that runs the agent's image."),
    (("configMode",), "openclaw.json is what is written here; what the agent changes at run time does not stay."),
    (("skills",), "Nothing is fetched from a registry of skills at start."),
    (("global",), "Names follow the declaration, not the release."),
    (("defaultPodOptions",), "The pod."),
    (("controllers", CONTROLLER, "strategy"), "The volume can be mounted once: the old pod goes before the new one."),
    (
        ("controllers", CONTROLLER, "serviceAccount"),
        "In templates/, because this chart cannot make one without a token.",
    ),
    (
        ("controllers", CONTROLLER, "initContainers"),
        "In the order of dependsOn. The chart's own two are off: the agent's containers do their work, with checksums.",
    ),
    (
        ("controllers", CONTROLLER, "containers"),
        "The agent, and what runs beside it. The chart's own two are off: a browser, and a 'main' whose probes and\n"
        "arguments would be laid under ours; helm 4 cannot take a default away.",
    ),
    (("service",), "Where the tunnel reaches the agent."),
    (("configMaps",), "The agent's configuration."),
    (("configMaps", "config", "includeInChecksum"), "A change is picked up without a restart."),
    (
        ("persistence",),
        "Volumes, and where they are mounted: <controller>: <container>. What the chart would mount itself is off.",
    ),
    (("networkpolicies",), "templates/networkpolicy.yaml has the policies; the chart's own would open more."),
    (("ingress",), "The tunnel is the only way in."),
)
_CLAIM_ABOUT = "Kept when the release is removed."


def _values(told: Mapping[str, AgentValues]) -> str:
    comments: dict[tuple[str, ...], str] = {}
    for key, agent in told.items():
        if len(told) > 1:
            comments[key,] = f"The agent {key}."
        for path, about in _ABOUT:
            comments[key, TEMPLATE, *path] = about
        for name, item in agent.values["persistence"].items():
            if item.get("retain"):
                comments[key, TEMPLATE, "persistence", name, "retain"] = _CLAIM_ABOUT
    return emit({key: {TEMPLATE: agent.values} for key, agent in told.items()}, comments)
