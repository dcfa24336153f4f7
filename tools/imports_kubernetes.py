"""
Typed constructs for Kubernetes kinds that cdk8s-plus lacks: read a schema once, write a small Python module.

``cdk8s import`` would make them too. Measured beside it: its package costs 0.25 s for each API group on a machine that
has not loaded it before (next to nothing later) and 1.45 ms for an ExternalSecret, these modules 0.003 s and 1.3 ms.
What decided: its packages hold a compiled archive that no reviewer can read, making them needs npm, and importing a
second kind of a group overwrites the first.

1. :func:`read_definition` (a CRD manifest) and :func:`read_builtin` (kubernetes-validate) reduce a kind's schema to
   fields, types, required, allowed values and defaults; it is committed under ``imports/schemas/k8s/``.
2. :func:`write_module` turns such a schema into ``imports/agentkeep_imports/k8s/<module>.py``.
"""

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind that the project declares."""

    module: str
    group: str
    version: str
    kind: str
    origin: str
    """Where its schema comes from: ``<project> <release>: <file>``, or the Kubernetes version of a built-in kind."""

    @property
    def builtin(self) -> bool:
        """Kubernetes itself defines the kind."""
        return self.group.endswith("k8s.io")


#: A built-in kind is read in the oldest Kubernetes that serves it in this version: what is accepted there stays so.
VAP_SINCE = "1.30"

KINDS = (
    Kind(
        "external_secret",
        "external-secrets.io",
        "v1",
        "ExternalSecret",
        "external-secrets v2.9.0: config/crds/bases/external-secrets.io_externalsecrets.yaml",
    ),
    Kind(
        "application",
        "argoproj.io",
        "v1alpha1",
        "Application",
        "argo-cd v3.5.1: manifests/crds/application-crd.yaml",
    ),
    Kind(
        "app_project",
        "argoproj.io",
        "v1alpha1",
        "AppProject",
        "argo-cd v3.5.1: manifests/crds/appproject-crd.yaml",
    ),
    Kind("validating_admission_policy", "admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", VAP_SINCE),
    Kind(
        "validating_admission_policy_binding",
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicyBinding",
        VAP_SINCE,
    ),
)

# ---------------------------------------------------------------- reading

_KEPT = (
    "additionalProperties",
    "default",
    "enum",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
)


def read_definition(kind: Kind, manifest: Mapping[str, Any]) -> Schema:
    """
    Reduce the schema of *kind* out of a CustomResourceDefinition.

    Raises:
        LookupError: The manifest defines something else.
    """
    spec = manifest.get("spec", {})
    if (spec.get("group"), spec.get("names", {}).get("kind")) == (kind.group, kind.kind):
        for version in spec.get("versions", ()):
            if version.get("name") == kind.version:
                schema = version["schema"]["openAPIV3Schema"]
                return _described(kind, schema["properties"]["spec"], spec["scope"])
    msg = f"the manifest does not define {kind.kind} in {kind.group}/{kind.version}"
    raise LookupError(msg)


def read_builtin(kind: Kind, definitions: Mapping[str, Any]) -> Schema:
    """Reduce the schema of a built-in *kind* out of Kubernetes' own definitions, references resolved."""
    group = kind.group.split(".")[0]
    return _described(kind, _resolved(definitions[f"io.k8s.api.{group}.{kind.version}.{kind.kind}Spec"], definitions))


def _described(kind: Kind, spec: Mapping[str, Any], scope: str = "Cluster") -> Schema:
    return {
        "origin": kind.origin,
        "group": kind.group,
        "version": kind.version,
        "kind": kind.kind,
        "scope": scope,
        "spec": _reduced(spec),
    }


def _reduced(schema: Mapping[str, Any]) -> Schema:
    """Drop what neither types nor checks anything: descriptions, merge hints, CEL rules."""
    kept: Schema = {}
    for key in _KEPT:
        if key not in schema:
            continue
        value = schema[key]
        if key == "properties":
            value = {name: _reduced(inner) for name, inner in sorted(value.items())}
        elif key in {"items", "additionalProperties"} and isinstance(value, Mapping):
            value = _reduced(value)
        kept[key] = value
    if isinstance(kept.get("type"), list):
        # kubernetes-validate allows null everywhere; nobody here writes one.
        kept["type"] = next(one for one in kept["type"] if one != "null")
    return kept


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolved(inner, definitions) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {key: _resolved(inner, definitions) for key, inner in schema.items()}


# ---------------------------------------------------------------- writing


