"""What Terraform has finished before it begins with a resource: ``depends_on`` and references, and theirs in turn."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Terraform, mapping, text, texts

# An address as depends_on takes it: a whole resource, never one attribute of it.
_ADDRESS: Final = re.compile(r"(?:data\.)?[A-Za-z_][\w-]*\.[A-Za-z_][\w-]*")
_STEPS: Final = re.compile(r"(?<![\w.-])[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+")
_BOUND: Final = re.compile(r"\bfor\s+([A-Za-z_][\w-]*)\s*(?:,\s*([A-Za-z_][\w-]*)\s*)?in\b")
# Comments and heredocs hide what stands in them from Terraform; we write neither, so such an expression counts for
# nothing.
_HIDING: Final = ("#", "//", "/*", "<<")
# What Terraform reads itself, and where an address is not a reference.
_SETTINGS: Final = frozenset({"//", "depends_on", "lifecycle", "provider"})


class Order:
    """
    The order of one root module.

    An edge that is missing here costs a refutation that somebody can look at; one too many would prove what does not
    hold. So a text counts as a reference only where Terraform certainly reads one.
    """

    def __init__(self, module: Terraform) -> None:
        self._edges: dict[str, set[str]] = {}
        for block, prefix in (("resource", ""), ("data", "data.")):
            for kind, name, body in module.blocks(block):
                self._edges.setdefault(f"{prefix}{kind}.{name}", set()).update(_waits(body))
        for name, value in mapping(module.document.root.get("locals")).items():
            self._edges.setdefault(f"local.{name}", set()).update(references(value))

    def before(self, address: str) -> frozenset[str]:
        """Every address that is finished before *address* is begun with."""
        found: set[str] = set()
        ahead = [address]
        while ahead:
            new = self._edges.get(ahead.pop(), set()) - found
            found |= new
            ahead.extend(new)
        return frozenset(found - {address})


def _waits(body: Mapping[str, Any]) -> Iterator[str]:
    yield from (one for one in texts(body.get("depends_on")) if _ADDRESS.fullmatch(one))
    yield from references({key: value for key, value in body.items() if key not in _SETTINGS})


def references(value: Any) -> Iterator[str]:
    """The address of everything that *value* refers to: resources, data sources and local values."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key != "//":
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)
    else:
        for expression in _interpolations(text(value)):
            yield from _of_expression(expression)


def _of_expression(expression: str) -> Iterator[str]:
    code, quoted = _without_strings(expression)
    for literal in quoted:
        yield from references(literal)
    if any(sign in code for sign in _HIDING):
        return
    bound = {name for names in _BOUND.findall(code) for name in names if name}
    for match in _STEPS.finditer(code):
        steps = match[0].split(".")
        length = 3 if steps[0] == "data" else 2
        # A name that a "for" binds hides a resource type of that name; and "x[0] . y.z" is an attribute of x.
        if steps[0] not in bound and len(steps) >= length and not code[: match.start()].rstrip().endswith("."):
            yield ".".join(steps[:length])


def _interpolations(template: str) -> Iterator[str]:
    """What stands in each ``${...}``; ``$${`` is how a template writes these signs themselves."""
    at = 0
    while (at := template.find("${", at)) >= 0:
        end = _end(template, at + 2)
        if template[:at].endswith("$"):
            at += 2
            continue
        yield template[at + 2 : end]
        at = end


def _end(template: str, at: int) -> int:
    """Where the brace that was opened before *at* is closed."""
    depth = 1
    while at < len(template):
        match template[at]:
            case '"':
                at = _end_of_string(template, at + 1)
            case "{":
                depth += 1
            case "}":
                depth -= 1
                if depth == 0:
                    return at
        at += 1
    return at


def _end_of_string(template: str, at: int) -> int:
    """Where the string that was opened before *at* is closed; a template in it may hold strings of its own."""
    while at < len(template) and template[at] != '"':
        if template[at] == "\\":
            at += 1
        elif template.startswith(("$${", "%%{"), at):
            at += 2
        elif template.startswith(("${", "%{"), at):
            at = _end(template, at + 2)
        at += 1
    return at


def _without_strings(expression: str) -> tuple[str, list[str]]:
    """The expression with each string replaced by an empty one, and the strings."""
    code: list[str] = []
    quoted: list[str] = []
    at = 0
    while at < len(expression):
        start = expression.find('"', at)
        if start < 0:
            break
        end = _end_of_string(expression, start + 1)
        code.append(expression[at:start] + '""')
        quoted.append(expression[start + 1 : end])
        at = end + 1
    code.append(expression[at:])
    return "".join(code), quoted
