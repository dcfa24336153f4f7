"""One key's whole way: a parameter, a person who sets it, the operator, a Secret, and exactly the declared pods."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.lab.client import Object
from tools.lab.delivered import ROOT, Delivery, Platform, app_folders, dist_folders, dist_of, put_parameter
from tools.lab.lab import Lab

pytestmark = pytest.mark.cluster

EXTERNAL = "external-secrets.io/v1/ExternalSecret"
DEPLOYMENT = "apps/v1/Deployment"
FOLDERS = [folder for dist in dist_folders() for folder in app_folders(dist)]


@dataclass(frozen=True)
class Key:
    """A key with one reader: its parameter, the Secret that it lands in, its name there, and who reads it."""

    parameter: str
    secret: str
    name: str
    reader: str


@pytest.fixture(scope="module", params=FOLDERS, ids=[str(folder.relative_to(ROOT)) for folder in FOLDERS])
def folder(request: pytest.FixtureRequest) -> Path:
    """A committed folder."""
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def declared(folder: Path, delivery: Delivery) -> set[tuple[str, str]]:
    """(parameter, workload that reads it), as the ledger has them."""
    ledger = json.loads((dist_of(folder) / "platform.json").read_text("utf-8"))

    def renamed(text: str) -> str:
        return text.replace(folder.name, delivery.platform.name)

    return {
        (renamed(secret["key"]), renamed(reader["workload"]))
        for secret in ledger["secrets"]
        for reader in secret["readers"]
    }


@pytest.fixture(scope="module")
def key(delivery: Delivery, declared: set[tuple[str, str]]) -> Key:
    """The proxy's own key, which nobody else reads."""
    parameter, reader = next(pair for pair in sorted(declared) if pair[0].endswith("/LITELLM_MASTER_KEY"))
    (secret, name), *_ = [held for held, known in parameters(delivery).items() if known == parameter]
    return Key(parameter, secret, name, reader)


@pytest.fixture(scope="module")
def delivery(folder: Path, lab: Lab) -> Iterator[Delivery]:
    """A platform whose parameters are as Terraform made them: placeholders."""
    name = f"keys-{FOLDERS.index(folder)}"
    delivered = Delivery(lab, Platform.read(folder).renamed(name))
    for name in delivered.platform.parameters():
        put_parameter(lab, name, "dummy")
    delivered.begin(store_keys=False)
    delivered.wait_until_delivered()
    yield delivered


def value(delivery: Delivery, secret: str, key: str) -> str:
    """What the Secret holds now."""
    return base64.b64decode(delivery.api.get("v1/Secret", secret, delivery.platform.name)["data"][key]).decode()


def look_again(delivery: Delivery) -> None:
    """What an hour does, and a person who does not want to wait."""
    for item in delivery.api.list(EXTERNAL, delivery.platform.name):
        # Another text each time, or nothing has changed.
        mark = {"metadata": {"annotations": {"force-sync": item["metadata"]["resourceVersion"]}}}
        delivery.api.patch(EXTERNAL, item["metadata"]["name"], mark, delivery.platform.name)


def parameters(delivery: Delivery) -> dict[tuple[str, str], str]:
    """(Secret, key) to the parameter that it is copied from."""
    return {
        (item["spec"]["target"]["name"], entry["secretKey"]): entry["remoteRef"]["key"]
        for item in delivery.api.list(EXTERNAL, delivery.platform.name)
        for entry in item["spec"]["data"]
    }


def readers(delivery: Delivery) -> dict[tuple[str, str], set[str]]:
    """(Secret, key) to the workloads whose pods read it; a whole mount is every key of it."""
    found: dict[tuple[str, str], set[str]] = {}
    for item in delivery.api.list("v1/Pod", delivery.platform.name):
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


def test_a_placeholder_arrives_as_a_placeholder(delivery: Delivery, key: Key) -> None:
    assert value(delivery, key.secret, key.name) == "dummy"


def test_a_key_that_a_person_sets_reaches_its_secret_and_no_other(delivery: Delivery, key: Key) -> None:
    put_parameter(delivery.lab, key.parameter, "sk-first")
    look_again(delivery)

    delivery.lab.wait_for("the key", lambda: value(delivery, key.secret, key.name) == "sk-first", 30)
    holding = [
        item["metadata"]["name"]
        for item in delivery.api.list("v1/Secret", delivery.platform.name)
        if any(base64.b64decode(text) == b"sk-first" for text in item.get("data", {}).values())
    ]
    assert holding == [key.secret]


def test_exactly_the_declared_pods_read_each_key(delivery: Delivery, key: Key, declared: set[tuple[str, str]]) -> None:
    known = parameters(delivery)
    read = {(known[held], workload) for held, workloads in readers(delivery).items() for workload in workloads}

    assert declared == read
    assert {workload for parameter, workload in read if parameter == key.parameter} == {key.reader}


def test_a_rotation_reaches_the_secret_and_only_new_pods(delivery: Delivery, key: Key) -> None:
    before = {item["metadata"]["uid"] for item in _pods(delivery, key.reader)}
    put_parameter(delivery.lab, key.parameter, "sk-second")
    look_again(delivery)
    delivery.lab.wait_for("the new key", lambda: value(delivery, key.secret, key.name) == "sk-second", 30)

    # A variable is read when a container starts: the pod that runs keeps the old key until somebody restarts it.
    assert {item["metadata"]["uid"] for item in _pods(delivery, key.reader)} == before

    restart = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    delivery.api.patch(DEPLOYMENT, key.reader, restart, delivery.platform.name)
    delivery.lab.wait_for(
        "a new pod",
        lambda: before.isdisjoint({item["metadata"]["uid"] for item in _pods(delivery, key.reader)} or before),
        60,
    )


def _pods(delivery: Delivery, workload: str) -> list[Object]:
    return delivery.api.list("v1/Pod", delivery.platform.name, labelSelector=f"app.kubernetes.io/name={workload}")
