"""A platform without any of the real one's vendors and programs is proved, and what is broken in it is refuted."""

# Tables of harms and of real fields: a long line is one value, and a "/tmp" is a folder of no machine.
# ruff: noqa: E501, S108

import json
import re
from typing import Any

import pytest

from agentkeep.errors import ProofError
from agentkeep.verify.case import Case
from agentkeep.verify.decide import ACKNOWLEDGEMENTS, decide
from agentkeep.verify.intervals import SPECIAL_V4
from agentkeep.verify.report import as_json, as_sarif
from agentkeep.verify.rules import all_rules
from agentkeep.verify.vendors import VENDORS
from agentkeep.verify.verdict import Outcome, Verdict
from tests.proofs.plain import DNS, LAN, MODULE, Change, Plain, elsewhere


def verdicts(change: Change = lambda _: None) -> dict[str, Verdict]:
    world = Plain()
    change(world)
    return {verdict.rule: verdict for verdict in decide(world.case())}


def problems(found: dict[str, Verdict], rule: str) -> list[str]:
    return [finding.problem for finding in found[rule].findings]


def test_is_proved_with_no_rule_undecided() -> None:
    found = verdicts()

    assert [finding.name for verdict in found.values() for finding in verdict.findings] == []
    assert {verdict.outcome for verdict in found.values()} == {Outcome.PROVED}


def test_nothing_of_absent_vendors_or_programs_is_said() -> None:
    case = Plain().case()
    found = decide(case)
    said = json.dumps([as_json(found), as_sarif(found, case)])

    assert not re.search(r"argo|cloudflare|longhorn|ssm|parameter store|\bAccess\b", said, re.IGNORECASE)
    assert {rule.vendor for rule in all_rules() if rule.id in {one.rule for one in found}} == {""}


