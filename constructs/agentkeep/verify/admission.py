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
_EQUALS: Final = re.compile(r"(?P<what>[\w.]+) (?P<how>==|!=) '(?P<value>[^']*)'\Z")
_AMONG: Final = re.compile(r"(?P<what>[\w.]+) in \[(?P<values>[^\]]*)\]\Z")
_HAS: Final = re.compile(r"(?P<absent>!?)has\((?P<what>[\w.]+)\)\Z")
_ONE_OF: Final = re.compile(r"(?P<what>[\w.]+)\.exists\((?P<each>\w+), (?P=each) in \[(?P<values>[^\]]*)\]\)\Z")

Facts = Mapping[str, str]


def denials(policy: Object, facts: Facts) -> bool:
    """
    Whether one of the policy's expressions is false for a request, so that it is refused.

    Understood are ``false`` and ``!(...)`` around ``a == 'x'``, ``b != 'y'``, ``c in ['z']``, ``has(d)``, ``!has(e)``
    and ``f.exists(g, g in ['h'])``, joined by ``&&``, over what *facts* know; anything else is taken not to refuse.

    Args:
        policy: A ValidatingAdmissionPolicy.
        facts: Field of the request to its value: all that is known of it. A field that is known not to be there is
            the empty text.
    """
    return any(_refuses(text(one.get("expression")), facts) for one in mappings(policy.spec.get("validations")))


def _refuses(expression: str, facts: Facts) -> bool:
    plain = " ".join(expression.replace('"', "'").split())
    if plain == "false":
        return True
    match = _NOT.match(plain)
    if match is None or "||" in plain:
        return False
    return all(_holds(part.strip(), facts) for part in match["inside"].split("&&"))


def _holds(condition: str, facts: Facts) -> bool:
    equals, among, has, one_of = (pattern.match(condition) for pattern in (_EQUALS, _AMONG, _HAS, _ONE_OF))
    if equals:
        known = facts.get(equals["what"])
        return known is not None and (known == equals["value"]) is (equals["how"] == "==")
    if has:
        # An object that has a field below another has that one as well.
        below = [value for name, value in facts.items() if name == has["what"] or name.startswith(has["what"] + ".")]
        return bool(below) and any(below) is (not has["absent"])
    found = among or one_of
    return found is not None and facts.get(found["what"], "") in _values(found["values"])


def _values(listed: str) -> set[str]:
    return {value.strip().strip("'") for value in listed.split(",")} - {""}
