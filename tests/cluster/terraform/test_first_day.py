"""
From nothing, as docs/deploy.md says: init, validate, plan, apply, keys set by hand, and everything after that.

One life for each root module and engine, lived once and looked at by many tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cluster.terraform.aws import Moto
from tests.cluster.terraform.cloudflare_api import CloudflareApi
from tests.cluster.terraform.conftest import Programs, beginning
from tests.cluster.terraform.harness import Engine, Root, dist_folders, roots_of
from tests.real.terraform.conftest import GITHUB, OTHER
from tests.real.terraform.harness import Plan, Ran
from tools.lab.terraform.recipes import AWS_VERSION, CLOUDFLARE_VERSION

pytestmark = pytest.mark.cluster

COMMITTED = {root.name: root for folder in dist_folders() for root in roots_of(folder)}
NAMES = [*COMMITTED, "v5"]
WITH_KEYS = [name for name, root in COMMITTED.items() if root.by_hand]
# Only provider 5 talks to the stand-in of the API.
OF_VERSION_5 = [*(name for name, root in COMMITTED.items() if root.cloudflare == "5"), "v5"]
TUNNEL_TOKEN = "/tunnel-token"


@dataclass
class Life:
    """What one root module went through."""

    engine: Engine
    validated: Ran
    first: Plan
    applied: Ran
    again: Plan
    states_before_keys: Mapping[str, bytes]
    keys: Mapping[str, str]
    with_keys: Plan
    states_after_a_plan: Mapping[str, bytes]
    saved_plan: Mapping[str, bytes]
    applied_with_keys: Ran
    refreshed: Ran
    values: Mapping[str, str]
    kinds: Mapping[str, str]
    states: Mapping[str, bytes]
    last: Plan
    token: str
    destroyed: Ran
    left: Mapping[str, Any]
    cloudflare: CloudflareApi
    said: str = field(repr=False, default="")


@pytest.fixture(scope="module", params=["terraform", "tofu"])
def program(request: pytest.FixtureRequest) -> str:
    """The engine."""
    return str(request.param)


@pytest.fixture(scope="module", params=NAMES)
def life(
    request: pytest.FixtureRequest, program: str, programs: Programs, aws: Moto, generations: Mapping[str, Root]
) -> Iterator[Life]:
    """A root module from its first plan to its destruction."""
    root = {**COMMITTED, **generations}[request.param]
    with beginning(programs, aws) as begin:
        engine = begin(root, program, **({"aws_account_id": aws.account} if accounts(root) else {}))
        if root.cloudflare == "4":
            engine.world.change(lambda content: content.update(identity_providers=[OTHER, GITHUB]))
        yield lived(engine, aws)


def accounts(root: Root) -> bool:
    """Whether the module asks which AWS account it is in."""
    return "aws_account_id" in root.module.get("variable", {})


def lived(engine: Engine, aws: Moto) -> Life:
    """Take *engine* through a whole life."""
    said = [engine.init().expect()]
    validated = engine.run("validate", "-no-color")
    first, _ = engine.plan_again()
    applied = engine.apply().expect()
    again, _ = engine.plan_again()
    states_before_keys = engine.states()
    keys = {name: f"canary-{number}-{'k' * 32}" for number, name in enumerate(engine.root.by_hand)}
    for name, value in keys.items():
        aws.set_value(name, value)
    with_keys, saved_plan = engine.plan_again()
    states_after_a_plan = engine.states()
    applied_with_keys = engine.apply().expect()
    refreshed = engine.run("apply", "-no-color", "-auto-approve", "-refresh-only").expect()
    parameters = aws.parameters()
    states = engine.states()
    last, _ = engine.plan_again()
    token = next((one["Value"] for name, one in parameters.items() if name.endswith(TUNNEL_TOKEN)), "")
    destroyed = engine.destroy()
    left = {"aws": aws.parameters(), "stand-ins": sorted(engine.played())}
    left |= {"cloudflare": {name: kept for name, kept in engine.cloudflare.kept.items() if kept}}
    said += [validated, first, applied, again, with_keys, applied_with_keys, refreshed, last, destroyed]
    return Life(
        engine, validated, first, applied, again, states_before_keys, keys, with_keys, states_after_a_plan,
        saved_plan, applied_with_keys, refreshed, {name: one["Value"] for name, one in parameters.items()},
        {name: one["Type"] for name, one in parameters.items()}, states, last, token, destroyed, left,
        engine.cloudflare, "".join(one.text for one in said),
    )  # fmt: skip


def holding(states: Mapping[str, bytes], secrets: Mapping[str, str]) -> set[str]:
    """Files in which one of *secrets* can be read."""
    return {name for name, content in states.items() for value in secrets.values() if value.encode() in content}


def test_it_is_valid_without_a_warning(life: Life) -> None:
    assert life.validated.ok, life.validated.text
    assert "Warning" not in life.validated.text


def test_the_first_plan_creates_everything_and_nothing_else(life: Life) -> None:
    assert life.first.ok, life.first.text
    assert dict.fromkeys(life.engine.root.addresses, ("create",)) == life.first.changes


def test_a_second_plan_is_empty(life: Life) -> None:
    assert life.again.ok, life.again.text
    assert life.again.changes == {}


def test_a_key_set_by_hand_is_no_difference(life: Life) -> None:
    assert life.with_keys.ok, life.with_keys.text
    assert life.with_keys.changes == {}


def test_a_key_set_by_hand_survives_an_apply_and_a_refresh(life: Life) -> None:
    assert {name: life.values[name] for name in life.keys} == life.keys
    assert life.last.changes == {}


def test_until_somebody_applies_no_key_is_in_a_state(life: Life) -> None:
    assert life.states_before_keys
    assert holding(life.states_after_a_plan, life.keys) == set()


@pytest.mark.parametrize("life", WITH_KEYS, indirect=True)
@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="a refresh reads the value of a parameter into the state as long as the module says value=, not value_wo=",
)
def test_no_key_is_ever_in_a_state(life: Life) -> None:
    """
    The state holds a person's key after the next apply: a known finding. Write-only values would end it.

    ``ignore_changes`` keeps Terraform from writing the placeholder over the key, not from reading the key. The state
    is encrypted in its bucket (SEC010), and whoever may read it reads every key. A saved plan holds them as well.
    """
    assert holding({**life.states, **life.saved_plan}, life.keys) == set()


def test_nothing_secret_is_printed(life: Life) -> None:
    secrets = [*life.keys.values(), *filter(None, [life.token]), *life.cloudflare.all_secrets]

    assert secrets
    assert [secret for secret in secrets if secret in life.said] == []


def test_every_parameter_is_encrypted(life: Life) -> None:
    assert life.kinds == dict.fromkeys(life.engine.root.parameters, "SecureString")


@pytest.mark.parametrize("life", OF_VERSION_5, indirect=True)
def test_no_host_was_open_at_any_moment(life: Life) -> None:
    assert life.cloudflare.journal
    assert life.cloudflare.exposed == set()


@pytest.mark.parametrize("life", OF_VERSION_5, indirect=True)
def test_the_guard_is_taken_away_last(life: Life) -> None:
    deleted = [collection for method, collection, _ in life.cloudflare.journal if method == "DELETE"]

    assert deleted.index("dns_records") < deleted.index("applications") < deleted.index("policies")


def test_destroying_leaves_nothing(life: Life) -> None:
    assert life.destroyed.ok, life.destroyed.text
    # Nobody can delete a tunnel's routes; they go with the tunnel.
    assert life.left == {"aws": {}, "stand-ins": [], "cloudflare": {}}


def test_the_providers_are_the_pinned_ones(life: Life) -> None:
    wanted = {"hashicorp/aws": AWS_VERSION}
    if life.engine.root.cloudflare == "5":
        wanted["cloudflare/cloudflare"] = CLOUDFLARE_VERSION

    assert life.engine.locked() == wanted
