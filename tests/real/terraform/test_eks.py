"""The root modules of the example on EKS, taken through a whole life by the real terraform."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.real.terraform.harness import Terraform, schemas_of, strangers
from tests.real.terraform.test_root_modules import addresses, applied, module_of

pytestmark = pytest.mark.real

FOLDER = ROOT / "examples/eks/dist/infrastructure/terraform"
MODULES = {name: json.loads((FOLDER / name / "openclaw/cdk.tf.json").read_text()) for name in ("aws", "ebs")}
VERSION = "aws_secretsmanager_secret_version"

Start = Callable[[str], Terraform]


@pytest.fixture
def start(program: str) -> Iterator[Start]:
    with ExitStack() as stack:

        def started(name: str) -> Terraform:
            module = copy.deepcopy(MODULES[name])
            return stack.enter_context(Terraform(module, schemas_of(module), program=program))

        yield started


@pytest.mark.parametrize("name", MODULES)
def test_it_is_valid_and_every_key_is_known(start: Start, name: str) -> None:
    answer = start(name).validate()

    assert answer.ok, answer.text
    assert "Warning" not in answer.text
    assert strangers(MODULES[name]) == []


@pytest.mark.parametrize("name", MODULES)
def test_it_is_created_once_and_destroyed_whole(start: Start, name: str) -> None:
    terraform = start(name)
    terraform.init().expect()
    first = terraform.plan()
    terraform.apply().expect()
    second = terraform.plan()
    terraform.destroy().expect()

    assert dict.fromkeys(addresses(module_of(terraform)), ("create",)) == first.changes
    assert second.changes == {}
    assert terraform.state() == {}


def test_a_value_set_by_hand_is_never_reverted(start: Start) -> None:
    terraform = applied(start("aws"))

    def fill(content: dict[str, Any]) -> None:
        for version in content["resources"][VERSION].values():
            version["secret_string"] = "real"

    terraform.world.change(fill)
    plan = terraform.plan()
    terraform.apply().expect()

    assert plan.changes == {}
    assert {one["secret_string"] for one in terraform.world.resources(VERSION).values()} == {"real"}


def test_without_ignore_changes_it_would_be(start: Start) -> None:
    terraform = applied(start("aws"))
    module = module_of(terraform)
    for version in module["resource"][VERSION].values():
        del version["lifecycle"]
    terraform.write(module)

    def fill(content: dict[str, Any]) -> None:
        for version in content["resources"][VERSION].values():
            version["secret_string"] = "real"

    terraform.world.change(fill)

    assert {*terraform.plan().changes.values()} == {("update",)}


def test_the_role_is_the_one_that_takes_the_snapshots(start: Start) -> None:
    terraform = applied(start("ebs"))
    (role,), (rights,), (policy,) = (
        terraform.world.resources(kind).values()
        for kind in ("aws_iam_role", "aws_iam_role_policy", "aws_dlm_lifecycle_policy")
    )

    assert policy["execution_role_arn"] == role["arn"]
    assert rights["role"] == role["id"]
