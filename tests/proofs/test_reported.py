"""What people reported: manifests by hand, measured by a policy file, each case by its kind."""

# Tables of what people wrote: a long line is one value.
# ruff: noqa: E501

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentkeep.verify.artifacts import assemble
from agentkeep.verify.command import diff_command, verify_command
from agentkeep.verify.decide import case_of, decide
from agentkeep.verify.documents import Document, Node
from agentkeep.verify.ledger import read_ledger
from agentkeep.verify.verdict import Outcome, Verdict

Json = dict[str, Any]
Capture = pytest.CaptureFixture[str]
SHOP = Path(__file__).parents[1] / "corpus" / "good" / "web_and_database"


class Shop:
    """``corpus/good/web_and_database`` as data that a test may change."""

    def __init__(self) -> None:
        self.objects: list[Json] = list(yaml.safe_load_all((SHOP / "manifests.yaml").read_text()))
        self.policy: Json = yaml.safe_load((SHOP / "policy.yaml").read_text())
        self.files: dict[str, bytes] = {}

    def find(self, kind: str, name: str) -> Json:
        return next(one for one in self.objects if (one["kind"], one["metadata"]["name"]) == (kind, name))

    def pod(self, name: str) -> Json:
        found: Json = self.find("Deployment", name)["spec"]["template"]["spec"]
        return found

    def bytes(self) -> dict[str, bytes]:
        return {"manifests.yaml": yaml.safe_dump_all(self.objects).encode(), **self.files}

    def verdicts(self) -> dict[str, Verdict]:
        measure = read_ledger(Document("policy.yaml", Node(self.policy), b"", is_json=False))
        return {one.rule: one for one in decide(case_of(assemble("shop", self.bytes()), measure))}

    def findings(self) -> dict[str, list[str]]:
        return {rule: [f.problem for f in one.findings] for rule, one in self.verdicts().items() if one.findings}

    def write(self, folder: Path) -> Path:
        for path, data in {**self.bytes(), "policy.yaml": yaml.safe_dump(self.policy).encode()}.items():
            (folder / path).write_bytes(data)
        return folder


@pytest.fixture
def shop() -> Shop:
    return Shop()


def container(**more: Any) -> Json:
    return {"name": "x", "image": "busybox:latest", "securityContext": {"privileged": True}, **more}


def workload(kind: str, api: str, namespace: str) -> Json:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [container()]}}
    return {
        "apiVersion": api, "kind": kind, "metadata": {"name": "x", "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": template},
    }  # fmt: skip


# --- what is not examined is not proved, whatever families are asked for


@pytest.mark.parametrize(
    "body",
    [
        workload("Deployment", "apps/v1", "elsewhere"),
        workload("DaemonSet", "apps/v1", "kube-system"),
        workload("Rollout", "argoproj.io/v1alpha1", "shop"),
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "x", "namespace": "shop"},
         "spec": {"values": {"privileged": True}}},
    ],
    ids=["a second namespace", "a system namespace", "an Argo Rollout", "a HelmRelease of Flux"],
)  # fmt: skip
@pytest.mark.parametrize("family", ["SEC", "NET", "POD", "IMG"])
def test_what_may_make_pods_unseen_is_not_proved(shop: Shop, body: Json, family: str) -> None:
    shop.objects.append(body)
    shop.policy["families"] = [family]

    assert {rule for rule in shop.findings() if rule in ("REF002", "REF010")}


def test_a_declared_workload_in_a_second_namespace_is_not_proved(shop: Shop) -> None:
    shop.objects.append(workload("Deployment", "apps/v1", "elsewhere"))
    shop.policy["workloads"].append({"id": "x", "role": "service", "podLabels": {"app": "x"}})

    assert "runs in another namespace, where it is not examined" in shop.findings()["REF002"]


def test_a_patch_that_changes_pods_is_not_proved(shop: Shop) -> None:
    shop.files["kustomization.yaml"] = yaml.safe_dump(
        {"kind": "Kustomization", "apiVersion": "kustomize.config.k8s.io/v1beta1", "resources": ["manifests.yaml"],
         "patches": [{"path": "patch.yaml", "target": {"kind": "Deployment"}}]}
    ).encode()  # fmt: skip
    shop.files["patch.yaml"] = b"- {op: add, path: /spec/template/spec/hostNetwork, value: true}\n"
    found = shop.findings()

    assert "transforms manifests (patches)" in found["REF007"]
    assert found["REF010"] == ["is not understood"]
    # The rest of the folder is judged all the same.
    assert {"SEC003", "NET004", "POD003"}.isdisjoint(found)


