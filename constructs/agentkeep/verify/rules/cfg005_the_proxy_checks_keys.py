"""CFG005: the proxy checks keys."""

from typing import Any, Final

from agentkeep.verify.artifacts import Workload, mapping, mappings, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.configs import configurations
from agentkeep.verify.documents import parse_json
from agentkeep.verify.programs.litellm import DEBUG, FORBIDDEN_ENV, SWITCHES, models, settings, unknown
from agentkeep.verify.programs.litellm import PROGRAM as LITELLM
from agentkeep.verify.verdict import Report

PROGRAM: Final = "litellm"


def cfg005_the_proxy_checks_keys(case: Case, report: Report) -> None:
    """
    CFG005: the proxy starts with its configuration, checks every key by its own gate, and keeps its master key for
    itself.

    Without ``--config`` no model and no check is loaded; without the gate only the master key works, and agents are
    then given it.
    """
    for workload, item, config in configurations(case, report, LITELLM):
        for problem in unknown(config):
            report.unsure(workload, f"sets {problem}, which is not understood", place=item.place)
        for problem in (
            *settings(config, case.files_of(workload)),
            *models(config, _beside(case, workload)),
            *_container(workload),
        ):
            report.find(workload, problem, place=item.place)
        for problem in _clients(case, workload, config):
            report.find(workload, problem, place=item.place)


def _beside(case: Case, workload: Workload) -> set[tuple[str, int]]:
    """Namespace and port of every neighbour that the proxy has a declared flow to."""
    declared = case.declared(workload)
    neighbours = {one.name: one.namespace for one in case.ledger.neighbours}
    flows = case.ledger.flows_from.get(declared.id, ()) if declared else ()
    return {(neighbours[flow.target], flow.port) for flow in flows if flow.target in neighbours}


def _container(workload: Workload) -> list[str]:
    main = next((c for c in workload.containers if c.kind == "container"), None)
    if main is None:
        return ["has no container"]
    found = []
    args = texts(main.body.get("args"))
    paths = {text(mount.get("mountPath")) for mount in main.mounts}
    config = args[args.index("--config") + 1] if "--config" in args[:-1] else ""
    if not config or config.rpartition("/")[0] not in paths:
        found.append("is not started with its configuration (--config)")
    found += [f"is started with {word}" for word in DEBUG if word in args]
    env = {text(entry.get("name")): text(entry.get("value")) for entry in main.env}
    found += [f"does not set {name}" for name, value in SWITCHES.items() if env.get(name) != value]
    found += [f"sets {name}" for name in FORBIDDEN_ENV if name in env]
    return found


def _clients(case: Case, workload: Workload, config: Any) -> list[str]:
    entry = case.files_of(workload).get("clients.json")
    if entry is None:
        return ["has a gate that knows no client"]
    found = []
    served = {text(one.get("model_name")) for one in mappings(config.get("model_list"))}
    master = text(mapping(config.get("general_settings")).get("master_key")).removeprefix("os.environ/")
    keys = {
        text(mapping(one.get("litellm_params")).get("api_key")).removeprefix("os.environ/")
        for one in mappings(config.get("model_list"))
    }
    seen: set[str] = set()
    for client in mappings(parse_json(entry[1], "clients.json").get("clients")):
        name, key = text(client.get("name")), text(client.get("keyEnv"))
        if key == master or key in keys or key in seen:
            found.append(f"gives client {name} a key that is not its own")
        seen.add(key)
        if not texts(client.get("models")) or set(texts(client.get("models"))) - served:
            found.append(f"gives client {name} models that it does not serve")
    return found or ([] if seen else ["has a gate that knows no client"])
