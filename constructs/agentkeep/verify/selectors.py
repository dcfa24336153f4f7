"""
Label selectors, over labels that may be known only in part.

A pod of another team is in no artifact: its labels could be anything. So a question has two answers, ``may`` (some
labels make it match) and ``must`` (all labels make it match). For labels that are known in full the two are equal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

NAME_LABEL: Final = "kubernetes.io/metadata.name"
_OPERATORS: Final = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of a pod or namespace. Not *complete* means that any other key may be present with any value."""

    known: Mapping[str, str]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one key."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def holds(self, value: str | None) -> bool:
        """Whether the condition holds; *value* is ``None`` where the key is absent. NotIn holds for an absent key."""
        if self.operator == "In":
            return value in self.values
        if self.operator == "NotIn":
            return value not in self.values
        return (value is not None) == (self.operator == "Exists")

    def __str__(self) -> str:
        if self.operator == "In" and len(self.values) == 1:
            return f"{self.key}={next(iter(self.values))}"
        if self.operator in ("In", "NotIn"):
            word = "in" if self.operator == "In" else "not in"
            return f"{self.key} {word} ({', '.join(sorted(self.values))})"
        return self.key if self.operator == "Exists" else f"!{self.key}"


@dataclass(frozen=True, slots=True)
class Selector:
    """All of its requirements hold; none at all selects everything."""

    requirements: tuple[Requirement, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether this is the empty selector."""
        return not self.requirements

    def may(self, labels: Labels) -> bool:
        """Whether *labels*, with some choice of what is not known, match."""
        unknown: dict[str, list[Requirement]] = {}
        for requirement in self.requirements:
            value = labels.known.get(requirement.key)
            if value is None and not labels.complete:
                unknown.setdefault(requirement.key, []).append(requirement)
            elif not requirement.holds(value):
                return False
        return all(_satisfiable(group) for group in unknown.values())

    def must(self, labels: Labels) -> bool:
        """Whether *labels* match whatever the unknown part is."""
        for requirement in self.requirements:
            value = labels.known.get(requirement.key)
            if value is None and not labels.complete:
                return False
            if not requirement.holds(value):
                return False
        return True

    def implies(self, other: "Selector") -> bool:
        """Whether everything that this selects is selected by *other* too, whatever other labels it carries."""
        if not self.satisfiable():
            return True
        return all(self._entails(requirement) for requirement in other.requirements)

    def satisfiable(self) -> bool:
        """Whether any labels match."""
        return self.may(Labels({}, complete=False))

    def disjoint(self, other: "Selector") -> bool:
        """Whether no labels match both."""
        return not Selector(self.requirements + other.requirements).satisfiable()

    def _entails(self, wanted: Requirement) -> bool:
        # A counterexample would match all of ours and not the wanted one: the wanted one negated, on the same key.
        mine = [one for one in self.requirements if one.key == wanted.key]
        opposite = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "DoesNotExist": "Exists"}[wanted.operator]
        return not _satisfiable([*mine, Requirement(wanted.key, opposite, wanted.values)])

    def pinned(self) -> Mapping[str, str]:
        """Keys that every match carries with one known value: what an index can look up."""
        return {r.key: next(iter(r.values)) for r in self.requirements if r.operator == "In" and len(r.values) == 1}

    def example(self) -> Mapping[str, str]:
        """Labels that match, if any do."""
        chosen: dict[str, str] = {}
        for key in {r.key for r in self.requirements}:
            group = [r for r in self.requirements if r.key == key]
            value = _choice(group)
            if value is not None:
                chosen[key] = value
        return chosen

    def __str__(self) -> str:
        return ", ".join(map(str, self.requirements)) or "everything"


def _candidates(group: Sequence[Requirement]) -> list[str | None]:
    values = sorted({value for r in group for value in r.values})
    fresh = "x"
    while fresh in values:
        fresh += "x"
    return [None, *values, fresh]


def _satisfiable(group: Sequence[Requirement]) -> bool:
    """Whether one value of one key (or its absence) meets every requirement of *group*."""
    return any(all(r.holds(value) for r in group) for value in _candidates(group))


def _choice(group: Sequence[Requirement]) -> str | None:
    return next((value for value in _candidates(group) if all(r.holds(value) for r in group)), None)


def parse_selector(body: Any) -> Selector:
    """
    A selector from its manifest form.

    Raises:
        ValueError: something that the API server would not take; the text says what.
    """
    if not isinstance(body, dict):
        raise ValueError("a selector is not a mapping")
    extra = set(body) - {"matchLabels", "matchExpressions"}
    if extra:
        raise ValueError(f"a selector has an unknown field {min(extra)!r}")
    found: list[Requirement] = []
    labels = body.get("matchLabels")
    if labels is not None and not isinstance(labels, dict):
        raise ValueError("matchLabels is not a mapping")
    for key, value in (labels or {}).items():
        if not isinstance(value, str):
            raise ValueError(f"matchLabels: the value of {key!r} is not text")
        found.append(Requirement(key, "In", frozenset({value})))
    expressions = body.get("matchExpressions")
    if expressions is not None and not isinstance(expressions, list):
        raise ValueError("matchExpressions is not a list")
    found.extend(_expression(expression) for expression in expressions or [])
    return Selector(tuple(found))


def _expression(body: Any) -> Requirement:
    if not isinstance(body, dict) or set(body) - {"key", "operator", "values"}:
        raise ValueError("an entry of matchExpressions has an unknown field")
    key, operator, values = body.get("key"), body.get("operator"), body.get("values")
    if not isinstance(key, str) or not key or operator not in _OPERATORS:
        raise ValueError("an entry of matchExpressions needs a key and an operator In, NotIn, Exists or DoesNotExist")
    if values is not None and not (isinstance(values, list) and all(isinstance(value, str) for value in values)):
        raise ValueError(f"matchExpressions: the values of {key!r} are not texts")
    if (operator in ("In", "NotIn")) != bool(values):
        raise ValueError(f"matchExpressions: {operator} of {key!r} has {'no values' if not values else 'values'}")
    return Requirement(key, operator, frozenset(values or ()))
