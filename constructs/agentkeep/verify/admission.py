"""ValidatingAdmissionPolicies, as far as rules ask: what they match, whether they are bound, whether they deny."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from agentkeep.verify.artifacts import Object, mapping, mappings, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.selectors import NAME_LABEL, Labels, parse_selector


@dataclass(frozen=True, slots=True)
class Match:
    """One entry of ``matchConstraints.resourceRules``."""

    groups: frozenset[str]
    resources: frozenset[str]
    operations: frozenset[str]
    versions: frozenset[str]
    narrowed: bool

    def covers(self, group: str, resource: str, operations: set[str]) -> bool:
        """Whether every such request is asked about."""
        return (
            not self.narrowed
            and bool(self.groups & {group, "*"})
            and bool(self.resources & {resource, "*/*"} or ("*" in self.resources and "/" not in resource))
            and (operations <= self.operations or "*" in self.operations)
            and bool(self.versions & {"v1", "v1alpha1", "*"})
        )


def policies(case: Case) -> Iterator[tuple[Object, Match, str]]:
    """Each (policy, one thing that it matches, all its expressions) of policies that fail closed."""
    for item in case.artifacts.kind("ValidatingAdmissionPolicy"):
        constraints = mapping(item.spec.get("matchConstraints"))
        if item.spec.get("failurePolicy", "Fail") != "Fail" or item.spec.get("matchConditions"):
            continue
        narrowed = any(constraints.get(key) for key in ("namespaceSelector", "objectSelector", "excludeResourceRules"))
        parts = [
            text(one.get("expression")) for key in ("variables", "validations") for one in mappings(item.spec.get(key))
        ]
        if not mappings(item.spec.get("validations")):
            continue
        for rule in mappings(constraints.get("resourceRules")):
            yield item, _match(rule, narrowed), "\n".join(parts)


def _match(rule: Mapping[str, object], narrowed: bool) -> Match:
    groups, resources, operations, versions = (
        frozenset(texts(rule.get(key))) for key in ("apiGroups", "resources", "operations", "apiVersions")
    )
    odd = bool(rule.get("resourceNames")) or rule.get("scope") not in (None, "*")
    return Match(groups, resources, operations, versions, narrowed or odd)


def denies(case: Case, policy: Object, namespace: str | None) -> bool:
    """
    Whether *policy* is bound so that it denies, in *namespace*; everywhere, if that is ``None``.

    A binding that is narrowed by anything but the namespace's own name is not counted.
    """
    for binding in case.artifacts.kind("ValidatingAdmissionPolicyBinding"):
        if binding.spec.get("policyName") != policy.name or "Deny" not in texts(binding.spec.get("validationActions")):
            continue
        if binding.spec.get("paramRef"):
            continue
        match = mapping(binding.spec.get("matchResources"))
        if set(match) - {"namespaceSelector", "matchPolicy"}:
            continue
        selector = match.get("namespaceSelector")
        if not selector:
            return True
        try:
            chosen = parse_selector(selector)
        except ValueError:
            continue
        if namespace is not None and chosen.must(Labels({NAME_LABEL: namespace}, complete=False)):
            return True
    return False


_NOT: Final = re.compile(r"!\((?P<inside>[^()]*(?:\([^()]*\)[^()]*)*)\)\Z")
_EQUALS: Final = re.compile(r"(?P<what>[\w.]+) == '(?P<value>[^']*)'\Z")
_HAS: Final = re.compile(r"has\((?P<what>oldObject\.[\w.]+)\)\Z")
_AMONG: Final = re.compile(r"(?P<what>[\w.]+) in \[(?P<values>[^\]]*)\]\Z")


def denials(policy: Object, resource: str, field: str, namespace: str, name: str) -> bool:
    """
    Whether one of the policy's expressions is false for this object, so that its deletion is refused.

    Understood are ``false`` and ``!(a == 'x' && b in ['y'] && has(c))`` over the resource and ``oldObject``;
    anything else is taken not to refuse.

    Args:
        policy: The policy.
        resource: Plural of what is deleted.
        field: The field, below ``oldObject``, that says which namespace it is for.
        namespace: That namespace.
        name: Its name; empty where none is known before it exists.
    """
    facts = {"request.resource.resource": resource, f"oldObject.{field}": namespace}
    if name:
        facts["oldObject.metadata.name"] = name
    return any(_refuses(text(one.get("expression")), facts) for one in mappings(policy.spec.get("validations")))


def _refuses(expression: str, facts: Mapping[str, str]) -> bool:
    plain = " ".join(expression.replace('"', "'").split())
    if plain == "false":
        return True
    match = _NOT.match(plain)
    if match is None or "||" in plain:
        return False
    return all(_holds(part.strip(), facts) for part in match["inside"].split("&&"))


def _holds(condition: str, facts: Mapping[str, str]) -> bool:
    equals, among = _EQUALS.match(condition), _AMONG.match(condition)
    if equals:
        return facts.get(equals["what"]) == equals["value"]
    if among:
        values = {value.strip().strip("'") for value in among["values"].split(",")}
        return facts.get(among["what"], "") in values - {""}
    # What a field is asked of is there, or the object would not be for that namespace.
    has = _HAS.match(condition)
    return has is not None and any(fact.startswith(f"{has['what']}.") for fact in facts)
