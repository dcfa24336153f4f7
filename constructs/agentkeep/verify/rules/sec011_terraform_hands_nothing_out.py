"""SEC011: terraform hands nothing out."""

import re
from typing import Final

from agentkeep.verify.artifacts import Terraform, mapping
from agentkeep.verify.case import Case
from agentkeep.verify.values import strings
from agentkeep.verify.vendors import VENDORS
from agentkeep.verify.verdict import Report

_GENERAL: Final = (r"random_(?:bytes|password|id|string)\.\w+\.\w+", r"\.secret\b", "client_secret")
_SECRET_VALUE: Final = re.compile("|".join((*_GENERAL, *(v for one in VENDORS.values() for v in one.secret_values))))
# Where such a value belongs: with the vendor that made it, and under the key that carries it to the cluster.
_PLACES: Final = frozenset(place for one in VENDORS.values() for place in one.secret_fields)
_MODELLED: Final = frozenset({"random_bytes", *(kind for one in VENDORS.values() for kind in one.resources)})
_DATA: Final = tuple(prefix for one in VENDORS.values() for prefix in one.data)


def sec011_terraform_hands_nothing_out(case: Case, report: Report) -> None:
    """
    SEC011: Terraform has no output, no data source, no provisioner and no kind of resource that hands a secret out.

    A value that is secret stands where it is made and under the key that carries it to the cluster, nowhere else.
    """
    if case.ledger.by_hand or not (case.ledger.secrets or case.ledger.sites):
        # Nothing declared that Terraform would have to make.
        report.look()
    for module in case.artifacts.terraform:
        report.look()
        root = module.document.root
        for name, body in mapping(root.get("output")).items():
            what = "a secret" if any(_SECRET_VALUE.search(value) for _, value in strings(body)) else "a value"
            report.find(f"output.{name}", f"hands out {what}", place=module.at("output", name))
        for kind, name, body in module.blocks("resource"):
            report.look()
            at = module.at("resource", kind, name)
            if "provisioner" in body or "connection" in body:
                report.find(f"{kind}.{name}", "runs a provisioner", place=at)
            if kind not in _MODELLED:
                report.unsure(f"{kind}.{name}", "is of a kind that is not modelled", place=at)
            for path, value in strings({k: v for k, v in body.items() if k not in ("//", "lifecycle")}):
                if _SECRET_VALUE.search(value) and (kind, path[0]) not in _PLACES:
                    report.find(f"{kind}.{name}", f"carries a secret in {path[0]}", place=at)
        _reads(module, report)


def _reads(module: Terraform, report: Report) -> None:
    root = module.document.root
    for kind, name, _ in module.blocks("data"):
        if not kind.startswith(_DATA):
            report.find(f"data.{kind}.{name}", "reads a value into state", place=module.at("data", kind, name))
    for name in mapping(root.get("module")):
        report.unsure(f"module.{name}", "is not modelled", place=module.at("module", name))
    for name, value in mapping(root.get("locals")).items() if isinstance(root.get("locals"), dict) else []:
        if any(_SECRET_VALUE.search(v) for _, v in strings(value)):
            report.find(f"local.{name}", "carries a secret", place=module.at("locals", name))
