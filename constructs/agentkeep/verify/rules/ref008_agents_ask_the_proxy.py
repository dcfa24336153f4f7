"""REF008: agents ask the proxy."""

import re
from typing import Any, Final

from agentkeep.verify.artifacts import mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.configs import litellms, openclaws
from agentkeep.verify.values import dig
from agentkeep.verify.verdict import Report

_ADDRESS: Final = re.compile(r"http://([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?:(\d+)(/v1)?/?\Z")


def ref008_agents_ask_the_proxy(case: Case, report: Report) -> None:
    """
    REF008: every model provider of an agent is a declared LLM proxy's Service, and every model it names is one that
    the proxy serves.

    Also every reference to a model inside the agent's configuration: its own validator does not check that they exist.
    """
    served: dict[str, set[str]] = {}
    for workload, _, config in litellms(case, report):
        served[workload.name] = {text(one.get("model_name")) for one in mappings(config.get("model_list"))}
    for workload, item, config in openclaws(case, report):
        known: set[str] = set()
        for name, provider in mapping(dig(config, "models", "providers")).items():
            report.look()
            address = text(mapping(provider).get("baseUrl"))
            models = {text(one.get("id")) for one in mappings(mapping(provider).get("models"))}
            known |= {f"{name}/{model}" for model in models}
            proxy = _proxy(case, address)
            if proxy is None:
                report.find(workload, f"asks {address[:80]}, which is no declared LLM proxy", place=item.place)
                continue
            for model in sorted(models - served.get(proxy, set())):
                report.find(workload, f"names model {model}, which {proxy} does not serve", place=item.place)
        if not known:
            report.find(workload, "has no model", place=item.place)
        if dig(config, "models", "mode") != "replace":
            report.find(workload, "keeps the built-in providers beside the proxy", place=item.place)
        for reference in _references(config):
            report.look()
            if reference not in known:
                report.find(workload, f"refers to model {reference[:80]}, which it does not define", place=item.place)


def _proxy(case: Case, address: str) -> str | None:
    match = _ADDRESS.match(address)
    if match is None or match[2] != case.namespace:
        return None
    service = case.artifacts.index.get(("Service", match[2], match[1]))
    if service is None or int(match[3]) not in [port.get("port") for port in mappings(service.spec.get("ports"))]:
        return None
    selector = mapping(service.spec.get("selector"))
    found = [w for w in case.labelled(selector) if case.role(w) == "llm-proxy"] if selector else []
    return found[0].name if len(found) == 1 else None


def _references(config: Any) -> list[str]:
    agents = mapping(config.get("agents"))
    found: list[str] = []
    for one in [mapping(agents.get("defaults")), *mappings(agents.get("list"))]:
        model = one.get("model")
        if isinstance(model, str):
            found.append(model)
        found.append(text(mapping(model).get("primary")))
        found.extend(text(each) for each in mapping(model).get("fallbacks") or [])
        found.extend(mapping(one.get("models")))
    if not text(dig(config, "agents", "defaults", "model", "primary")):
        found.append("(no primary model)")
    return [one for one in found if one]
