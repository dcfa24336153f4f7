"""What the families of mutants share: small ways to break something, and why a rule may not know."""

# mypy does not infer the type of a lambda with a default, and most harms are one.
# mypy: disable-error-code="misc"
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.proofs.world import Json, Mutant, World

Change = Callable[[World], Any]
LATER = "nobody can know what a field of a later release does, or whether a misspelt one was meant"
CONTROLLER = "what an annotation does depends on controllers that no artifact shows"
UNNAMED = "what it brings is decided by the store, and no artifact names it"
COULD = "the rule only says that it is unsure, although the artifacts show the harm"
STRANGER = "a kind or file that no rule knows has not been judged"
TRANSFORMS = "what is applied would be what kustomize makes of the manifests, and no rule runs it"
ELSEWHERE = "what it does is written in no artifact"
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


def refill(name: str, index: int, path: str, world: World) -> None:
    """An entry of an ExternalSecret asks for another parameter."""
    world.k8s("ExternalSecret", name)["spec"]["data"][index]["remoteRef"]["key"] = path


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
