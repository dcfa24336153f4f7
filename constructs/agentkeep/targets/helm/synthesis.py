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
from pathlib import Path
from typing import Any

from agentkeep.core.model import Model
from agentkeep.sandboxed_agent.declaration import SandboxedAgent
from agentkeep.targets.helm import Chart
from agentkeep.targets.helm.objects import application_objects
from agentkeep.targets.helm.schema import schema_text, values_schema
from agentkeep.targets.helm.templates import GUARD, Selectors, guard, template_files
from agentkeep.targets.helm.upstream import CONTROLLER, TEMPLATE
from agentkeep.targets.helm.values import AgentValues, agent_values
from agentkeep.targets.helm.yaml_text import emit

__all__ = ["CHART_VERSION", "KUBE_VERSION", "tree"]

# The program that the public chart renders; every other workload is in the templates.
PROGRAM = "openclaw"

CHART_VERSION = "1.0.0"
# Sidecars that are init containers, which the sandbox is, work without a feature gate since 1.29; the admission
# policies that belong to the platform since 1.30.
KUBE_VERSION = ">=1.30.0-0"
# A lock has a time of making. Synthesis knows no clock, so it is the beginning of time.
_NO_TIME = "1970-01-01T00:00:00Z"


def tree(model: Model, target: Chart, scratch: Path, before: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG001 - the form of every maker
    """
    The chart of *model*.

    Args:
        model: What was declared.
        target: The chart that renders agents, and the folder of ours.
        scratch: Where engines write; this one has none.
        before: What earlier targets wrote; the plain manifests are among it.

    Returns:
        Text by path in ``dist/``, all below ``<folder>/<platform>/``.

    Raises:
        SynthesisError: The manifests say something that the public chart has no key for.
    """
    objects = application_objects(model, before)
    agents = chart_agents(model)
    told = {_key(model, target, agent): agent_values(agent, model) for agent in agents}
    rendered = {identity for values in told.values() for identity in values.rendered}
    selectors = Selectors([(agent.selector, agent.selected_by) for agent in told.values()])
    values = {key: {TEMPLATE: agent.values} for key, agent in told.items()}
    schema = values_schema(values, f"Values of {model.id}; synthesized by agentkeep")
    files = {
        "Chart.yaml": _chart(model, target),
        "values.yaml": _header(model, "what the public chart renders the agent from") + _values(told),
        "values.schema.json": schema_text(schema),
        f"templates/{GUARD}": guard(model),
        **{f"templates/{name}": text for name, text in template_files(objects, rendered, selectors).items()},
    }
    if agents:
        files["Chart.lock"] = _lock(_dependencies(model, target))
    return {f"{target.folder}/{model.id}/{name}": text for name, text in sorted(files.items())}


def chart_agents(model: Model) -> tuple[SandboxedAgent, ...]:
    """The agents that the public chart renders: those of its own program."""
    return tuple(agent for agent in model.of(SandboxedAgent) if agent.program == PROGRAM)


def _key(model: Model, target: Chart, agent: SandboxedAgent) -> str:
    """Where the values of *agent* are: the chart's name, or an alias for each where there are several."""
    return target.chart.name if len(chart_agents(model)) == 1 else agent.id


def _header(model: Model, about: str) -> str:
    return "".join(f"# {line}\n" for line in model.header(f"{model.id}: {about}"))


# --- Chart.yaml and its lock -----------------------------------------------------------------------------------------


def _dependencies(model: Model, target: Chart) -> list[dict[str, str]]:
    chart, agents = target.chart, chart_agents(model)
    return [
        {
            "name": chart.name,
            "version": chart.version,
            "repository": chart.repository,
            **({"alias": _key(model, target, agent)} if len(agents) > 1 else {}),
        }
        for agent in agents
    ]


def _chart(model: Model, target: Chart) -> str:
    agents = chart_agents(model)
    chart: dict[str, Any] = {
        "apiVersion": "v2",
        "name": model.id,
        "description": f"{model.id}: an AI agent, kept apart from its keys, the network and its own data",
        "type": "application",
        "version": CHART_VERSION,
        "kubeVersion": KUBE_VERSION,
    }
    if agents:
        chart["appVersion"] = agents[0].image.tag or agents[0].image.digest or ""
        chart["dependencies"] = _dependencies(model, target)
    comments: dict[tuple[str, ...], str] = {
        ("kubeVersion",): "Init containers that stay, and admission policies in CEL.",
        ("appVersion",): "The agent's version.",
        ("dependencies",): "One exact version: what was rendered and compared is what is deployed.",
    }
    return _header(model, "the chart") + emit(chart, comments)


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