# What breaks the platform, the rule that has to see it, and how it begins to say so.
HARMS: dict[str, tuple[Change, str, str]] = {
    # --- CFG013: a program of the user's own
    "another command": (
        lambda w: w.container("hermes").update(command=["sh", "-c", "hermes"]),
        "CFG013", "runs another command",
    ),
    "no command": (lambda w: w.container("hermes").pop("command"), "CFG013", "runs another command"),
    "one argument more": (lambda w: w.container("hermes")["args"].append("--debug"), "CFG013", "is given other"),
    "no arguments": (lambda w: w.container("redis").pop("args"), "CFG013", "is given other"),
    "another folder": (lambda w: w.container("hermes").update(workingDir="/tmp"), "CFG013", "runs in another"),
    "one variable more": (
        lambda w: w.container("redis", "exporter").update(env=[{"name": "LD_PRELOAD", "value": "/data/x.so"}]),
        "CFG013", "sets LD_PRELOAD, which is not declared",
    ),
    "another value": (
        lambda w: w.container("hermes")["env"][0].update(value="proxy"), "CFG013", "sets MODE to another value",
    ),
    "a value given twice": (
        lambda w: w.container("hermes")["env"].append({"name": "MODE", "value": "serve"}), "CFG013", "sets MODE twice",
    ),
    "a variable less": (lambda w: w.container("hermes")["env"].pop(0), "CFG013", "does not set MODE"),
    "a variable from the pod": (
        lambda w: w.container("hermes")["env"][0].update(
            value=None, valueFrom={"fieldRef": {"fieldPath": "spec.nodeName"}}
        ),
        "CFG013", "takes MODE from elsewhere",
    ),
    "variables wholesale": (
        lambda w: w.container("hermes").update(envFrom=[{"configMapRef": {"name": "hermes-config"}}]),
        "CFG013", "takes variables wholesale",
    ),
    "another configuration": (
        lambda w: w.objects["ConfigMap", "hermes-config"]["data"].update({"config.yaml": "model: {url: evil}\n"}),
        "CFG013", "has another /etc/hermes/config.yaml",
    ),
    "a file more": (
        lambda w: w.objects["ConfigMap", "hermes-config"]["data"].update({"plugin.py": "import os\n"}),
        "CFG013", "has the file /etc/hermes/plugin.py",
    ),
    "a file in another place": (
        lambda w: w.container("hermes")["volumeMounts"][0].update(mountPath="/srv"),
        "CFG013", "lacks the file /etc/hermes/config.yaml",
    ),
    "another probe": (
        lambda w: w.container("hermes")["readinessProbe"]["httpGet"].update(path="/admin/stop"),
        "CFG013", "has another readinessProbe",
    ),
    "a probe that runs something": (
        lambda w: w.container("redis", "exporter").update(livenessProbe={"exec": {"command": ["cat", "/data/x"]}}),
        "CFG013", "has another livenessProbe",
    ),
    "a hook": (
        lambda w: w.container("hermes").update(lifecycle={"preStop": {"exec": {"command": ["x"]}}}),
        "CFG013", "has hooks",
    ),
    "a container that is not declared": (
        lambda w: w.declared("redis")["declared"].pop("exporter"), "CFG013", "is told what nobody declared",
    ),
    # --- general rules, of an agent that is any program
    "the agent takes a provider's key": (
        lambda w: w.ledger["secrets"][0].update(role="provider-key"), "SEC004", "is declared to read HERMES_TOKEN",
    ),
    "the agent has a keeper's key and no keeper": (
        lambda w: w.ledger["secrets"][0].update(role="proxy-key"), "REF008", "has HERMES_TOKEN, but no declared flow",
    ),
    "the agent may become root": (
        lambda w: w.container("hermes").update(securityContext={"runAsUser": 0}), "POD001", "may run as root",
    ),
    "the agent is given a token of the API": (
        lambda w: w.pod("hermes").pop("automountServiceAccountToken"), "POD007", "is given a token of the API",
    ),
    "the agent receives from a neighbour": (
        lambda w: w.ledger["flows"].append(
            {"from": "neighbour:monitoring", "to": "hermes", "protocol": "TCP", "port": 9119, "because": "metrics"}
        ),
        "NET007", "is declared to receive from neighbour:monitoring",
    ),
    "the image of a known program": (
        lambda w: (
            w.container("hermes").update(image="ghcr.io/openclaw/openclaw:2026.9.7"),
            w.declared("hermes").update(images=["ghcr.io/openclaw/openclaw:2026.9.7"]),
        ),
        "IMG003", "runs openclaw, but is declared as container",
    ),
    # --- neighbours
    "every pod of a neighbour's namespace": (
        lambda w: w.policy("hermes")["egress"][2]["to"][0].pop("podSelector"), "NET004", "may send to pods with",
    ),
    "a neighbour's labels in every namespace": (
        lambda w: w.policy("hermes")["egress"][2]["to"][0].update(namespaceSelector={}), "NET004", "may send to",
    ),
    "another port of the neighbour": (
        lambda w: w.policy("hermes")["egress"][2]["ports"][0].update(port=8081), "NET004", "may send to",
    ),
    "no way to the neighbour": (lambda w: w.policy("hermes")["egress"].pop(2), "NET005", "is declared, but not"),
    "nobody scrapes": (lambda w: w.policy("redis")["ingress"].pop(1), "NET005", "is declared, but not allowed"),
    "whoever is in the neighbour's namespace comes in": (
        lambda w: w.policy("redis")["ingress"][1].update(**{"from": [elsewhere("monitoring")]}),
        "NET007", "may receive from",
    ),
    "a stranger's namespace comes in": (
        lambda w: w.policy("redis")["ingress"][1].update(**{"from": [elsewhere("default", app="prometheus")]}),
        "NET007", "may receive from",
    ),
    # --- addresses
    "DNS on another port": (
        lambda w: w.policy("hermes")["egress"][1]["ports"].append({"port": 80, "protocol": "TCP"}),
        "NET006", f"may send to {DNS}/32",
    ),
    "no way to the address of DNS": (lambda w: w.policy("hermes")["egress"].pop(1), "NET005", "is declared, but not"),
    "no way to the pods of DNS": (lambda w: w.policy("hermes")["egress"].pop(0), "NET005", "is declared, but not"),
    "another port of the machine": (
        lambda w: w.policy("hermes")["egress"][4]["ports"][0].update(port=22), "NET006", f"may send to {LAN}/32",
    ),
    "the machine's whole network": (
        lambda w: (
            w.policy("hermes")["egress"][4]["to"][0]["ipBlock"].update(cidr="192.168.10.0/24"),
            w.ledger["flows"][4].update(to="cidr:192.168.10.0/24"),
        ),
        "NET006", "may send to 192.168.10.0/24",
    ),
    "the kubelet of a node": (
        lambda w: (
            w.policy("hermes")["egress"][4]["ports"][0].update(port=10250),
            w.ledger["flows"][4].update(port=10250),
        ),
        "NET006", f"may send to {LAN}/32",
    ),
    "the API server by one of its addresses": (
        lambda w: (
            w.policy("redis")["egress"].append({"to": [{"ipBlock": {"cidr": "3.65.1.2/32"}}], "ports": [{"port": 443}]}),
            w.ledger["flows"].append(
                {"from": "redis", "to": "cidr:3.65.1.2/32", "protocol": "TCP", "port": 443, "because": "x"}
            ),
        ),
        "NET006", "may send to 3.65.1.2/32",
    ),
    # --- the store
    "a secret for another account": (
        lambda w: w.terraform["resource"]["aws_secretsmanager_secret"]["hermes_token"].update(policy="{}"),
        "SEC009", "sets policy",
    ),
    "a secret that is gone at once": (
        lambda w: w.terraform["resource"]["aws_secretsmanager_secret"]["hermes_token"].update(recovery_window_in_days=0),
        "SEC009", "is gone at once",
    ),
    "a value that the next apply overwrites": (
        lambda w: w.terraform["resource"].update(
            aws_secretsmanager_secret_version={
                "x": {"secret_id": "${aws_secretsmanager_secret.hermes_token.id}", "secret_string": "placeholder"}
            }
        ),
        "SEC009", "is overwritten by the next apply",
    ),
    "a value in Terraform": (
        lambda w: w.terraform["resource"].update(
            aws_secretsmanager_secret_version={
                "x": {"secret_id": "${aws_secretsmanager_secret.hermes_token.id}", "secret_string": "hunter2hunter2"}
            }
        ),
        "SEC001", "secret_string is written out",
    ),
    "a secret that Terraform does not make": (
        lambda w: w.terraform["resource"].clear(), "REF001", "is asked for, but Terraform does not make it",
    ),
    "a secret from another store": (
        lambda w: w.objects["ExternalSecret", "hermes"]["spec"]["secretStoreRef"].update(kind="ClusterSecretStore"),
        "REF012", "reads store ClusterSecretStore",
    ),
    # --- storage and delivery
    "the volumes are not selected": (
        lambda w: w.objects["StorageClass", "home-retain"]["parameters"].update(tagSpecification_1="backup=other"),
        "DATA004", "is of class home-retain, whose volumes are in no schedule nightly",
    ),
    "the schedule is off": (
        lambda w: w.terraform["resource"]["aws_dlm_lifecycle_policy"]["nightly"].update(state="DISABLED"), "DATA004", "",
    ),
    "no schedule": (
        lambda w: w.terraform["resource"].pop("aws_dlm_lifecycle_policy"), "DATA004", "is of class home-retain, whose",
    ),
    "snapshots go with their objects": (
        lambda w: w.objects["VolumeSnapshotClass", "home-snapshots"].update(deletionPolicy="Delete"),
        "DATA004", "has deletionPolicy Delete",
    ),
    "the volume goes with its claim": (
        lambda w: w.objects["StorageClass", "home-retain"].update(reclaimPolicy="Delete"), "DATA003", "has reclaimPolicy",
    ),
    "claims go with the StatefulSet": (
        lambda w: w.objects["StatefulSet", "redis"]["spec"].update(
            persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"}
        ),
        "DATA003", "deletes its claims",
    ),
    "a claim of a template that nobody declared": (
        lambda w: w.ledger.update(storage=[]), "DATA008", "is a claim that nobody declared",
    ),
    "the claim may be deleted": (lambda w: w.admission.pop(), "DATA005", "may be deleted"),
    "no order": (lambda w: w.kustomization.pop("sortOptions"), "NET010", "is not applied after every policy"),
    "pods before policies": (
        lambda w: w.objects.update({("NetworkPolicy", "redis"): w.objects.pop(("NetworkPolicy", "redis"))}),
        "NET010", "is not applied after every policy",
    ),
    # --- vendors
    "an annotation of ArgoCD": (
        lambda w: w.objects["Service", "redis"]["metadata"].update(annotations={"argocd.argoproj.io/sync-wave": "1"}),
        "REF014", "belongs to argocd, which is not declared",
    ),
    "a host of Cloudflare": (
        lambda w: w.terraform["resource"].update(cloudflare_dns_record={"x": {"name": "hermes"}}),
        "REF014", "belongs to cloudflare, which is not declared",
    ),
    "a parameter of the other store": (
        lambda w: w.terraform["resource"].update(aws_ssm_parameter={"x": {"name": "/x", "type": "SecureString"}}),
        "REF014", "belongs to aws-parameter-store, which is not declared",
    ),
    "a class of the other storage": (
        lambda w: w.objects["StorageClass", "home-retain"].update(provisioner="driver.longhorn.io"),
        "REF014", "belongs to longhorn, which is not declared",
    ),
    # --- what the user added
    "something added that is not there": (
        lambda w: w.ledger.update(added=[{"kind": "PodMonitor", "name": "x", "because": "metrics"}]),
        "REF002", "is declared as added, but in no artifact",
    ),
    "something there that nobody added": (lambda w: w.ledger["workloads"].pop(), "REF002", "is not declared"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "rule", "says"), HARMS.values(), ids=HARMS.keys())
