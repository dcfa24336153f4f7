"""All of dist/lolice: every object is one that Kubernetes takes, and everything it refers to is there."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from tests.conftest import APP, ROOT

Manifest = dict[str, Any]

# What the cluster must have: the floor is 1.30, where admission policies in CEL became stable.
VERSIONS = ("1.30", kubernetes_validate.latest_version())
REDUCED = ROOT / "imports/schemas/k8s"
# The whole schemas, where they are at hand; the reduced ones are always checked.
WHOLE = ROOT.parent / "shared/data/crd-schemas"
CUSTOM = ("argoproj.io/v1alpha1", "external-secrets.io/v1")
# Of these, only names count: what makes them is not in this repository.
MADE_BY_CONTROLLERS = {"Secret"}


def is_custom(manifest: Manifest) -> bool:
    return manifest["apiVersion"] in CUSTOM


def closed(schema: Any) -> Any:
    """The same schema, in which an unknown field is an error, as it is in a reviewed manifest."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(inner) for key, inner in schema.items()}
    open_ended = "additionalProperties" in schema or schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in schema and isinstance(schema["properties"], dict) and not open_ended:
        found["additionalProperties"] = False
    return found


def schemas(manifest: Manifest) -> Iterator[Any]:
    """Every schema of a custom kind that is at hand, closed, for its ``spec``."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", manifest["kind"]).lower()
    yield closed(json.loads((REDUCED / f"{kind}.json").read_text(encoding="utf-8"))["spec"])
    group, _, version = manifest["apiVersion"].rpartition("/")
    whole = WHOLE / f"{group}_{manifest['kind'].lower()}_{version}.json"
    if whole.is_file():
        yield closed(json.loads(whole.read_text(encoding="utf-8"))["properties"]["spec"])


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_built_in_object(manifests: list[Manifest], version: str) -> None:
    built_in = [one for one in manifests if not is_custom(one)]
    for manifest in built_in:
        kubernetes_validate.validate(manifest, version, strict=True)

    assert len(built_in) > 20


def test_the_validator_is_strict(manifests: list[Manifest]) -> None:
    deployment = deepcopy(next(one for one in manifests if one["kind"] == "Deployment"))
    deployment["spec"]["template"]["spec"]["containers"][0]["imagePullPolcy"] = "Always"

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSIONS[0], strict=True)


def test_their_controllers_take_every_custom_object(manifests: list[Manifest]) -> None:
    custom = [one for one in manifests if is_custom(one)]
    for manifest in custom:
        for schema in schemas(manifest):
            jsonschema.validate(manifest["spec"], schema)

    assert {one["kind"] for one in custom} == {"AppProject", "Application", "ExternalSecret"}


def test_a_misspelt_field_of_a_custom_object_is_found(manifests: list[Manifest]) -> None:
    manifest = deepcopy(next(one for one in manifests if one["kind"] == "ExternalSecret"))
    manifest["spec"]["data"][0]["remoteRef"]["kye"] = "x"
    for schema in schemas(manifest):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(manifest["spec"], schema)


# --- references ------------------------------------------------------------------------------------------------------


def named(manifests: list[Manifest]) -> dict[tuple[str, str], Manifest]:
    return {(one["kind"], one["metadata"]["name"]): one for one in manifests}


def pod_specs(manifests: list[Manifest]) -> Iterator[tuple[str, Any]]:
    for one in manifests:
        if one["kind"] in {"Deployment", "Job"}:
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def containers(spec: Any) -> list[Any]:
    return [*spec.get("initContainers", ()), *spec["containers"]]


def unresolved(manifests: list[Manifest]) -> list[str]:
    """Every reference that leads nowhere."""
    wanted = [
        *(reference for name, spec in pod_specs(manifests) for reference in pod_references(name, spec)),
        *(reference for one in manifests for reference in object_references(one)),
    ]
    there = {*provided(manifests)}
    return sorted(where for where, reference in wanted if reference not in there)


def provided(manifests: list[Manifest]) -> Iterator[tuple[str, ...]]:
    """Everything that can be referred to; a Secret is what an ExternalSecret makes."""
    for one in manifests:
        kind, name = one["kind"], one["metadata"]["name"]
        yield kind, name
        if kind == "ConfigMap":
            yield from (("ConfigMap", name, key) for key in one["data"])
        elif kind == "ExternalSecret":
            secret = one["spec"]["target"]["name"]
            yield "Secret", secret
            yield from (("Secret", secret, item["secretKey"]) for item in one["spec"]["data"])
        elif kind == "Deployment":
            template = one["spec"]["template"]
            labels = {**template["metadata"]["labels"]}
            workload = labels["app.kubernetes.io/name"]
            yield from (("port", workload, port) for port in ports(*template["spec"]["containers"]))


def ports(*given: Any) -> list[str]:
    return [port["name"] for one in given for port in one.get("ports", ())]


def pod_references(name: str, spec: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield f"{name}: service account", ("ServiceAccount", spec["serviceAccountName"])
    for volume in spec.get("volumes", ()):
        where = f"{name}: volume {volume['name']}"
        config, secret = volume.get("configMap"), volume.get("secret")
        if config:
            yield where, ("ConfigMap", config["name"])
            yield from ((where, ("ConfigMap", config["name"], item["key"])) for item in config.get("items", ()))
        if secret:
            yield where, ("Secret", secret["secretName"])
        if "persistentVolumeClaim" in volume:
            yield where, ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
    for one in containers(spec):
        for variable in one.get("env", ()):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                yield f"{name}/{one['name']}: {variable['name']}", ("Secret", reference["name"], reference["key"])


def object_references(one: Manifest) -> Iterator[tuple[str, tuple[str, ...]]]:
    where = f"{one['kind']} {one['metadata']['name']}"
    if one["kind"] == "Service":
        workload = one["spec"]["selector"]["app.kubernetes.io/name"]
        yield from ((where, ("port", workload, port["targetPort"])) for port in one["spec"]["ports"])
    elif one["kind"] == "PersistentVolumeClaim":
        yield where, ("StorageClass", one["spec"]["storageClassName"])
    elif one["kind"] == "ValidatingAdmissionPolicyBinding":
        yield where, ("ValidatingAdmissionPolicy", one["spec"]["policyName"])
    elif one["kind"] == "Application":
        yield where, ("AppProject", one["spec"]["project"])
        yield where, ("Namespace", one["spec"]["destination"]["namespace"])


def test_every_mount_and_probe_of_a_container_fits_its_pod(manifests: list[Manifest]) -> None:
    for _, spec in pod_specs(manifests):
        volumes = [volume["name"] for volume in spec.get("volumes", ())]
        mounts = [mount for one in containers(spec) for mount in one.get("volumeMounts", ())]

        assert sorted({mount["name"] for mount in mounts}) == sorted(volumes)
        for one in containers(spec):
            paths = [mount["mountPath"] for mount in one.get("volumeMounts", ())]
            probes = [one.get(probe, {}) for probe in ("startupProbe", "readinessProbe", "livenessProbe")]
            asked = {probe["httpGet"]["port"] for probe in probes if "httpGet" in probe}

            assert len(paths) == len({*paths})
            assert asked <= {*ports(one)}


def test_every_reference_leads_somewhere(manifests: list[Manifest]) -> None:
    assert unresolved(manifests) == []


BREAKS = {
    "a ConfigMap": ("ConfigMap", "openclaw-scripts"),
    "a claim": ("PersistentVolumeClaim", "openclaw-data"),
    "a ServiceAccount": ("ServiceAccount", "litellm"),
    "an ExternalSecret": ("ExternalSecret", "cloudflared"),
    "a storage class": ("StorageClass", "openclaw-retain"),
    "what is behind a Service": ("Deployment", "litellm"),
    "a policy": ("ValidatingAdmissionPolicy", "openclaw-hold-pods"),
    "a project": ("AppProject", "openclaw"),
}


@pytest.mark.parametrize("gone", BREAKS.values(), ids=BREAKS.keys())
def test_a_reference_to_nothing_is_found(manifests: list[Manifest], gone: tuple[str, str]) -> None:
    left = [one for one in manifests if (one["kind"], one["metadata"]["name"]) != gone]

    assert len(left) == len(manifests) - 1
    assert unresolved(left) != []


def test_every_script_that_a_container_runs_is_in_the_folder_that_it_mounts(manifests: list[Manifest]) -> None:
    there = named(manifests)
    run = set()
    for _, spec in pod_specs(manifests):
        sources = {one["name"]: one["configMap"]["name"] for one in spec.get("volumes", ()) if "configMap" in one}
        for one in containers(spec):
            mounts = {mount["mountPath"]: mount["name"] for mount in one.get("volumeMounts", ())}
            for script in re.findall(r"(/opt/agent-scripts)/([\w.-]+)", json.dumps(one)):
                folder, file = script
                data = there["ConfigMap", sources[mounts[folder]]]["data"]
                run.add(file)

                assert data[file].strip(), file

    assert {"install-tools.sh", "prepare-state.sh", "sync-files.sh", "daemon.json", "share-certs.sh"} <= run


def test_every_script_is_run(manifests: list[Manifest]) -> None:
    (scripts,) = [one["data"] for one in manifests if one["metadata"]["name"] == "openclaw-scripts"]
    (pod,) = [spec for name, spec in pod_specs(manifests) if name == "openclaw"]

    assert [name for name in scripts if f"/{name}" not in json.dumps(pod)] == []


def test_selectors_pick_exactly_one_workload(manifests: list[Manifest]) -> None:
    labels = {
        one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"]
        for one in manifests
        if one["kind"] == "Deployment"
    }
    for one in manifests:
        selector = one["spec"].get("podSelector", {}).get("matchLabels") if one["kind"] == "NetworkPolicy" else None
        if one["kind"] == "Service":
            selector = one["spec"]["selector"]
        if selector:
            assert [name for name, given in labels.items() if selector.items() <= given.items()] == [
                one["metadata"]["name"]
            ]


def test_everything_is_in_the_namespace_or_has_none(manifests: list[Manifest]) -> None:
    places = {one["kind"]: one["metadata"].get("namespace") for one in manifests}
    without = {kind for kind, namespace in places.items() if namespace is None}

    assert without == {"Namespace", "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    assert {kind for kind, namespace in places.items() if namespace == "argocd"} == {"AppProject", "Application"}


def test_no_two_objects_are_one(manifests: list[Manifest]) -> None:
    seen = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in manifests]

    assert len(seen) == len({*seen})


def test_every_page_is_in_the_kustomization_or_applied_beside_it(tree: Mapping[str, str]) -> None:
    pages = {Path(name).name for name in tree if name.startswith(APP)} - {"kustomization.yaml"}
    resources = yaml.safe_load(tree[f"{APP}/kustomization.yaml"])["resources"]

    administrators = {"admission.yaml", "application.yaml", "appproject.yaml", "namespace.yaml", "storageclass.yaml"}
    assert pages - {*resources} == administrators
    assert len(resources) == len({*resources})


def test_no_object_is_a_secret(manifests: list[Manifest]) -> None:
    assert not {one["kind"] for one in manifests} & MADE_BY_CONTROLLERS
