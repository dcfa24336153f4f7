"""SEC011: terraform hands nothing out."""

import re
from typing import Final

from agentkeep.verify.artifacts import Terraform, mapping
from agentkeep.verify.case import Case
from agentkeep.verify.values import strings
from agentkeep.verify.verdict import Report

_SECRET_VALUE: Final = re.compile(
    r"(tunnel_token|tunnel_secret|cloudflared_token\.\w+\.token|random_(bytes|password|id|string)\.\w+\.\w+|aws_ssm_parameter\.\w+\.value"
    r"|\.secret\b|secretsmanager_secret_version\.\w+\.secret_string|secret_string|client_secret)"
)
# Where such a value belongs: the tunnel itself, and the one parameter that carries its token to the cluster.
_PLACES: Final = {
    ("cloudflare_zero_trust_tunnel_cloudflared", "secret"),
    ("cloudflare_zero_trust_tunnel_cloudflared", "tunnel_secret"),
    ("aws_ssm_parameter", "value"),
    ("aws_ssm_parameter", "value_wo"),
}
_HARMLESS: Final = frozenset(
    {
        "aws_ssm_parameter", "cloudflare_record", "cloudflare_dns_record", "random_bytes",
        "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy",
        "cloudflare_zero_trust_tunnel_cloudflared", "cloudflare_zero_trust_tunnel_cloudflared_config",
    }
)  # fmt: skip


def sec011_terraform_hands_nothing_out(case: Case, report: Report) -> None:
    """
    SEC011: Terraform has no output, no data source, no provisioner and no kind of resource that hands a secret out.

    A value that is secret stands in the tunnel and in the SSM parameter of its token, and nowhere else.
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
            if kind not in _HARMLESS:
                report.unsure(f"{kind}.{name}", "is of a kind that is not modelled", place=at)
            for path, value in strings({k: v for k, v in body.items() if k != "//"}):
                if _SECRET_VALUE.search(value) and (kind, path[0]) not in _PLACES:
                    report.find(f"{kind}.{name}", f"carries a secret in {path[0]}", place=at)
        _reads(module, report)


def _reads(module: Terraform, report: Report) -> None:
    root = module.document.root
    for kind, name, _ in module.blocks("data"):
        if not kind.startswith("cloudflare_zero_trust_"):
            report.find(f"data.{kind}.{name}", "reads a value into state", place=module.at("data", kind, name))
    for name in mapping(root.get("module")):
        report.unsure(f"module.{name}", "is not modelled", place=module.at("module", name))
    for name, value in mapping(root.get("locals")).items() if isinstance(root.get("locals"), dict) else []:
        if any(_SECRET_VALUE.search(v) for _, v in strings(value)):
            report.find(f"local.{name}", "carries a secret", place=module.at("locals", name))
