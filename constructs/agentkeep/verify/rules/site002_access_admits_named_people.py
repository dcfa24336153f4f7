"""SITE002: access admits named people."""

import re
from collections.abc import Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Place, mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.ledger import DeclaredSite
from agentkeep.verify.vendors.cloudflare import AccessPolicy, applications
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True
_NOBODY: Final = frozenset(
    {"everyone", "any_valid_service_token", "service_token", "certificate", "ip", "geo", "ip_list"}
)
_MODELLED: Final = frozenset({"email", "emails", "email_domain", "login_method", "github", "github_organization"})
_PEOPLE: Final = frozenset({"email", "emails"})
# The declaration's words for selectors, in the provider's.
_WORDS: Final = {
    "emails": {"email"},
    "email-domain": {"email_domain"},
    "login-method": {"login_method"},
    "github-organization": {"github", "github_organization"},
}
VENDOR: Final = "cloudflare"


def site002_access_admits_named_people(case: Case, report: Report) -> None:
    """
    SITE002: Access admits named people only, or whom the declaration spells out with a reason.

    ``include`` means any of these, ``require`` all of these. A login method alone admits every account that the
    provider knows. ``everyone`` and service tokens are refused whatever the reason, as is a selector that is not
    modelled.
    """
    sites = {site.host: site for site in case.ledger.sites}
    for app in applications(case):
        report.look()
        site = sites.get(app.domain)
        for policy in app.policies:
            report.look()
            if policy.decision == "allow":
                _allow(case, app.domain, policy, site, report)
    if not sites:
        report.look()


def _allow(case: Case, host: str, policy: AccessPolicy, site: DeclaredSite | None, report: Report) -> None:
    at = policy.place
    if not policy.include:
        report.find(host, "includes nobody", place=at)
    for kind, value in (*policy.include, *policy.require):
        _selector(host, kind, value, at, report)
        _expect_variable_without_default(case, host, value, policy, report)
    if policy.body.get("exclude") and not policy.include:
        report.find(host, "admits all but a few", place=at)
    named = any(_names_people(*one) for one in policy.require) or (
        bool(policy.include) and all(_names_people(*one) for one in policy.include)
    )
    reason = bool(site and text(site.access.get("because")))
    if not named and not reason:
        kinds = ", ".join(sorted({kind for kind, _ in policy.include}))
        report.find(
            host,
            f"admits whoever passes {kinds}, and names nobody",
            place=at,
            witness=[f"policy {policy.address}: include {kinds}"],
        )
    if site is None:
        return
    for part in ("include", "require"):
        _compare(case, part, site, policy, report)


def _names_people(kind: str, value: Any) -> bool:
    """Whether a selector stands for people that somebody listed: addresses, or a team of an organization."""
    if kind in ("github", "github_organization"):
        return bool(re.search(r"['\"]?teams?['\"]?\s*[:=]\s*\[?\s*['\"]\w", str(value)))
    return kind in _PEOPLE


def _selector(host: str, kind: str, value: Any, at: Place, report: Report) -> None:
    if kind in _NOBODY:
        report.find(host, f"admits by {kind}", place=at)
    elif kind not in _MODELLED:
        report.unsure(host, f"admits by {kind}, which is not modelled", place=at)
    for address in value if kind == "email" and isinstance(value, list) else []:
        if not isinstance(address, str) or "*" in address or ("@" not in address and "${" not in address):
            report.find(host, "admits an address that names nobody", place=at)


def _compare(case: Case, part: str, site: DeclaredSite, policy: AccessPolicy, report: Report) -> None:
    kinds = {kind for kind, _ in _of(policy, part)}
    words = [text(mapping(one).get("kind")) for one in site.access.get(part) or []]
    for word in words:
        if not kinds & _WORDS.get(word, {word}):
            report.find(site.host, f"does not {part} {word}, though declared", place=policy.place)
    allowed = {kind for word in words for kind in _WORDS.get(word, {word})}
    for kind in sorted(kinds - allowed):
        report.find(site.host, f"has {kind} in {part}, which is not declared", place=policy.place)
    for word in site.access.get(part) or []:
        value = text(mapping(word).get("value"))
        named = [
            selected for kind, selected in _of(policy, part) if kind in _WORDS.get(text(mapping(word).get("kind")), ())
        ]
        if value and named and not any(_names(case, selected, mapping(word), value) for selected in named):
            report.find(
                site.host, f"does not {part} the declared {text(mapping(word).get('kind'))} {value}", place=policy.place
            )


def _of(policy: AccessPolicy, part: str) -> tuple[tuple[str, Any], ...]:
    return policy.include if part == "include" else policy.require


def _names(case: Case, selected: Any, word: Mapping[str, Any], value: str) -> bool:
    """Whether a selector names what was declared: the variable of people, the domain, the provider by its name."""
    shown = str(selected)
    if word.get("kind") == "emails":
        return f"var.{value}" in shown
    if word.get("kind") == "email-domain":
        return value in shown
    return any(address in shown for address in _providers(case, value))


def _providers(case: Case, name: str) -> list[str]:
    """What stands for the identity provider *name*: a data source (version 4), or a local value (version 5)."""
    found: list[str] = []
    for module in case.artifacts.terraform:
        for kind, local, body in module.blocks("data"):
            if kind.endswith("access_identity_provider") and body.get("name") == name:
                found.append(f"data.{kind}.{local}.id")
        for local, expression in mapping(module.document.root.get("locals")).items():
            if f'== "{name}"' in text(expression):
                found.append(f"local.{local}")
    return found


def _expect_variable_without_default(case: Case, host: str, value: Any, policy: AccessPolicy, report: Report) -> None:
    """People named by a variable: the variable has to exist and must not bring somebody along."""
    for module in case.artifacts.terraform:
        variables = mapping(module.document.root.get("variable"))
        for name, body in variables.items():
            if f"var.{name}" in str(value) and name not in ("account_id", "zone_id") and "default" in mapping(body):
                report.find(host, f"admits the default of var.{name}", place=policy.place)
