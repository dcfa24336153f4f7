"""From nothing, as docs/deploy.md says: an administrator's files, and then ArgoCD alone brings the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from tools.lab import build
from tools.lab.client import Object
from tools.lab.delivered import ROOT, Delivery, Platform, app_folders, dist_folders, own_name
from tools.lab.lab import Lab, without_webhooks

pytestmark = pytest.mark.cluster

FOLDERS = [folder for dist in dist_folders() for folder in app_folders(dist)]
# Of every platform, also of those that ArgoCD does not deliver.
ADMISSION = sorted(path for top in (ROOT / "dist", ROOT / "examples") for path in top.rglob("admission.yaml"))
KIND = "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"
OPERATORS = {"0.16": "external-secrets", "1.3": "external-secrets-1.3"}


@pytest.fixture(scope="module", params=FOLDERS, ids=[str(folder.relative_to(ROOT)) for folder in FOLDERS])
def delivery(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Delivery]:
    """A committed folder, delivered."""
    folder: Path = request.param
    delivered = Delivery(lab, Platform.read(folder).renamed(own_name(folder)))
    delivered.begin()
    delivered.wait_until_delivered()
    yield delivered


def test_everything_is_synced_and_healthy(delivery: Delivery) -> None:
    status = delivery.application()["status"]

    assert [item for item in status["resources"] if item["status"] != "Synced"] == []
    assert delivery.state() == ("Synced", "Healthy")
    assert status["operationState"]["syncResult"]["source"]["repoURL"] == delivery.repository.url


def test_argocd_applied_exactly_what_is_in_the_folder(delivery: Delivery) -> None:
    declared = {(item["kind"], item["metadata"]["name"]) for item in delivery.platform.objects(*_applied(delivery))}
    resources = {(item["kind"], item["name"]) for item in delivery.application()["status"]["resources"]}

    assert declared == resources


def test_the_deny_rule_stands_before_the_first_pod(delivery: Delivery) -> None:
    policies = _created(delivery, "networking.k8s.io/v1/NetworkPolicy")
    pods = _created(delivery, "v1/Pod")

    assert policies
    assert pods
    assert max(policies) <= min(pods)


def test_each_secret_is_there_before_its_readers(delivery: Delivery) -> None:
    secrets = _created(delivery, "v1/Secret")
    pods = _created(delivery, "v1/Pod")

    assert len(secrets) == len([item for item in delivery.platform.objects() if item["kind"] == "ExternalSecret"])
    assert max(secrets) <= min(pods)


def test_nothing_has_drifted_at_the_next_refresh(delivery: Delivery) -> None:
    before = delivery.application()["status"]["reconciledAt"]
    revisions = len(delivery.application()["status"]["history"])

    delivery.refresh()
    delivery.lab.wait_for("a refresh", lambda: delivery.application()["status"]["reconciledAt"] > before)

    assert delivery.state() == ("Synced", "Healthy")
    assert len(delivery.application()["status"]["history"]) == revisions


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS.keys())
def test_nothing_drifts_with_the_definitions_of_another_operator_version(
    operator: str, delivery: Delivery, lab: Lab
) -> None:
    build.build([operator])
    bundle = build.folder(operator) / "crds" / "bundle.yaml"
    definitions = yaml.load_all(bundle.read_text("utf-8"), yaml.CSafeLoader)
    wanted = [item for item in without_webhooks(definitions) if item["spec"]["group"] == "external-secrets.io"]
    for definition in wanted:
        served = {version["name"] for version in definition["spec"]["versions"]}
        known = lab.api.find("apiextensions.k8s.io/v1/CustomResourceDefinition", definition["metadata"]["name"])
        if known and not set(known["status"]["storedVersions"]) <= served:
            continue  # Objects that nobody here uses; the server does not give up a version it has stored.
        lab.api.apply(definition)
    before = delivery.application()["status"]["reconciledAt"]

    delivery.refresh()
    lab.wait_for("a refresh", lambda: delivery.application()["status"]["reconciledAt"] > before)

    assert delivery.state() == ("Synced", "Healthy")


@pytest.mark.parametrize("page", ADMISSION, ids=[str(page.relative_to(ROOT)) for page in ADMISSION])
def test_the_api_server_has_no_warning_for_any_policy(page: Path, lab: Lab) -> None:
    """Without their bindings, so that they refuse nothing to anybody."""
    found = [item for item in yaml.safe_load_all(page.read_text("utf-8")) if item["kind"] == KIND.rpartition("/")[2]]
    mark = f"checked-{ADMISSION.index(page)}"
    for item in found:
        item["metadata"]["name"] = f"{mark}-{item['metadata']['name']}"
        lab.api.apply(item)
    names = [item["metadata"]["name"] for item in found]

    def checked() -> list[Object]:
        found = [lab.api.get(KIND, name) for name in names]
        # Absent until the controller has looked; empty is its word that there is nothing to say.
        return found if all("typeChecking" in item.get("status", {}) for item in found) else []

    assert names
    lab.wait_for("type checking", checked)
    warnings = {item["metadata"]["name"]: item["status"]["typeChecking"] for item in checked()}
    assert {name: {} for name in names} == warnings


def _applied(delivery: Delivery) -> list[str]:
    return [name for name in delivery.platform.delivered if name != "kustomization.yaml"]


def _created(delivery: Delivery, kind: str) -> list[datetime]:
    items = delivery.api.list(kind, delivery.platform.name)
    return sorted(datetime.fromisoformat(item["metadata"]["creationTimestamp"]) for item in items)