def write_module(schema: Mapping[str, Any]) -> str:
    """Return the Python source of the construct for one kind, not yet formatted."""
    kind, spec = schema["kind"], schema["spec"]
    api_version = f"{schema['group']}/{schema['version']}"
    classes = list(_structs(f"{kind}Spec", spec, f"{kind} spec"))
    body = [line for lines in classes for line in ["", "", *lines]]
    body += [
        "",
        "",
        f"class {kind}(_base.Kind):",
        f'    """Kind ``{kind}`` of ``{api_version}`` ({schema["scope"].lower()})."""',
        "",
        f'    API_VERSION: ClassVar[str] = "{api_version}"',
        f'    KIND: ClassVar[str] = "{kind}"',
        "",
        "    def __init__(",
        f"        self, scope: Construct, id: str, *, metadata: cdk8s.ApiObjectMetadata, spec: {kind}Spec",
        "    ) -> None:",
        "        super().__init__(scope, id, metadata, spec)",
    ]
    names = sorted([kind, *(_class_name(lines) for lines in classes)])
    text = "\n".join([*body, "", "", f"__all__ = {names!r}", ""])
    abc = [name for name in ("Mapping", "Sequence") if f"{name}[" in text]
    typing = [name for name in ("Any", "ClassVar", "Literal") if re.search(rf"\b{name}\b", text)]
    head = [
        '"""',
        f"Typed construct for ``{kind}`` of ``{api_version}``.",
        "",
        f"Generated by ``tools/imports.py`` from {_told(schema['origin'])}; do not edit.",
        '"""',
        "# ruff: noqa: A002 (argument names are Kubernetes')",
        "",
        *([f"from collections.abc import {', '.join(abc)}"] if abc else []),
        f"from typing import {', '.join(typing)}",
        "",
        "import cdk8s",
        "from constructs import Construct",
        "",
        "from agentkeep_imports.k8s import _base",
    ]
    return "\n".join(head) + "\n" + text


def _told(origin: str) -> str:
    return f"Kubernetes {origin}" if re.fullmatch(r"[\d.]+", origin) else origin.split(":", maxsplit=1)[0]


def _class_name(lines: list[str]) -> str:
    return lines[0].partition("(")[0].removeprefix("class ")


def _structs(name: str, schema: Mapping[str, Any], where: str) -> Iterator[list[str]]:
    """Yield the class for *schema* after those of the objects in it."""
    fields: list[tuple[str, str, str, bool]] = []
    for field, inner in schema["properties"].items():
        found = inner
        while "items" in found or isinstance(found.get("additionalProperties"), Mapping):
            found = found.get("items") or found["additionalProperties"]
        nested = name + field[0].upper() + field[1:]
        if "properties" in found:
            yield from _structs(nested, found, f"{where}.{field}")
        fields.append((field, python_name(field), _annotation(inner, nested), field in schema.get("required", ())))
    fields.sort(key=lambda one: (not one[3], one[1]))
    lines = [f"class {name}(_base.Struct):", f'    """``{where}``."""']
    renamed = {python: field for field, python, _, _ in fields if python != field}
    if renamed:
        lines += ["", f"    NAMES: ClassVar[dict[str, str]] = {renamed!r}"]
    required = tuple(python for _, python, _, needed in fields if needed)
    if required:
        lines += ["", f"    REQUIRED: ClassVar[tuple[str, ...]] = {required!r}"]
    lines += ["", "    def __init__(", "        self,", "        *,"]
    for _, python, annotation, needed in fields:
        lines.append(f"        {python}: {annotation}" + ("," if needed else " | None = None,"))
    lines += ["    ) -> None:", *(f"        self.{python} = {python}" for _, python, _, _ in fields)]
    yield lines


def _annotation(schema: Mapping[str, Any], nested: str) -> str:
    extra = schema.get("additionalProperties")
    if "enum" in schema:
        annotation = f"Literal[{', '.join(map(repr, schema['enum']))}]"
    elif "properties" in schema:
        annotation = nested
    elif "items" in schema:
        annotation = f"Sequence[{_annotation(schema['items'], nested)}]"
    elif isinstance(extra, Mapping):
        annotation = f"Mapping[str, {_annotation(extra, nested)}]"
    elif schema.get("x-kubernetes-int-or-string"):
        annotation = "int | str"
    else:
        annotation = _SIMPLE.get(schema.get("type", ""), "Any")
    return annotation


_SIMPLE = {"string": "str", "boolean": "bool", "integer": "int", "number": "float", "object": "Mapping[str, Any]"}


def python_name(field: str) -> str:
    """Write a Kubernetes field name in snake case; a Python keyword gets an underscore."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", field)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return f"{name}_" if keyword.iskeyword(name) else name
