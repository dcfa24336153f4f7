"""
Who may open a published host: the rule of its Cloudflare Access application.

In Access, ``include`` means *any of these* and ``require`` means *all of these*. There is no selector for a GitHub
account, and a rule that includes a login method alone admits every account that the identity provider accepts; for
GitHub that is everybody. So people are included by e-mail address, and the login method is required on top.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from agentkeep.core.facts import Fact, Problem, duration_problems, text_problems

Kind = Literal["emails", "email-domain", "github-organization", "login-method", "everyone", "any-service-token"]

# Selectors that name somebody. The others say how somebody came, or nothing at all.
_NAMES_PEOPLE: set[Kind] = {"emails", "email-domain", "github-organization"}
# Anybody can have an address there.
_PUBLIC_MAIL = {
    "aol.com", "fastmail.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com",
    "icloud.com", "live.com", "mail.com", "me.com", "msn.com", "outlook.com", "proton.me", "protonmail.com", "qq.com",
    "users.noreply.github.com", "web.de", "yahoo.co.jp", "yahoo.com", "yandex.ru",
}  # fmt: skip
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)
_VARIABLE = re.compile(r"[a-z][a-z0-9_]*")
# The module's own variables, and names that Terraform keeps.
_TAKEN = {
    "account_id", "aws_account_id", "count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source",
    "version", "zone_id",
}  # fmt: skip


class Selector(Fact):
    """
    One selector of a rule.

    Args:
        kind: What is compared.
        value: ``emails``: name of the Terraform variable that lists the addresses. ``login-method`` and
            ``github-organization``: name of the identity provider in Cloudflare. ``email-domain``: the domain.
        organization: Name of the GitHub organization.
        team: A team of it; the whole organization unless given.
    """

    kind: Kind
    value: str = ""
    organization: str | None = None
    team: str | None = None

    @classmethod
    def emails(cls, variable: str) -> Selector:
        """Exactly the addresses in a Terraform variable, which has no default: personal data stays out of git."""
        return cls(kind="emails", value=variable)

    @classmethod
    def login_method(cls, identity_provider: str) -> Selector:
        """Whoever came through that identity provider."""
        return cls(kind="login-method", value=identity_provider)

    @classmethod
    def github_organization(cls, identity_provider: str, organization: str, team: str | None = None) -> Selector:
        """Members of a GitHub organization, or of one of its teams."""
        return cls(kind="github-organization", value=identity_provider, organization=organization, team=team)

    @classmethod
    def email_domain(cls, domain: str) -> Selector:
        """Everybody with an address in a domain that only one's own people have."""
        return cls(kind="email-domain", value=domain)


class Access(Fact):
    """
    The rule of one host.

    Args:
        include: Any of these may come in ...
        require: ... if all of these hold as well.
        session: How long a login lasts, e.g. ``24h``.
        because: A reason for a rule that names no people. It is printed wherever the rule is.
    """

    include: tuple[Selector, ...]
    require: tuple[Selector, ...] = ()
    session: str = "24h"
    because: str | None = None

    @classmethod
    def github(
        cls, *, emails_variable: str = "access_emails", identity_provider: str = "GitHub", session: str = "24h"
    ) -> Access:
        """
        Named people, who must have logged in through GitHub.

        Args:
            emails_variable: The Terraform variable (a list of addresses, no default) that names them.
            identity_provider: What Cloudflare calls the GitHub login method of the account.
            session: How long a login lasts.
        """
        return cls(
            include=(Selector.emails(emails_variable),),
            require=(Selector.login_method(identity_provider),),
            session=session,
        )

    @classmethod
    def trusting_identity_provider(
        cls, *, identity_provider: str = "GitHub", because: str, session: str = "24h"
    ) -> Access:
        """
        Whoever the identity provider lets in: safe only where that provider itself admits one person.

        Args:
            identity_provider: What Cloudflare calls it.
            because: What limits the provider. The rule cannot show it, so a person answers for it.
            session: How long a login lasts.
        """
        return cls(include=(Selector.login_method(identity_provider),), session=session, because=because)

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Of both lists."""
        return (*self.include, *self.require)

    @property
    def emails_variables(self) -> tuple[str, ...]:
        """Terraform variables that the rule reads."""
        return tuple(sorted({selector.value for selector in self.selectors if selector.kind == "emails"}))

    @property
    def identity_providers(self) -> tuple[str, ...]:
        """Identity providers that the rule names."""
        return tuple(sorted({s.value for s in self.selectors if s.kind in {"login-method", "github-organization"}}))

    @property
    def names_people(self) -> bool:
        """Whether nobody comes in who is not named, by address, domain or organization."""
        if any(selector.kind in _NAMES_PEOPLE for selector in self.require):
            return bool(self.include)
        return bool(self.include) and all(selector.kind in _NAMES_PEOPLE for selector in self.include)

    def problems(self) -> Iterator[Problem]:
        """A rule that admits everybody is refused; one that leans on the identity provider alone needs a reason."""
        yield from duration_problems("session", self.session)
        yield from text_problems("the reason of the Access rule", self.because or "")
        if not self.include:
            yield Problem("the Access rule includes nobody", "name people with Access.github(...)")
            return
        for selector in self.selectors:
            yield from _selector_problems(selector)
        if any(selector.kind == "emails" for selector in self.require):
            # Nobody has two addresses: with a second person in the list, no one at all could come in.
            yield Problem(
                "the Access rule requires addresses, and require means 'all of these'",
                "move them to include=, and the login method to require=",
            )
        kinds = {selector.kind for selector in self.include}
        if "everyone" in kinds and not self.names_people:
            yield Problem("the Access rule admits everybody", "name people with Access.github(...)")
        if "any-service-token" in kinds and not self.names_people:
            yield Problem(
                "the Access rule admits any service token of the account", "name people with Access.github(...)"
            )
        if kinds == {"login-method"} and not self.names_people and not (self.because or "").strip():
            yield Problem(
                "the Access rule admits every account of the identity provider",
                "name people with Access.github(...), or say what limits the provider with "
                "Access.trusting_identity_provider(because='...')",
            )
        if "login-method" in kinds and kinds != {"login-method"} and not self.names_people:
            yield Problem(
                "the Access rule includes a login method beside people, and include means 'any of these'",
                "move the login method to require=",
            )


def _selector_problems(selector: Selector) -> Iterator[Problem]:
    for text in (selector.value, selector.organization or "", selector.team or ""):
        yield from text_problems(f"a {selector.kind} selector", text)
    match selector.kind:
        case "emails" if not _VARIABLE.fullmatch(selector.value):
            # Not repeated: it may be an address.
            yield Problem(
                "an emails selector does not name a Terraform variable",
                "give the name of a variable; addresses themselves stay out of the repository",
            )
        case "emails" if selector.value in _TAKEN:
            yield Problem(f"the variable {selector.value!r} is taken", "choose another name, such as 'access_emails'")
        case "email-domain" if not _DOMAIN.fullmatch(selector.value):
            yield Problem(f"{selector.value!r} is not a domain of addresses", "write it as 'example.com'")
        case "email-domain" if selector.value.lower() in _PUBLIC_MAIL:
            yield Problem(
                f"anybody can have an address in {selector.value!r}", "name people with Selector.emails('variable')"
            )
        case "github-organization" if not selector.organization:
            yield Problem("a GitHub organization has no name", "give organization='...'")
        case "login-method" | "github-organization" | "email-domain" if not selector.value:
            yield Problem(f"a {selector.kind} selector is empty", "give its value")
