"""What the families of mutants share: the names of the parts, and small ways to break something."""

# A table of harms: long lines are values of real fields, "passwords" are names or made up, and mypy does not infer the
# type of a lambda with a default.
# mypy: disable-error-code="misc"
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.proofs.world import Json, Mutant, World

Change = Callable[[World], Any]
AGENT, PROXY, TUNNEL = "openclaw", "litellm", "cloudflared"
WORKLOADS = (AGENT, PROXY, TUNNEL)
KEY = "sk-ant-api03-" + "A1b2C3d4" * 5


def setting(target: Callable[[World], Json], **values: Any) -> Change:
    """Set fields of what *target* finds."""
    return lambda world: target(world).update(values)


def dropping(target: Callable[[World], Any], key: Any) -> Change:
    """Remove a field, or an entry of a list, of what *target* finds."""
    return lambda world: target(world).pop(key)


def deep(body: Json, *path: Any) -> Any:
    for step in path:
        body = body[step]
    return body


def refill(name: str, index: int, world_or_path: Any, world: World | None = None) -> None:
    path = "/lolice/openclaw/ANTHROPIC_API_KEY" if world is None else world_or_path
    target: World = world_or_path if world is None else world
    target.k8s("ExternalSecret", name)["spec"]["data"][index]["remoteRef"]["key"] = path


def admission(owner: str, name: str) -> Iterator[Mutant]:
    policy = partial(lambda w: w.k8s("ValidatingAdmissionPolicy", name)["spec"])
    binding = partial(lambda w: w.k8s("ValidatingAdmissionPolicyBinding", name)["spec"])
    yield Mutant(owner, f"{name} dropped", lambda w: w.drop("ValidatingAdmissionPolicy", name))
    yield Mutant(owner, f"{name} not bound", lambda w: w.drop("ValidatingAdmissionPolicyBinding", name))
    yield Mutant(owner, f"{name} fails open", setting(policy, failurePolicy="Ignore"))
    yield Mutant(owner, f"{name} only audits", setting(binding, validationActions=["Audit"]))
    yield Mutant(owner, f"{name} only warns", setting(binding, validationActions=["Warn"]))
    yield Mutant(owner, f"{name} bound to another policy", setting(binding, policyName="other"))
    yield Mutant(
        owner, f"{name} with a condition", setting(policy, matchConditions=[{"name": "x", "expression": "false"}])
    )
    yield Mutant(
        owner,
        f"{name} for labelled objects alone",
        lambda w: policy(w)["matchConstraints"].update(objectSelector={"matchLabels": {"a": "b"}}),
    )
    yield Mutant(
        owner,
        f"{name} bound where a label says so",
        setting(binding, matchResources={"objectSelector": {"matchLabels": {"a": "b"}}}),
    )
    yield Mutant(
        owner,
        f"{name} bound elsewhere",
        setting(
            binding, matchResources={"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}
        ),
    )
    yield Mutant(
        owner,
        f"{name} matches nothing",
        lambda w: [r.update(operations=["CONNECT"]) for r in policy(w)["matchConstraints"]["resourceRules"]],
    )
    yield Mutant(
        owner,
        f"{name} matches other resources",
        lambda w: [r.update(resources=["configmaps"]) for r in policy(w)["matchConstraints"]["resourceRules"]],
    )
    yield Mutant(owner, f"{name} validates nothing", setting(policy, validations=[]))
