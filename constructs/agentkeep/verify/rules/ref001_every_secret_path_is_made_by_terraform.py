"""REF001: every secret path is made by terraform."""

from collections import Counter

from agentkeep.verify.case import Case
from agentkeep.verify.secret_flow import EVERY_PARAMETER, UNTRACED
from agentkeep.verify.verdict import Report


def ref001_every_secret_path_is_made_by_terraform(case: Case, report: Report) -> None:
    """
    REF001: every parameter that an ExternalSecret asks for is made by Terraform, once, and every one made is
    declared and asked for.

    The two halves live in two repositories; nothing else would notice that one of them was renamed.
    """
    if not case.ledger.secrets:
        # Declared: none.
        report.look()
    asked = {source.parameter: source for sources in case.flow.sources.values() for source in sources}
    for parameter, source in sorted(asked.items()):
        report.look()
        if not parameter.startswith((UNTRACED, EVERY_PARAMETER)) and parameter not in case.parameters:
            report.find(
                parameter, "is asked for, but Terraform does not make it", witness=source.hops, place=source.place
            )
    declared = {secret.ssm: secret.id for secret in case.ledger.secrets}
    for parameter, (module, name, _) in sorted(case.parameters.items()):
        report.look()
        at = module.at("resource", "aws_ssm_parameter", name)
        if parameter not in declared:
            report.find(parameter, "is made, but nobody declared it", place=at)
        if parameter not in asked:
            report.find(parameter, "is made, but no ExternalSecret asks for it", place=at)
    made = Counter(
        str(body.get("name"))
        for module in case.artifacts.terraform
        for _, _, body in module.resources("aws_ssm_parameter")
    )
    for parameter in sorted(name for name, times in made.items() if times > 1):
        report.find(parameter, "is made twice")
    for parameter, secret in sorted(declared.items()):
        report.look()
        if parameter not in case.parameters:
            report.find(secret, f"is declared, but Terraform does not make {parameter}", place=case.ledger.place)
