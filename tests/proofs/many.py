"""A platform of many agents, grown from the real ``dist/``: one proxy, one tunnel, and the agent again and again."""

import copy
import json
import re
from typing import Any

from tests.proofs.world import APP, Json, World

AGENT = "openclaw"
_KEPT = ("namespace", "program", "image", "images", "app.kubernetes.io/part-of", "storageClassName")


def many_agents(count: int) -> dict[str, bytes]:
    """The files of a platform of *count* agents, the real one among them."""
    world = World()
    names = [f"agent-{number:04d}" for number in range(1, count)]
    bodies: dict[str, list[Json]] = {}
    for path in list(world.files):
        if path.startswith(APP) and path.endswith(".yaml"):
            bodies[path] = world.manifests(path)
    own = [(path, body) for path, listed in bodies.items() for body in listed if _is_of_the_agent(body)]
    ledger = world.ledger
    for name in names:
        for path, body in own:
            bodies[path].append(_unpublished(_renamed(body, name)))
        for key in ("workloads", "storage"):
            ledger[key] += [_renamed(one, name) for one in ledger[key][:] if _names_the_agent(one)]
        ledger["flows"] += [_renamed(one, name) for one in ledger["flows"] if one["from"] == AGENT]
    _secrets(world, ledger, names)
    _proxy(world, names)
    guard = world.k8s("ValidatingAdmissionPolicy", "openclaw-keep-persistentvolumeclaims")["spec"]["validations"][0]
    claims = json.dumps(["openclaw-data", *(f"{name}-data" for name in names)])
    guard["expression"] = guard["expression"].replace('["openclaw-data"]', claims)
    _admit(world, names)
    ledger["acknowledgements"] += [
        {**one, "finding": one["finding"].replace(f"[{AGENT}/", f"[{name}/")}
        for name in names
        for one in ledger["acknowledgements"][:1]
    ]
    return {path: data for path, data in world.bytes().items() if not path.startswith("helm/")}


def _admit(world: World, names: list[str]) -> None:
    """The policy over pods knows every agent: who reads which Secret, and who has a daemon."""
    for variable in world.k8s("ValidatingAdmissionPolicy", "openclaw-hold-pods")["spec"]["variables"]:
        if variable["name"] == "readers":
            (own,) = re.findall(rf"'{AGENT}': \[.*?'{AGENT}-credentials'\]", variable["expression"])
            # The image keeps its name, which starts like the agent's.
            more = [
                own.replace(f"'{AGENT}'", f"'{name}'").replace(f"{AGENT}-credentials", f"{name}-credentials")
                for name in names
            ]
            variable["expression"] = variable["expression"].replace(own, ", ".join([own, *more]))
        if variable["name"] == "others":
            everybody = ", ".join(f"'{name}'" for name in (AGENT, *names))
            variable["expression"] = variable["expression"].replace(f"in ['{AGENT}']", f"in [{everybody}]")


def _is_of_the_agent(body: Json) -> bool:
    name = body.get("metadata", {}).get("name", "")
    wanted = (
        "Deployment",
        "ServiceAccount",
        "Service",
        "ConfigMap",
        "PersistentVolumeClaim",
        "ExternalSecret",
        "NetworkPolicy",
    )
    return body["kind"] in wanted and (name == AGENT or name.startswith("openclaw-"))


def _unpublished(body: Json) -> Json:
    """Only the first agent has a site, so nothing connects to the others."""
    if body["kind"] == "NetworkPolicy":
        body["spec"].pop("ingress", None)
    return body


def _names_the_agent(one: Json) -> bool:
    return AGENT in (one.get("id"), one.get("workload"))


def _renamed(value: Any, name: str, key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _renamed(v, name, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_renamed(v, name, key) for v in value]
    if not isinstance(value, str) or key in _KEPT:
        return value
    for old, new in ((AGENT, name), *_prefixes(name)):
        if value == old or (old != AGENT and value.startswith(old) and "\n" not in value):
            return new + value[len(old) :]
    return value.replace("https://openclaw.b0xp.io", "https://unpublished.invalid")


def _prefixes(name: str) -> list[tuple[str, str]]:
    """(what a name of the agent's starts with, what it starts with in the copy)."""
    return [
        ("openclaw-retain", "openclaw-retain"),
        ("openclaw-", f"{name}-"),
        ("/lolice/openclaw/", f"/lolice/openclaw/{name}/"),
    ]


def _secrets(world: World, ledger: Json, names: list[str]) -> None:
    parameters = world.aws["resource"]["aws_ssm_parameter"]
    mine = [one for one in ledger["secrets"] if any(r["workload"] == AGENT for r in one["readers"])]
    for name in names:
        for secret in mine:
            again = copy.deepcopy(secret)
            again["id"] = f"{name}/{secret['id']}"
            again["key"] = secret["key"].replace("/lolice/openclaw/", f"/lolice/openclaw/{name}/")
            for reader in again["readers"]:
                if reader["workload"] == AGENT:
                    reader["workload"], reader["containers"] = name, [name]
                else:
                    reader["name"] = _key(name)
            ledger["secrets"].append(again)
            key = next(k for k, body in parameters.items() if body["name"] == secret["key"])
            parameters[f"{name}_{key}"] = {**parameters[key], "name": again["key"]}


def _key(name: str) -> str:
    return "PROXY_KEY_" + name.replace("-", "_").upper()


def _proxy(world: World, names: list[str]) -> None:
    """The proxy knows each agent by a key of its own."""
    container, external = world.container("litellm"), world.k8s("ExternalSecret", "litellm")["spec"]["data"]
    entry = next(e for e in external if e["secretKey"] == "LITELLM_PROXY_KEY")
    rules = world.k8s("NetworkPolicy", "litellm")["spec"]["ingress"]
    clients = json.loads(world.k8s("ConfigMap", "litellm-config")["data"]["clients.json"])
    for name in names:
        ref = {**entry["remoteRef"], "key": f"/lolice/openclaw/{name}/LITELLM_PROXY_KEY"}
        external.append({"secretKey": _key(name), "remoteRef": ref})
        source = {"secretKeyRef": {"name": "litellm-credentials", "key": _key(name)}}
        container["env"].append({"name": _key(name), "valueFrom": source})
        rules.append(_renamed(rules[0], name))
        clients["clients"].append({**clients["clients"][0], "name": name, "keyEnv": _key(name)})
    world.k8s("ConfigMap", "litellm-config")["data"]["clients.json"] = json.dumps(clients)
