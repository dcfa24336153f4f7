"""SEC001: no literal secret."""

from typing import Any, Final

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import Object, Terraform, Workload, mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.documents import parse_json, parse_yaml
from agentkeep.verify.naming import is_literal, looks_like_a_key, sounds_secret, where, written_out
from agentkeep.verify.values import strings
from agentkeep.verify.vendors import of_kind
from agentkeep.verify.vendors.secret_stores import SecretStore
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True

# Where a value of a key stands, in any store.
_VALUES: Final = frozenset(
    (kind, field)
    for store in of_kind("secretStore")
    if isinstance(store, SecretStore)
    for kind in store.resources
    for field in store.fields
)
_PLACEHOLDERS: Final = frozenset({"dummy", "placeholder", "unset"})


def sec001_no_literal_secret(case: Case, report: Report) -> None:
    """
    SEC001: no artifact holds the value or the default of a secret.

    Looks at Secret objects, at variables and fields whose names promise a secret, at keys of a secret store,
    Terraform variables and random values, and at every text of every artifact for the shapes of known keys and tokens.
    """
    for item in case.artifacts.objects:
        report.look()
        _object(item, report)
    for workload in case.artifacts.workloads:
        _variables(workload, report)
    for module in case.artifacts.terraform:
        report.look()
        _terraform(module, report)
    for chart in case.artifacts.charts:
        report.look()
        _fields(chart.values, f"{chart.folder}/values.yaml", report)
        for file, content in chart.templates:
            _shapes(content, file, report)
    if case.artifacts.ledger is not None:
        _shapes(case.artifacts.ledger.root, "platform.json", report)


def _variables(workload: Workload, report: Report) -> None:
    for container in workload.containers:
        for entry in container.env:
            name, value = text(entry.get("name")), text(entry.get("value"))
            if sounds_secret(name) and is_literal(value):
                report.find(where(workload, container), f"the value of {name} is written out", place=container.place)


def _terraform(module: Terraform, report: Report) -> None:
    _shapes(module.document.root, module.folder, report)
    for kind, name, body in module.blocks("resource"):
        for path, value in strings({k: v for k, v in body.items() if k not in ("//", "lifecycle")}):
            if "${" in value or value in _PLACEHOLDERS:
                continue
            literal = (kind, path[-1]) in _VALUES
            if literal or (sounds_secret(path[-1]) and path[-1] != "key" and is_literal(value)):
                report.find(f"{kind}.{name}", f"{path[-1]} is written out", place=module.at("resource", kind, name))
    for block in ("provider", "locals", "data", "terraform"):
        for path, value in strings(module.document.root.get(block)):
            named = next((part for part in reversed(path) if not part.isdigit()), "")
            if sounds_secret(named) and named != "key" and "${" not in value and is_literal(value):
                report.find(f"{module.folder} {block}", f"{named} is written out", place=module.at(block))
    for name, body in mapping(module.document.root.get("variable")).items():
        default = mapping(body).get("default")
        if sounds_secret(name) and isinstance(default, str) and default:
            report.find(f"var.{name}", "has a default", place=module.at("variable", name))


def _object(item: Object, report: Report) -> None:
    if item.kind == "Secret":
        # Also one without a value: a controller could fill it, as it does with tokens of ServiceAccounts.
        report.find(item, "is a Secret written as a manifest", place=item.place)
        return
    if item.kind == "ConfigMap" and item.body.get("binaryData"):
        report.unsure(item, "holds data that cannot be looked into", place=item.place)
    _shapes(item.body, str(item), report, item)
    if item.kind == "ConfigMap":
        for key, content in mapping(item.body.get("data")).items():
            if isinstance(content, str):
                _config(item, key, content, report)


def _config(item: Object, key: str, content: str, report: Report) -> None:
    if sounds_secret(key) and is_literal(content):
        report.find(item, f"{key} is written out", place=item.place)
    try:
        if key.endswith(".json"):
            _fields(parse_json(content, key), f"{item}/{key}", report)
        elif key.endswith((".yaml", ".yml")):
            for root in parse_yaml(content, key):
                _fields(root, f"{item}/{key}", report)
        elif key.endswith((".env", ".ini", ".conf", ".properties")):
            for line in content.splitlines():
                name, equals, value = line.partition("=")
                if equals and sounds_secret(name.strip()) and is_literal(value.strip()):
                    report.find(f"{item}/{key}", f"{name.strip()} is written out", place=item.place)
    except ProofError as error:
        report.unsure(f"{item}/{key}", f"cannot be read ({error.problem})", place=item.place)


def _fields(root: Any, subject: str, report: Report) -> None:
    for path in written_out(root):
        report.find(subject, f"{'.'.join(path)} is written out")


def _shapes(root: Any, subject: str, report: Report, item: Object | None = None) -> None:
    for path, value in strings(root):
        if looks_like_a_key(value):
            report.find(subject, f"{'.'.join(path) or 'the text'} looks like a key", place=item.place if item else None)