def test_a_policy_for_another_namespace_says_so_first(shop: Shop, tmp_path: Path, capsys: Capture) -> None:
    shop.policy["namespace"] = "prod"
    folder = shop.write(tmp_path)

    assert verify_command([str(folder), "--policy", str(folder / "policy.yaml")]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("the folder has pods in shop, the policy says prod")
    assert [line for line in said if "examined nothing" in line] == []


# --- no key at all


NO_KEYS = ["sk-none", "dummy", "not-needed", "EMPTY", "env:VAR", "$VAR", "no-key-required", "none", "unused", "<your key>",
           "$env:VAR", "%VAR%", "ollama", "lm-studio", "sk-no-key-required", "NOT_USED", "n/a", "xxxx"]  # fmt: skip
KEYS = ["hunter2", "changeme", "admin123", "sk-live-1234", "s3cr3t", "letmein"]


def configured(shop: Shop, value: str) -> list[str]:
    text = yaml.safe_dump({"model_list": [{"litellm_params": {"api_key": value}}]})
    shop.objects.append(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"},
         "data": {"config.yaml": text}}
    )  # fmt: skip
    return shop.findings().get("SEC001", [])


@pytest.mark.parametrize("value", NO_KEYS)
def test_a_word_for_no_key_is_not_a_secret(shop: Shop, value: str) -> None:
    assert configured(shop, value) == []


@pytest.mark.parametrize("value", KEYS)
def test_a_bad_key_is_a_secret(shop: Shop, value: str) -> None:
    assert configured(shop, value) == ["model_list.0.litellm_params.api_key is written out"]


# --- StatefulSets


def stateful(shop: Shop) -> Json:
    """The database with a claim of its own for each pod."""
    body = shop.find("StatefulSet", "db")
    body["spec"]["volumeClaimTemplates"] = [
        {"metadata": {"name": "pgdata"}, "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "keep"}}
    ]
    mounts = body["spec"]["template"]["spec"]["containers"][0].setdefault("volumeMounts", [])
    mounts.append({"name": "pgdata", "mountPath": "/var/lib/x"})
    shop.policy["families"] = ["REF", "DATA"]
    shop.policy["storage"] = [{"workload": "db", "claim": "pgdata-db-0"}]
    shop.objects.append(
        {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "keep"},
         "provisioner": "example.org/x", "reclaimPolicy": "Retain"}
    )  # fmt: skip
    return body


def test_a_claim_template_is_a_volume_and_a_claim(shop: Shop) -> None:
    stateful(shop)
    found = shop.findings()

    assert [one for one in found.get("REF005", []) if "pgdata" in one] == []
    assert {"DATA003", "DATA006", "DATA008"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda s, _: s.policy.update(storage=[]), "DATA008"),
        (lambda _, b: b["spec"]["volumeClaimTemplates"][0]["spec"].update(storageClassName="other"), "DATA003"),
        (lambda _, b: b["spec"]["volumeClaimTemplates"][0]["spec"].update(accessModes=["ReadWriteMany"]), "DATA006"),
        (lambda _, b: b["spec"].update(replicas=2), "DATA008"),
        (lambda _, b: b["spec"].update(persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"}), "DATA003"),
    ],
    ids=["nobody declared it", "of an unknown class", "many writers", "a second pod's claim", "goes when scaled"],
)
def test_a_claim_template_has_the_rules_of_a_claim(shop: Shop, change: Callable[[Shop, Json], Any], rule: str) -> None:
    change(shop, stateful(shop))

    assert rule in shop.findings()


# --- policies that are not read


def test_a_policy_of_cilium_makes_the_network_undecided(shop: Shop) -> None:
    shop.objects = [one for one in shop.objects if one["kind"] != "NetworkPolicy"]
    shop.objects.append(
        {"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "web", "namespace": "shop"},
         "spec": {"endpointSelector": {}}}
    )  # fmt: skip
    shop.policy["families"] = ["NET"]
    found = shop.verdicts()

    assert {found[rule].outcome for rule in ("NET002", "NET003", "NET004", "NET006", "NET007")} == {Outcome.UNKNOWN}
    assert [finding.problem for finding in found["NET004"].findings] == [
        "cannot be decided before CiliumNetworkPolicy/shop/web is read (2 findings depend on it)"
    ]


# --- one cause, one line


