"""One key's whole way: a parameter, a person who sets it, the operator, a Secret, and exactly the declared pods."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from tools.lab.client import Object
from tools.lab.delivered import Delivery, Platform, app_folders, put_parameter
from tools.lab.lab import ROOT, Lab

pytestmark = pytest.mark.cluster

EXTERNAL = "external-secrets.io/v1/ExternalSecret"
DEPLOYMENT = "apps/v1/Deployment"
NAME = "keys"
KEY = f"/lolice/{NAME}/ANTHROPIC_API_KEY"


@pytest.fixture(scope="module")
def delivery(lab: Lab) -> Iterator[Delivery]:
    """A platform whose parameters are as Terraform made them: placeholders."""
    delivered = Delivery(lab, Platform.read(app_folders(ROOT / "dist")[0]).renamed(NAME))
    for name in delivered.platform.parameters():
        put_parameter(lab, name, "dummy")
    delivered.begin(store_keys=False)
    delivered.wait_until_delivered()
    yield delivered


def value(delivery: Delivery, secret: str, key: str) -> str:
    """What the Secret holds now."""
    return base64.b64decode(delivery.api.get("v1/Secret", secret, NAME)["data"][key]).decode()


def look_again(delivery: Delivery) -> None:
    """What an hour does, and a person who does not want to wait."""
    for item in delivery.api.list(EXTERNAL, NAME):
        # Another text each time, or nothing has changed.
        mark = {"metadata": {"annotations": {"force-sync": item["metadata"]["resourceVersion"]}}}
        delivery.api.patch(EXTERNAL, item["metadata"]["name"], mark, NAME)


def readers(delivery: Delivery) -> dict[tuple[str, str], set[str]]:
    """(Secret, key) to the workloads whose pods read it; a whole mount is every key of it."""
    found: dict[tuple[str, str], set[str]] = {}
    for item in delivery.api.list("v1/Pod", NAME):
        workload = item["metadata"]["labels"]["app.kubernetes.io/name"]
        for secret, key in _read_by(item["spec"]):
            found.setdefault((secret, key), set()).add(workload)
    return found


def _read_by(pod: Object) -> Iterator[tuple[str, str]]:
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                yield reference["name"], reference["key"]
        for source in container.get("envFrom", []):
            if "secretRef" in source:
                yield source["secretRef"]["name"], "*"
    for volume in pod.get("volumes", []):
        if "secret" in volume:
            items = volume["secret"].get("items") or [{"key": "*"}]
            yield from ((volume["secret"]["secretName"], item["key"]) for item in items)


def test_a_placeholder_arrives_as_a_placeholder(delivery: Delivery) -> None:
    assert value(delivery, "litellm-credentials", "ANTHROPIC_API_KEY") == "dummy"


def test_a_key_that_a_person_sets_reaches_its_secret_and_no_other(delivery: Delivery) -> None:
    put_parameter(delivery.lab, KEY, "sk-first")
    look_again(delivery)

    delivery.lab.wait_for(
        "the key", lambda: value(delivery, "litellm-credentials", "ANTHROPIC_API_KEY") == "sk-first", 30
    )
    elsewhere = [
        item["metadata"]["name"]
        for item in delivery.api.list("v1/Secret", NAME)
        if any(base64.b64decode(text) == b"sk-first" for text in item.get("data", {}).values())
    ]
    assert elsewhere == ["litellm-credentials"]


def test_exactly_the_declared_pods_read_each_key(delivery: Delivery) -> None:
    ledger = json.loads((ROOT / "dist" / "platform.json").read_text("utf-8"))
    declared = {
        (secret["ssm"].replace("openclaw", NAME), reader["workload"].replace("openclaw", NAME))
        for secret in ledger["secrets"]
        for reader in secret["readers"]
    }
    parameters = {
        (item["spec"]["target"]["name"], entry["secretKey"]): entry["remoteRef"]["key"]
        for item in delivery.api.list(EXTERNAL, NAME)
        for entry in item["spec"]["data"]
    }
    read = {(parameters[held], workload) for held, workloads in readers(delivery).items() for workload in workloads}

    assert declared == read
    assert {workload for parameter, workload in read if parameter == KEY} == {"litellm"}


def test_a_rotation_reaches_the_secret_and_only_new_pods(delivery: Delivery) -> None:
    before = {item["metadata"]["uid"] for item in _pods(delivery, "litellm")}
    put_parameter(delivery.lab, KEY, "sk-second")
    look_again(delivery)
    delivery.lab.wait_for(
        "the new key", lambda: value(delivery, "litellm-credentials", "ANTHROPIC_API_KEY") == "sk-second", 30
    )

    # A variable is read when a container starts: the pod that runs keeps the old key until somebody restarts it.
    assert {item["metadata"]["uid"] for item in _pods(delivery, "litellm")} == before

    restart = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    delivery.api.patch(DEPLOYMENT, "litellm", restart, NAME)
    delivery.lab.wait_for(
        "a new pod",
        lambda: before.isdisjoint({item["metadata"]["uid"] for item in _pods(delivery, "litellm")} or before),
        60,
    )


def _pods(delivery: Delivery, workload: str) -> list[Object]:
    return delivery.api.list("v1/Pod", NAME, labelSelector=f"app.kubernetes.io/name={workload}")
