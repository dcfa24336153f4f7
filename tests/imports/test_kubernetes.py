"""The typed Kubernetes kinds: what they write is what the schemas accept."""

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cdk8s
import jsonschema
import pytest
import yaml

from agentkeep_imports.k8s import app_project, application, external_secret
from agentkeep_imports.k8s import validating_admission_policy_binding as binding
from tools import imports, imports_kubernetes

KINDS = {kind.kind: kind for kind in imports_kubernetes.KINDS}
CUSTOM = {name: kind for name, kind in KINDS.items() if not kind.builtin}
ORIGINALS = imports.ROOT.parent / "shared" / "data" / "crd-schemas"


def committed(kind: imports_kubernetes.Kind) -> dict[str, Any]:
    return dict(json.loads(imports.schema_file(kind).read_text()))


def strict(schema: Any) -> Any:
    """
    Refuse unknown fields, as an API server does with strict field validation.

    Formats are left to the server, and so is "one of these fields": the samples here fill in all of them.
    """
    if isinstance(schema, list):
        return [strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = {"format", "maxProperties"} if isinstance(schema.get("type"), str) else set()
    made = {key: strict(inner) for key, inner in schema.items() if key not in left_out}
    if isinstance(made.get("properties"), dict) and "x-kubernetes-preserve-unknown-fields" not in made:
        made.setdefault("additionalProperties", False)
    if made.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
    return made


def sample(schema: Mapping[str, Any], module: Any, name: str) -> Any:
    """Fill a field in; *name* is the class that its objects would have."""
    extra = schema.get("additionalProperties")
    made: Any
    if "enum" in schema:
        made = schema["enum"][-1]
    elif "properties" in schema:
        made = full(schema, module, name)
    elif "items" in schema:
        made = [sample(schema["items"], module, name)]
    elif isinstance(extra, Mapping):
        made = {"key": sample(extra, module, name)}
    elif schema.get("x-kubernetes-int-or-string"):
        made = "1"
    elif schema.get("type", "string") == "string":
        made = _text(schema)
    else:
        made = {"boolean": True, "integer": 7, "number": 7, "object": {"any": "thing"}}[schema["type"]]
    return made


def _text(schema: Mapping[str, Any]) -> str:
    """Return a text that fits the pattern, of which there are few."""
    for text in ("some-text", "https://example.org/x", "a.b/c", "Some", "1h", "v1", "/x", "@daily"):
        try:
            jsonschema.validate(text, dict(schema))
        except jsonschema.ValidationError:
            continue
        return text
    raise AssertionError(schema)


def full(schema: Mapping[str, Any], module: Any, name: str) -> Any:
    return getattr(module, name)(
        **{
            imports_kubernetes.python_name(field): sample(inner, module, name + field[0].upper() + field[1:])
            for field, inner in schema["properties"].items()
        }
    )


def manifest(kind: imports_kubernetes.Kind) -> dict[str, Any]:
    """Synthesize *kind* with every field filled in."""
    module = importlib.import_module(f"agentkeep_imports.k8s.{kind.module}")
    chart = cdk8s.Testing.chart()
    spec = full(committed(kind)["spec"], module, f"{kind.kind}Spec")
    getattr(module, kind.kind)(chart, "it", metadata=cdk8s.ApiObjectMetadata(name="it"), spec=spec)
    made: list[dict[str, Any]] = cdk8s.Testing.synth(chart)
    return made[0]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> imports_kubernetes.Kind:
    return KINDS[request.param]


def test_every_field_lands_under_its_own_name(kind: imports_kubernetes.Kind) -> None:
    made = manifest(kind)
    jsonschema.validate(made["spec"], strict(committed(kind)["spec"]))

    def names(schema: Any) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
        return set(schema.get("properties", {})).union(*map(names, inner))

    def keys(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(keys, value))
        return set(value).union(*map(keys, value.values())) if isinstance(value, dict) else set()

    assert names(committed(kind)["spec"]) <= keys(made["spec"])
    assert (f"{kind.group}/{kind.version}", kind.kind) == (made["apiVersion"], made["kind"])


@pytest.mark.parametrize("kind", CUSTOM.values(), ids=CUSTOM.keys())
def test_the_original_schema_accepts_it_too(kind: imports_kubernetes.Kind) -> None:
    path = ORIGINALS / f"{kind.group}_{kind.kind.lower()}_{kind.version}.json"
    if not path.exists():
        pytest.skip(f"the original schema of {kind.kind} is not at hand")

    jsonschema.validate(manifest(kind), strict(json.loads(path.read_text())) | {"additionalProperties": True})


@pytest.mark.parametrize("kind", CUSTOM.values(), ids=CUSTOM.keys())
def test_the_reduced_schema_is_the_original_reduced(kind: imports_kubernetes.Kind) -> None:
    path = ORIGINALS / f"{kind.group}_{kind.kind.lower()}_{kind.version}.json"
    if not path.exists():
        pytest.skip(f"the original schema of {kind.kind} is not at hand")
    version = {"name": kind.version, "schema": {"openAPIV3Schema": json.loads(path.read_text())}}
    spec = {"group": kind.group, "names": {"kind": kind.kind}, "scope": "Namespaced", "versions": [version]}

    assert committed(kind) == imports_kubernetes.read_definition(kind, {"spec": spec})


def test_another_definition_is_not_taken() -> None:
    spec = {"group": "example.org", "names": {"kind": "ExternalSecret"}, "scope": "Namespaced", "versions": []}

    with pytest.raises(LookupError, match="does not define ExternalSecret"):
        imports_kubernetes.read_definition(KINDS["ExternalSecret"], {"spec": spec})


def secret(chart: cdk8s.Chart, **more: Any) -> external_secret.ExternalSecret:
    return external_secret.ExternalSecret(
        chart,
        "it",
        metadata=cdk8s.ApiObjectMetadata(name="litellm", labels={"app": "litellm"}),
        spec=external_secret.ExternalSecretSpec(
            refresh_interval="1h",
            secret_store_ref=external_secret.ExternalSecretSpecSecretStoreRef(name="p", kind="ClusterSecretStore"),
            target=external_secret.ExternalSecretSpecTarget(name="litellm", creation_policy="Owner"),
            data=[
                external_secret.ExternalSecretSpecData(
                    secret_key="KEY",
                    remote_ref=external_secret.ExternalSecretSpecDataRemoteRef(key="/a", decoding_strategy="None"),
                )
            ],
            **more,
        ),
    )


def test_only_what_was_given_is_written_in_alphabetical_order(tmp_path: Path) -> None:
    app = cdk8s.App(outdir=str(tmp_path))
    secret(cdk8s.Chart(app, "chart", namespace="openclaw"))
    app.synth()
    text = (tmp_path / "chart.k8s.yaml").read_text()

    assert (
        text
        == """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  labels:
    app: litellm
  name: litellm
  namespace: openclaw
spec:
  data:
    - remoteRef:
        decodingStrategy: None
        key: /a
      secretKey: KEY
  refreshInterval: 1h
  secretStoreRef:
    kind: ClusterSecretStore
    name: p
  target:
    creationPolicy: Owner
    name: litellm
"""
    )
    # "None" is a word to ESO, and must not be read as null.
    assert yaml.safe_load(text)["spec"]["data"][0]["remoteRef"]["decodingStrategy"] == "None"


def test_a_user_can_still_patch_the_spec() -> None:
    chart = cdk8s.Testing.chart()
    secret(chart).add_json_patch(cdk8s.JsonPatch.replace("/spec/refreshInterval", "5m"))

    assert cdk8s.Testing.synth(chart)[0]["spec"]["refreshInterval"] == "5m"


def test_a_wrong_call_is_refused_when_run() -> None:
    chart = cdk8s.Testing.chart()
    with pytest.raises(TypeError):
        secret(chart, refreshInterval="1h")
    with pytest.raises(TypeError):
        application.ApplicationSpec(project="p")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="'destination'"):
        application.ApplicationSpec(project="p", destination=None).to_json()  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="cannot stand in a manifest"):
        application.ApplicationSpecDestination(namespace=object()).to_json()  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="build a AppProjectSpec"):
        app_project.AppProject(chart, "p", metadata=cdk8s.ApiObjectMetadata(name="p"), spec={})  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        binding.ValidatingAdmissionPolicyBindingSpec(policy="p")  # type: ignore[call-arg]

    assert cdk8s.Testing.synth(chart) == []