def test_refutes(change: Change, rule: str, says: str) -> None:
    found = problems(verdicts(change), rule)

    assert any(problem.startswith(says) for problem in found), found


# What makes no difference.
HARMLESS: dict[str, Change] = {
    "a probe's timing": lambda w: w.container("hermes")["readinessProbe"].update(periodSeconds=30),
    "the port of a probe as a number": lambda w: w.container("hermes")["readinessProbe"]["httpGet"].update(port=9119),
    "the default scheme of a probe": lambda w: w.container("hermes")["readinessProbe"]["httpGet"].update(scheme="HTTP"),
    "one file by subPath": lambda w: w.container("hermes")["volumeMounts"][0].update(
        mountPath="/etc/hermes/config.yaml", subPath="config.yaml"
    ),
    "one file by items": lambda w: w.pod("hermes")["volumes"][0]["configMap"].update(
        items=[{"key": "config.yaml", "path": "config.yaml"}]
    ),
    "the order of variables": lambda w: w.container("hermes")["env"].reverse(),
    "an empty list of arguments": lambda w: w.container("redis", "exporter").update(args=[]),
    "defaults that the controller writes": lambda w: w.objects["ExternalSecret", "hermes"]["spec"]["target"].update(
        creationPolicy="Owner", deletionPolicy="Retain"
    ),
    "a value that the operator fills in": lambda w: w.terraform["resource"].update(
        aws_secretsmanager_secret_version={
            "x": {
                "secret_id": "${aws_secretsmanager_secret.hermes_token.id}",
                "secret_string": "placeholder",
                "lifecycle": {"ignore_changes": ["secret_string"]},
            }
        }
    ),
    "something added": lambda w: (
        w.objects.update(
            {("PodMonitor", "x"): {"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor",
                                   "metadata": {"name": "x", "namespace": "home"}}}
        ),
        w.ledger.update(added=[{"kind": "PodMonitor", "name": "x", "because": "metrics"}]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS.keys())
def test_does_not_mind(change: Change) -> None:
    assert [finding.name for one in verdicts(change).values() for finding in one.findings] == []


def test_a_machine_has_to_be_answered_for_by_name() -> None:
    found = verdicts(lambda w: w.ledger.update(acknowledgements=[]))

    assert problems(found, "NET006") == [f"may send to the machine {LAN} TCP/8123"]
    assert found["NET006"].outcome is Outcome.REFUTED


def test_nobody_answers_for_more_than_the_machine() -> None:
    def change(world: Plain) -> None:
        world.policy("hermes")["egress"][4]["ports"].append({"port": 22, "protocol": "TCP"})
        said = f"NET006[home/hermes]: may send to {LAN}/32"
        world.ledger["acknowledgements"].append({"finding": said, "because": "x", "owner": "me", "until": None})

    found = verdicts(change)

    assert problems(found, "NET006") == [f"may send to {LAN}/32"]
    assert problems(found, ACKNOWLEDGEMENTS) == ["acknowledges what nobody can answer for"]


@pytest.mark.parametrize(("left_out", "reached"), [([], True), (["3.64.0.0/12"], False)])
def test_the_internet_does_not_include_the_api_server(left_out: list[str], reached: bool) -> None:
    def change(world: Plain) -> None:
        cluster = world.ledger["cluster"]
        cidrs = [*SPECIAL_V4, *cluster["podCidrs"], *cluster["serviceCidrs"], *cluster["nodeCidrs"], *left_out]
        block = {"cidr": "0.0.0.0/0", "except": cidrs}
        world.policy("redis")["egress"].append(
            {"to": [{"ipBlock": block}], "ports": [{"port": 443, "protocol": "TCP"}]}
        )
        world.ledger["flows"].append(
            {"from": "redis", "to": "internet", "protocol": "TCP", "port": 443, "because": "updates of its data"}
        )

    found = verdicts(change)

    assert (problems(found, "NET006") == ["may send to 3.64.0.0/12"]) is reached
    assert found["NET006"].proved is not reached
    assert found["NET005"].proved


def test_dns_may_be_addresses_alone() -> None:
    def change(world: Plain) -> None:
        world.ledger["cluster"]["dns"]["podLabels"] = {}
        world.policy("hermes")["egress"].pop(0)

    assert [finding.name for one in verdicts(change).values() for finding in one.findings] == []


def test_a_workload_that_was_added_is_judged_like_any_other() -> None:
    def change(world: Plain) -> None:
        pod = {"containers": [{"name": "x", "image": "busybox:latest"}]}
        spec = {
            "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": pod},
        }
        meta = {"name": "x", "namespace": "home"}
        world.objects["Deployment", "x"] = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta,
            "spec": spec,
        }
        world.ledger["added"] = [{"kind": "Deployment", "name": "x", "because": "a toy"}]

    found = verdicts(change)

    assert found["REF002"].proved
    assert {rule for rule in ("POD001", "POD007", "IMG001", "NET003") if found[rule].proved} == set()