def test_a_missing_policy_is_a_few_lines_that_name_the_cause(shop: Shop) -> None:
    shop.objects = [
        one
        for one in shop.objects
        if one["kind"] != "NetworkPolicy" or one["metadata"]["name"] not in ("web", "closed")
    ]
    found = shop.findings()

    assert sum(map(len, found.values())) <= 6
    assert found["NET004"] == ["may send anything: no policy isolates its egress"]
    assert found["NET006"] == ["may send anything: no policy isolates its egress"]
    assert found["NET007"] == ["may receive anything: no policy isolates its ingress"]


def test_a_workload_without_its_policy_is_one_line_for_all_of_its_flows(shop: Shop) -> None:
    shop.policy["flows"] += [
        {"from": "web", "to": "dns", "protocol": p, "port": 53, "because": "x"} for p in ("UDP", "TCP")
    ]
    shop.objects = [one for one in shop.objects if (one["kind"], one["metadata"]["name"]) != ("NetworkPolicy", "web")]

    assert shop.findings()["NET005"] == ["may send nothing, though 3 flows are declared"]


# --- diff by a policy


def test_diff_takes_a_policy(shop: Shop, tmp_path: Path, capsys: Capture) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    shop.write(old)
    shop.find("Deployment", "web")["spec"]["template"]["spec"]["hostNetwork"] = True
    shop.write(new)
    policy = str(old / "policy.yaml")

    assert diff_command([str(old), str(old), "--policy", policy]) == 0
    assert diff_command([str(old), str(new), "--policy", policy, "--format", "json"]) == 1
    said = capsys.readouterr().out
    assert "NET009[web]: sets hostNetwork" in [c["what"] for c in json.loads(said[said.index("{") :])["changes"]]


# --- a style of one's own


def served(shop: Shop, program: str, probes: Json) -> dict[str, list[str]]:
    pod = shop.pod("web")
    pod["containers"][0].update({probe: {"httpGet": {"path": path, "port": 8080}} for probe, path in probes.items()})
    next(one for one in shop.policy["workloads"] if one["id"] == "web").update(program=program)
    shop.policy["families"] = ["CFG"]
    return shop.findings()


@pytest.mark.parametrize(
    ("program", "probes"),
    [
        ("openclaw", {"startupProbe": "/startupz", "readinessProbe": "/readyz", "livenessProbe": "/health"}),
        ("litellm", {"startupProbe": "/health/readiness", "readinessProbe": "/health/readiness",
                     "livenessProbe": "/health/liveliness"}),
        ("cloudflared", {"readinessProbe": "/ready", "livenessProbe": "/healthcheck"}),
    ],
)  # fmt: skip
def test_every_real_endpoint_is_taken(shop: Shop, program: str, probes: Json) -> None:
    assert "CFG007" not in served(shop, program, probes)


@pytest.mark.parametrize(
    ("program", "probes"),
    [
        ("openclaw", {"startupProbe": "/startupz", "readinessProbe": "/health", "livenessProbe": "/healthz"}),
        ("litellm", {"startupProbe": "/health", "readinessProbe": "/health/liveness", "livenessProbe": "/health/liveness"}),
        ("litellm", {"startupProbe": "/health/liveness", "readinessProbe": "/health/liveness",
                     "livenessProbe": "/health/readiness"}),
    ],
)  # fmt: skip
def test_an_endpoint_that_tells_something_else_is_not(shop: Shop, program: str, probes: Json) -> None:
    assert "CFG007" in served(shop, program, probes)


def external_secret(shop: Shop, **ref: Any) -> Shop:
    shop.objects.append(
        {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
         "metadata": {"name": "database", "namespace": "shop"},
         "spec": {"secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"}, "refreshInterval": "1h",
                  "data": [{"secretKey": "password", "remoteRef": {"key": "kv/shop", **ref}}]}}
    )  # fmt: skip
    shop.policy["families"] = ["SEC", "REF", "CFG"]
    shop.policy["secrets"][0]["key"] = "kv/shop"
    shop.policy["secrets"][0].pop("ssm")
    shop.policy["cluster"]["secretStore"] = {"name": "vault", "kind": "ClusterSecretStore"}
    return shop


def test_a_store_that_terraform_does_not_fill_is_taken(shop: Shop) -> None:
    found = external_secret(shop, property="password").findings()

    assert {"REF001", "REF012", "CFG008", "SEC002", "SEC003"}.isdisjoint(found), found


def test_a_key_that_nobody_declared_is_not(shop: Shop) -> None:
    external_secret(shop)
    shop.policy["secrets"][0]["key"] = "kv/other"
    found = shop.findings()

    assert sorted(found["REF001"]) == [
        "is asked for, but nobody declared it",
        "is declared, but nothing asks for kv/other",
    ]
