"""SEC009: parameters are secure strings."""

from agentkeep.verify.artifacts import mapping, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def sec009_parameters_are_secure_strings(case: Case, report: Report) -> None:
    """
    SEC009: every SSM parameter is a SecureString, and what a person fills in survives the next apply.

    For a parameter that the operator fills: the value is a placeholder and ``ignore_changes`` names it. For one that
    Terraform fills: the value is a reference, and ``ignore_changes`` does not hide a new one.
    """
    if case.ledger.by_hand or not case.ledger.secrets:
        # Filled by hand, or declared: none.
        report.look()
    declared = {secret.ssm: secret for secret in case.ledger.secrets}
    for ssm, (module, name, body) in case.parameters.items():
        report.look()
        at = module.at("resource", "aws_ssm_parameter", name)
        if body.get("type") != "SecureString":
            report.find(ssm, f"is of type {body.get('type')}, not SecureString", place=at)
        if "insecure_value" in body:
            report.find(ssm, "uses insecure_value", place=at)
        ignored = mapping(body.get("lifecycle")).get("ignore_changes")
        names = ["value"] if ignored == "all" else texts(ignored)
        secret = declared.get(ssm)
        if secret is None:
            continue
        is_reference = "${" in text(body.get("value")) or "${" in text(body.get("value_wo"))
        if secret.filled_by == "operator":
            if "value" not in names and "value_wo" not in body:
                report.find(ssm, "is overwritten by the next apply: ignore_changes does not name value", place=at)
            if is_reference:
                report.find(ssm, "is filled by Terraform, though declared as filled by the operator", place=at)
        else:
            if "value" in names:
                report.find(ssm, "keeps an old value: ignore_changes names value", place=at)
            if not is_reference:
                report.find(ssm, "is not filled by Terraform, though declared so", place=at)
        if body.get("overwrite") is True:
            report.find(ssm, "overwrites a parameter that is already there", place=at)