BROKEN_LEDGERS: dict[str, tuple[Change, str]] = {
    "an older ledger": (lambda w: w.ledger.update(format="agentkeep/ledger/v1"), "format: is neither"),
    "no vendors": (lambda w: w.ledger.pop("vendors"), "vendors: is not a mapping"),
    "a vendor left out": (lambda w: w.ledger["vendors"].pop("delivery"), "vendors.delivery: is missing"),
    "a vendor that is not known": (lambda w: w.ledger["vendors"].update(storage="ceph"), "vendors.storage: 'ceph'"),
    "two stores": (
        lambda w: w.ledger["cluster"]["secretStore"].update(provider="aws-parameter-store"),
        "cluster.secretStore.provider: is not vendors.secretStore",
    ),
    "a name without ranges": (
        lambda w: w.ledger["cluster"].update(apiServerCidrs=[]), "cluster.apiServerCidrs: is empty",
    ),
    "an API server without a port": (
        lambda w: w.ledger["cluster"].update(apiServer="10.0.0.1"), "cluster.apiServer: is not a host and a port",
    ),
    "a program that is not known": (
        lambda w: w.declared("hermes").update(program="hermes"), "workloads.0.program: 'hermes'",
    ),
    "a container that nobody can prove": (
        lambda w: w.declared("hermes").pop("declared"), "workloads.0.declared: is missing",
    ),
    "a known program told by hand": (
        lambda w: w.declared("hermes").update(program="openclaw"), "workloads.0.declared: is given",
    ),
    "an unknown field of a container": (
        lambda w: w.declared("hermes")["declared"]["hermes"].update(user=0), "workloads.0.declared.hermes.user",
    ),
    "a probe of no kind": (
        lambda w: w.declared("hermes")["declared"]["hermes"]["probes"].update(ready={}),
        "workloads.0.declared.hermes.probes",
    ),
    "a neighbour at home": (lambda w: w.ledger["neighbours"][0].update(namespace="home"), "neighbours.0.namespace"),
    "a neighbour without labels": (lambda w: w.ledger["neighbours"][0].update(podLabels={}), "neighbours.0.podLabels"),
    "a neighbour that is not declared": (
        lambda w: w.ledger["flows"][2].update(to="neighbour:x"), "flows.2.to: 'neighbour:x'",
    ),
    "a port that the neighbour does not have": (lambda w: w.ledger["flows"][2].update(port=1), "flows.2.port"),
    "a flow between neighbours": (
        lambda w: w.ledger["flows"][2].update({"from": "neighbour:monitoring"}), "flows.2: joins two neighbours",
    ),
    "a site that nobody publishes": (
        lambda w: w.ledger.update(sites=[{"id": "s", "host": "h.example", "workload": "hermes", "port": 9119}]),
        "sites: are declared, though vendors.publishing is null",
    ),
    "an addition without a reason": (
        lambda w: w.ledger.update(added=[{"kind": "A", "name": "b", "because": " "}]), "added.0.because: is empty",
    ),
    "DNS at a name": (
        lambda w: w.ledger["cluster"]["dns"].update(addresses=["dns.example"]), "cluster.dns.addresses: 'dns.example'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), BROKEN_LEDGERS.values(), ids=BROKEN_LEDGERS.keys())
def test_a_broken_ledger_is_refused_in_one_line(change: Change, says: str) -> None:
    world = Plain()
    change(world)
    with pytest.raises(ProofError) as refusal:
        world.case()

    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_is_found_of_a_vendor_brings_its_rules_along() -> None:
    def change(world: Plain) -> None:
        world.terraform["resource"]["cloudflare_dns_record"] = {"x": {"name": "hermes", "type": "A", "proxied": False}}

    found = verdicts(change)

    assert not found["REF014"].proved
    assert problems(found, "SITE004")[:2] == ["is a record of type A", "is not proxied"]


def test_every_vendor_is_of_a_kind_that_the_ledger_has() -> None:
    kinds: dict[str, set[str]] = {}
    for vendor in VENDORS.values():
        kinds.setdefault(vendor.kind, set()).add(vendor.name)

    assert kinds == {
        "delivery": {"argocd", "flux", "plain"},
        "secretStore": {"aws-parameter-store", "aws-secrets-manager"},
        "storage": {"longhorn", "ebs-csi"},
        "publishing": {"cloudflare"},
    }


def test_the_module_is_where_its_state_says() -> None:
    case: Case = Plain().case()
    found: Any = case.artifacts.terraform[0]

    assert found.file == MODULE
