"""The agents of a configuration, their sandboxes and the models that they name."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import mapping, mappings, text, texts
from agentkeep.verify.values import dig

BACKENDS: Final = ("docker", "podman", "ssh", "openshell")
_OPENINGS: Final = ("binds", "privileged", "capAdd", "extraHosts", "devices", "env")
_MODELS: Final = ("model", "imageModel", "utilityModel", "decisionModel", "pdfModel")


def scopes(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The defaults first, then every agent by itself: ``list`` and ``entries`` are two ways to write them."""
    agents = mapping(config.get("agents"))
    named = [mapping(one) for one in mapping(agents.get("entries")).values()]
    return [mapping(agents.get("defaults")), *mappings(agents.get("list")), *named]


def sandboxes(config: Mapping[str, Any]) -> Iterator[str]:
    """CFG002: what is wrong with where sessions run, and with who may leave."""
    for index, one in enumerate(scopes(config)):
        sandbox = one.get("sandbox")
        if index == 0 or sandbox is not None:
            yield from _sandbox(mapping(sandbox))
    yield from _elevated(config)
    if dig(config, "gateway", "terminal", "enabled"):
        yield "opens a shell in the gateway's own container"


def _sandbox(sandbox: Mapping[str, Any]) -> Iterator[str]:
    if sandbox.get("mode", "off") == "off":
        # One finding: what a sandbox that is not there would be like is of no interest.
        yield "runs sessions outside a sandbox (mode off)"
        return
    if sandbox.get("mode") != "all":
        yield f"runs sessions outside a sandbox (mode {sandbox.get('mode', 'off')})"
    backend = sandbox.get("backend", "docker")
    if backend not in BACKENDS:
        yield f"names a sandbox that does not exist ({backend})"
    if backend in ("docker", "podman"):
        yield from _docker(mapping(sandbox.get("docker")))
    elif backend == "ssh":
        ssh = mapping(sandbox.get("ssh"))
        if ssh.get("strictHostKeyChecking") is not True:
            yield "does not check the key of the sandbox's host"
        if not ssh.get("target"):
            yield "names no host for the sandbox"


def _docker(docker: Mapping[str, Any]) -> Iterator[str]:
    if docker.get("network", "none") not in ("none", "bridge"):
        yield f"gives the sandbox the network {docker.get('network')}"
    if docker.get("readOnlyRoot") is not True:
        yield "lets the sandbox write to its image"
    if "ALL" not in texts(docker.get("capDrop")):
        yield "lets the sandbox keep capabilities"
    if text(docker.get("user")).split(":")[0] in ("", "0", "root"):
        yield "runs the sandbox as root"
    yield from (f"opens the sandbox ({key})" for key in _OPENINGS if docker.get(key))
    yield from (f"does not bound the sandbox ({key})" for key in ("memory", "pidsLimit") if not docker.get(key))


def _elevated(config: Mapping[str, Any]) -> Iterator[str]:
    elevated = mapping(dig(config, "tools", "elevated"))
    if elevated.get("enabled") is False:
        return
    allowed = mapping(elevated.get("allowFrom"))
    people = [person for persons in allowed.values() for person in texts(persons)]
    if not people or "*" in people:
        yield "lets everybody leave the sandbox (elevated)"
    for channel, persons in allowed.items():
        strangers = set(texts(persons)) - {"*", *texts(dig(config, "channels", channel, "allowFrom"))}
        if strangers:
            yield f"lets people leave the sandbox who may not write to {channel} (elevated)"


def defined_models(config: Mapping[str, Any]) -> set[str]:
    """Every model that a provider of the configuration lists, as ``provider/model``."""
    return {
        f"{name}/{text(model.get('id'))}"
        for name, provider in mapping(dig(config, "models", "providers")).items()
        for model in mappings(mapping(provider).get("models"))
    }


def named_models(config: Mapping[str, Any]) -> list[str]:
    """Every model that the configuration refers to; its own validator does not check that they exist."""
    found: list[str] = []
    for one in scopes(config):
        for key in _MODELS:
            model = one.get(key)
            found.append(text(model))
            found.append(text(mapping(model).get("primary")))
            found.extend(text(each) for each in mapping(model).get("fallbacks") or [])
        found.extend(mapping(one.get("models")))
    primary = dig(config, "agents", "defaults", "model")
    if not (text(primary) or text(mapping(primary).get("primary"))):
        found.append("(no primary model)")
    return [one for one in found if one]


def models(config: Mapping[str, Any]) -> Iterator[str]:
    """REF008, as far as one file tells: models that are named and not defined, and providers beside those listed."""
    defined = defined_models(config)
    if not defined:
        yield "has no model"
    if dig(config, "models", "mode") != "replace":
        yield "keeps the built-in providers beside the proxy"
    yield from (f"refers to model {one[:80]}, which it does not define" for one in named_models(config)
                if one not in defined)  # fmt: skip
