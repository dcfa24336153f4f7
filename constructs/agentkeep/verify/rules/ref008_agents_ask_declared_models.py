"""REF008: agents ask declared models."""

import re
from collections.abc import Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Object, Workload, mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.configs import configurations, openclaws
from agentkeep.verify.declared_flows import id_of
from agentkeep.verify.ledger import NEIGHBOUR
from agentkeep.verify.programs.litellm import PROGRAM as LITELLM
from agentkeep.verify.programs.openclaw.agents import models as faults_of_models
from agentkeep.verify.values import dig
from agentkeep.verify.verdict import Report

_Served = Mapping[str, set[str]]
_ADDRESS: Final = re.compile(r"http://([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?:(\d+)(/v1)?/?\Z")


def ref008_agents_ask_declared_models(case: Case, report: Report) -> None:
    """
    REF008: an agent asks a declared keeper or a declared model service of another namespace, and every model that it
    names is one that is served.

    An agent with a key for a keeper has a flow to one; whoever has neither asks no model. Of OpenClaw's configuration
    every reference to a model is followed: its own validator does not check that they exist.
    """
    served: dict[str, set[str]] = {}
    if LITELLM.name in case.ledger.programs:
        for workload, _, config in configurations(case, report, LITELLM):
            served[workload.name] = {text(one.get("model_name")) for one in mappings(config.get("model_list"))}
    for workload in case.with_role("agent"):
        report.look()
        _expect_keeper(case, workload, report)
    for workload, item, config in openclaws(case, report):
        for problem in faults_of_models(config):
            report.find(workload, problem, place=item.place)
        for provider in mapping(dig(config, "models", "providers")).values():
            report.look()
            _provider(case, workload, item, (mapping(provider), served), report)
    if not case.with_role("agent"):
        report.look()


def _expect_keeper(case: Case, workload: Workload, report: Report) -> None:
    """A key for a keeper without a way to one is a key for something else."""
    name = id_of(case, workload)
    keys = [s.id for s in case.ledger.secrets if s.role == "proxy-key" and any(r.workload == name for r in s.readers)]
    targets = [case.ledger.by_id.get(flow.target) for flow in case.ledger.flows_from.get(name, ())]
    if keys and not any(target and target.role == "keeper" for target in targets):
        report.find(workload, f"has {keys[0]}, but no declared flow to a keeper", place=case.ledger.place)


def _provider(
    case: Case,
    workload: Workload,
    item: Object,
    given: tuple[Mapping[str, Any], Mapping[str, set[str]]],
    report: Report,
) -> None:
    provider, served = given
    address = text(provider.get("baseUrl"))
    if _asks_a_neighbour(case, workload, address):
        return
    keeper = _keeper(case, address)
    if keeper is None:
        report.find(workload, f"asks {address[:80]}, which is not a declared LLM proxy", place=item.place)
        return
    models = {text(one.get("id")) for one in mappings(provider.get("models"))}
    if keeper in served:
        for model in sorted(models - served[keeper]):
            report.find(workload, f"names model {model}, which {keeper} does not serve", place=item.place)


def _asks_a_neighbour(case: Case, workload: Workload, address: str) -> bool:
    """Whether *address* is a Service of a namespace that a declared flow to a neighbour leads to, on its port."""
    match = _ADDRESS.match(address)
    if match is None or match[2] == case.namespace:
        return False
    flows = case.ledger.flows_from.get(id_of(case, workload), ())
    ports = {flow.target: flow.port for flow in flows if flow.target.startswith(NEIGHBOUR)}
    return any(one.namespace == match[2] and ports.get(one.name) == int(match[3]) for one in case.ledger.neighbours)


def _keeper(case: Case, address: str) -> str | None:
    match = _ADDRESS.match(address)
    if match is None or match[2] != case.namespace:
        return None
    service = case.artifacts.index.get(("Service", match[2], match[1]))
    if service is None or int(match[3]) not in [port.get("port") for port in mappings(service.spec.get("ports"))]:
        return None
    selector = mapping(service.spec.get("selector"))
    found = [w for w in case.labelled(selector) if case.role(w) == "keeper"] if selector else []
    return found[0].name if len(found) == 1 else None
