"""Who may come in: everybody is refused in every spelling, and each accepted rule names somebody."""

import pytest

from agentkeep import Access, Selector

EMAILS = Selector.emails("people")
LOGIN = Selector.login_method("GitHub")
MEMBERS = Selector.github_organization("GitHub", "acme")
DOMAIN = Selector.email_domain("acme.example")
EVERYONE = Selector(kind="everyone")
TOKEN = Selector(kind="any-service-token")


def problems(access: Access) -> list[str]:
    return [problem for problem, _ in access.problems()]


def test_github_means_named_people_who_logged_in_through_it() -> None:
    access = Access.github(emails_variable="people", session="8h")

    assert (access.include, access.require, access.session) == ((EMAILS,), (LOGIN,), "8h")
    assert (access.emails_variables, access.identity_providers) == (("people",), ("GitHub",))
    assert access.names_people
    assert problems(access) == []


@pytest.mark.parametrize(
    "access",
    [
        Access(include=(EMAILS,)),
        Access(include=(MEMBERS,)),
        Access(include=(DOMAIN,)),
        Access(include=(EMAILS, MEMBERS, DOMAIN)),
        Access(include=(LOGIN,), require=(DOMAIN,)),
        Access(include=(LOGIN,), require=(MEMBERS,)),
        Access(include=(EVERYONE,), require=(DOMAIN,)),
    ],
)
def test_accepts_a_rule_that_names_people(access: Access) -> None:
    assert access.names_people
    assert problems(access) == []


@pytest.mark.parametrize(
    "access",
    [
        Access(include=()),
        Access(include=(EVERYONE,)),
        Access(include=(EVERYONE,), require=(LOGIN,)),
        Access(include=(EMAILS, EVERYONE)),
        Access(include=(TOKEN,)),
        Access(include=(EMAILS, TOKEN)),
        Access(include=(LOGIN,)),
        Access(include=(LOGIN,), require=(LOGIN,)),
        Access(include=(EMAILS, LOGIN)),
        Access(include=(EMAILS, LOGIN), require=(LOGIN,)),
        Access(include=(LOGIN, EVERYONE), because="trust me"),
        Access(include=(TOKEN,), because="trust me"),
        Access(include=(EVERYONE,), because="trust me"),
        Access(include=(), require=(DOMAIN,)),
    ],
)
def test_refuses_a_rule_that_somebody_unnamed_fits(access: Access) -> None:
    assert not access.names_people
    assert problems(access) != []


def test_nobody_has_all_of_several_addresses() -> None:
    assert problems(Access(include=(LOGIN,), require=(EMAILS,))) == [
        "the Access rule requires addresses, and require means 'all of these'"
    ]


def test_an_identity_provider_alone_needs_a_reason() -> None:
    access = Access.trusting_identity_provider(because="it admits one account")

    assert problems(access) == []
    assert not access.names_people
    assert problems(access.model_copy(update={"because": " "})) == [
        "the Access rule admits every account of the identity provider"
    ]


@pytest.mark.parametrize(
    ("selector", "problem"),
    [
        (Selector.emails("me@example.com"), "an emails selector does not name a Terraform variable"),
        (Selector.emails("People"), "an emails selector does not name a Terraform variable"),
        (Selector.emails("account_id"), "the variable 'account_id' is taken"),
        (Selector.emails("source"), "the variable 'source' is taken"),
        (Selector.email_domain(""), "'' is not a domain of addresses"),
        (Selector.email_domain("@acme.example"), "'@acme.example' is not a domain of addresses"),
        (Selector.email_domain("*.acme.example"), "'*.acme.example' is not a domain of addresses"),
        (Selector.email_domain("yahoo.co.jp"), "anybody can have an address in 'yahoo.co.jp'"),
        (Selector.github_organization("GitHub", ""), "a GitHub organization has no name"),
        (Selector.github_organization("", "acme"), "a github-organization selector is empty"),
        (
            Selector.github_organization("GitHub", "${var.x}"),
            "a github-organization selector holds a template",
        ),
    ],
)
def test_judges_a_selector(selector: Selector, problem: str) -> None:
    assert problem in problems(Access(include=(selector,)))


def test_an_address_is_not_repeated() -> None:
    assert "me@example.com" not in str(list(Access(include=(Selector.emails("me@example.com"),)).problems()))
