"""What is particular to the example on EKS, broken: its store, its snapshots, its addresses, its delivery."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from agentkeep import DeclarationErrors
from tests.conftest import ROOT
from tests.docs.test_fences import shown_refusals
from tests.examples.test_examples import Body, Files, committed, verdicts

EKS = ROOT / "examples" / "eks"
APPS = "fleet/apps/openclaw"
SECRETS = "infrastructure/terraform/aws/openclaw/cdk.tf.json"
SNAPSHOTS = "infrastructure/terraform/ebs/openclaw/cdk.tf.json"
ABSENT = ("argocd", "argoproj", "cloudflare", "longhorn", "ssm", "tunnel")


def terraform(file: str, change: Callable[[Body], object]) -> Files:
    files = committed(EKS)
    module = json.loads(files[file])
    change(module)
    return {**files, file: json.dumps(module).encode()}


def manifest(name: str, change: Callable[[list[Body]], object]) -> Files:
    files = committed(EKS)
    file = f"{APPS}/{name}.yaml"
    bodies = [body for body in yaml.safe_load_all(files[file]) if body]
    change(bodies)
    return {**files, file: yaml.safe_dump_all(bodies).encode()}


def refuted(files: Files) -> set[str]:
    return {verdict.rule for verdict in verdicts(files) if not verdict.proved}


def resource(module: Body, kind: str) -> Body:
    """The first resource of a kind."""
    found: Body = next(iter(module["resource"][kind].values()))
    return found


def schedule(module: Body) -> Body:
    found: Body = resource(module, "aws_dlm_lifecycle_policy")["policy_details"]["schedule"][0]
    return found


def documented(body: Body, field: str, change: Callable[[list[Any]], object]) -> None:
    """Change the policy document in a field."""
    document = json.loads(body[field])
    change(document["Statement"])
    body[field] = json.dumps(document)


# --- the store -------------------------------------------------------------------------------------------------------

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]})
STORE: dict[str, tuple[str, Callable[[Body], object]]] = {
    "a secret with a policy of its own": (
        "SEC009",
        lambda module: resource(module, "aws_secretsmanager_secret").update(policy=POLICY),
    ),
    "a secret that is copied to another region": (
        "SEC009",
        lambda module: resource(module, "aws_secretsmanager_secret").update(replica=[{"region": "us-east-1"}]),
    ),
    "a secret that is gone at once": (
        "SEC009",
        lambda module: resource(module, "aws_secretsmanager_secret").update(recovery_window_in_days=0),
    ),
    "a value that the next apply overwrites": (
        "SEC009",
        lambda module: resource(module, "aws_secretsmanager_secret_version").pop("lifecycle"),
    ),
    "a value in the module": (
        "SEC001",
        lambda module: resource(module, "aws_secretsmanager_secret_version").update(secret_string="sk-" + "a1" * 24),
    ),
    "a policy beside the secret": (
        "SEC011",
        lambda module: module["resource"].update(
            aws_secretsmanager_secret_policy={
                "open": {"secret_arn": "${aws_secretsmanager_secret.github_token.arn}", "policy": POLICY}
            }
        ),
    ),
    "the value read back": (
        "SEC011",
        lambda module: module.update(
            data={"aws_secretsmanager_secret_version": {"key": {"secret_id": "agents/openclaw/GITHUB_TOKEN"}}}
        ),
    ),
    "the value as an output": (
        "SEC011",
        lambda module: module.update(
            output={"key": {"value": "${aws_secretsmanager_secret_version.github_token.secret_string}"}}
        ),
    ),
    "a secret under another name": (
        "REF001",
        lambda module: resource(module, "aws_secretsmanager_secret").update(name="agents/other/KEY"),
    ),
    "a parameter of the other store": (
        "REF014",
        lambda module: module["resource"].update(
            aws_ssm_parameter={"key": {"name": "/agents/openclaw/KEY", "type": "SecureString", "value": "dummy"}}
        ),
    ),
}


@pytest.mark.parametrize("harm", STORE)
def test_a_harm_to_the_store_is_refuted(harm: str) -> None:
    rule, change = STORE[harm]

    assert rule in refuted(terraform(SECRETS, change))


# --- snapshots -------------------------------------------------------------------------------------------------------

BACKUPS: dict[str, tuple[str, Callable[[Body], object]]] = {
    "snapshots are off": (
        "DATA004",
        lambda module: resource(module, "aws_dlm_lifecycle_policy").update(state="DISABLED"),
    ),
    "of other volumes": (
        "DATA004",
        lambda module: resource(module, "aws_dlm_lifecycle_policy")["policy_details"].update(
            target_tags={"agentkeep-backup": "eks.other"}
        ),
    ),
    "under another name than declared": ("DATA004", lambda module: schedule(module).update(name="sometimes")),
    "once a week": ("DATA004", lambda module: schedule(module)["create_rule"].update(interval=168)),
    "by a cron of its own": (
        "DATA004",
        lambda module: schedule(module).update(create_rule={"cron_expression": "cron(0 3 1 1 ? 2099)"}),
    ),
    "kept for an hour": (
        "DATA004",
        lambda module: schedule(module).update(retain_rule={"interval": 1, "interval_unit": "HOURS"}),
    ),
    "none is kept": ("DATA004", lambda module: schedule(module)["retain_rule"].update(count=0)),
    "shared with another account": (
        "DATA004",
        lambda module: schedule(module).update(share_rule={"target_accounts": ["999999999999"]}),
    ),
    "copied to another region": (
        "DATA004",
        lambda module: schedule(module).update(cross_region_copy_rule=[{"target": "us-east-1", "encrypted": False}]),
    ),
    "with the tags by which the cluster may delete them": (
        "DATA004",
        lambda module: schedule(module).update(copy_tags=True),
    ),
    "with tags by which the role cannot delete them": (
        "DATA004",
        lambda module: schedule(module).update(tags_to_add={}),
    ),
    "of whole instances": (
        "DATA004",
        lambda module: resource(module, "aws_dlm_lifecycle_policy")["policy_details"].update(
            resource_types=["INSTANCE"]
        ),
    ),
    "carried out by another role": (
        "DATA004",
        lambda module: resource(module, "aws_dlm_lifecycle_policy").update(
            execution_role_arn="arn:aws:iam::123456789012:role/admin"
        ),
    ),
    "a role for another account": (
        "DATA004",
        lambda module: resource(module, "aws_iam_role").update(
            assume_role_policy=resource(module, "aws_iam_role")["assume_role_policy"].replace(
                "123456789012", "999999999999"
            )
        ),
    ),
    "a role for everybody": (
        "DATA004",
        lambda module: documented(
            resource(module, "aws_iam_role"), "assume_role_policy", lambda said: said[0].update(Principal="*")
        ),
    ),
    "a role for pods as well": (
        "DATA004",
        lambda module: documented(
            resource(module, "aws_iam_role"),
            "assume_role_policy",
            lambda said: said.append(
                {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ),
        ),
    ),
    "a role with more rights": (
        "DATA004",
        lambda module: resource(module, "aws_iam_role").update(
            managed_policy_arns=["arn:aws:iam::aws:policy/AdministratorAccess"]
        ),
    ),
    "rights to share a snapshot": (
        "DATA004",
        lambda module: documented(
            resource(module, "aws_iam_role_policy"),
            "policy",
            lambda said: said[2]["Action"].append("ec2:ModifySnapshotAttribute"),
        ),
    ),
    "rights to delete every snapshot": (
        "DATA004",
        lambda module: documented(
            resource(module, "aws_iam_role_policy"), "policy", lambda said: said[3].pop("Condition")
        ),
    ),
    "a policy attached to the role": (
        "SEC011",
        lambda module: module["resource"].update(
            aws_iam_role_policy_attachment={
                "admin": {
                    "role": "${aws_iam_role.openclaw_snapshots.name}",
                    "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess",
                }
            }
        ),
    ),
}


@pytest.mark.parametrize("harm", BACKUPS)
def test_a_harm_to_the_snapshots_is_refuted(harm: str) -> None:
    rule, change = BACKUPS[harm]

    assert rule in refuted(terraform(SNAPSHOTS, change))


def parameters(bodies: list[Body]) -> Body:
    found: Body = bodies[0]["parameters"]
    return found


# --- objects ---------------------------------------------------------------------------------------------------------

# Nobody else may open the agent's own way out: it is the one policy with both.
AGENT, CHECK = 2, 3


def blocks(bodies: list[Body], cidr: str) -> list[Body]:
    """Every ipBlock of that CIDR."""
    return [
        peer["ipBlock"]
        for body in bodies
        for rule in body["spec"].get("egress", [])
        for peer in rule.get("to", [])
        if peer.get("ipBlock", {}).get("cidr") == cidr
    ]


def opened(bodies: list[Body]) -> None:
    blocks(bodies, "0.0.0.0/0")[0]["except"].remove("3.120.0.0/14")


def widened(bodies: list[Body]) -> None:
    blocks(bodies, "169.254.20.10/32")[0]["cidr"] = "169.254.0.0/16"


def shifted(bodies: list[Body]) -> None:
    blocks(bodies, "169.254.20.10/32")[0]["cidr"] = "169.254.169.254/32"


def closed(bodies: list[Body]) -> None:
    for block in blocks(bodies, "169.254.20.10/32"):
        block["cidr"] = "169.254.20.11/32"


def api_server(bodies: list[Body]) -> None:
    bodies[1]["spec"]["egress"].append(
        {"to": [{"ipBlock": {"cidr": "18.192.7.7/32"}}], "ports": [{"port": 443, "protocol": "TCP"}]}
    )


OBJECTS: dict[str, tuple[str, str, Callable[[list[Body]], object]]] = {
    "snapshots that go with their objects": (
        "DATA004",
        "volumesnapshotclass",
        lambda bodies: bodies[0].update(deletionPolicy="Delete"),
    ),
    "snapshots by another driver": (
        "DATA004",
        "volumesnapshotclass",
        lambda bodies: bodies[0].update(driver="hostpath.csi.k8s.io"),
    ),
    "volumes without encryption": ("DATA004", "storageclass", lambda bodies: parameters(bodies).pop("encrypted")),
    "volumes with a key of somebody else": (
        "DATA004",
        "storageclass",
        lambda bodies: parameters(bodies).update(kmsKeyId="arn:aws:kms:eu-central-1:999999999999:key/x"),
    ),
    "volumes without the tag": ("DATA004", "storageclass", lambda bodies: parameters(bodies).pop("tagSpecification_1")),
    "volumes with somebody else's tag": (
        "DATA004",
        "storageclass",
        lambda bodies: parameters(bodies).update(tagSpecification_1="agentkeep-backup=eks.other"),
    ),
    "volumes that go with their claims": (
        "DATA003",
        "storageclass",
        lambda bodies: bodies[0].update(reclaimPolicy="Delete"),
    ),
    "volumes of another vendor": (
        "REF014",
        "storageclass",
        lambda bodies: bodies[0].update(provisioner="driver.longhorn.io"),
    ),
    "the API server's range opened": ("NET006", "networkpolicy", opened),
    "the API server's address opened": ("NET006", "networkpolicy", api_server),
    "the node-local cache widened": ("NET004", "networkpolicy", widened),
    "the metadata service in its place": ("NET004", "networkpolicy", shifted),
    "the node-local cache not reached": ("NET005", "networkpolicy", closed),
    "a mark of ArgoCD": (
        "REF014",
        "namespace",
        lambda bodies: bodies[0]["metadata"]["annotations"].update({"argocd.argoproj.io/sync-wave": "-30"}),
    ),
    "an Application of ArgoCD": (
        "REF014",
        "namespace",
        lambda bodies: bodies.append(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Application",
                "metadata": {"name": "openclaw", "namespace": "argocd"},
                "spec": {},
            }
        ),
    ),
    "a claim that Flux may prune": (
        "DATA001",
        "openclaw-pvc",
        lambda bodies: bodies[0]["metadata"].pop("annotations"),
    ),
    "a claim that Flux may make anew": (
        "DATA001",
        "openclaw-pvc",
        lambda bodies: bodies[0]["metadata"]["annotations"].update({"kustomize.toolkit.fluxcd.io/force": "enabled"}),
    ),
    "a snapshot class that Flux may prune": (
        "DATA001",
        "volumesnapshotclass",
        lambda bodies: bodies[0]["metadata"]["annotations"].update({"kustomize.toolkit.fluxcd.io/prune": "enabled"}),
    ),
    "another store": (
        "REF012",
        "externalsecret",
        lambda bodies: bodies[0]["spec"]["secretStoreRef"].update(name="parameterstore"),
    ),
}


@pytest.mark.parametrize("harm", OBJECTS)
def test_a_harm_to_an_object_is_refuted(harm: str) -> None:
    rule, name, change = OBJECTS[harm]

    assert rule in refuted(manifest(name, change))


@pytest.mark.parametrize("kind", ["volumesnapshots", "volumesnapshotcontents"])
def test_snapshots_that_may_be_deleted_are_refuted(kind: str) -> None:
    def change(bodies: list[Body]) -> None:
        bodies[:] = [body for body in bodies if not body["metadata"]["name"].endswith(f"keep-{kind}")]

    assert "DATA005" in refuted(manifest("admission", change))


def test_a_resource_of_cloudflare_is_refuted() -> None:
    files = terraform(SECRETS, lambda module: module["resource"].update(cloudflare_record={"x": {"name": "openclaw"}}))

    assert "REF014" in refuted(files)


# --- delivery --------------------------------------------------------------------------------------------------------

ORDERS: dict[str, Callable[[Body], object]] = {
    "sorted by kind": lambda body: body.pop("sortOptions"),
    "pods first": lambda body: body["resources"].reverse(),
}


@pytest.mark.parametrize("harm", ORDERS)
def test_pods_that_may_start_before_their_policies_are_refuted(harm: str) -> None:
    files = committed(EKS)
    name = f"{APPS}/kustomization.yaml"
    body: dict[str, Any] = copy.deepcopy(yaml.safe_load(files[name]))
    ORDERS[harm](body)

    assert "NET010" in refuted({**files, name: yaml.safe_dump(body).encode()})


def test_the_administrators_file_is_not_among_what_flux_applies() -> None:
    resources = yaml.safe_load(committed(EKS)[f"{APPS}/kustomization.yaml"])["resources"]

    assert "admission.yaml" not in resources
    assert f"{APPS}/admission.yaml" in committed(EKS)


@pytest.mark.parametrize("word", ABSENT)
def test_nothing_of_an_absent_vendor_appears(word: str) -> None:
    found = [name for name, data in committed(EKS).items() if re.search(rf"\b{word}", data.decode(), re.IGNORECASE)]

    assert found == []


def test_every_address_of_the_cluster_reaches_policies_ledger_and_check() -> None:
    files = committed(EKS)
    cluster = json.loads(files["platform.json"])["cluster"]
    policies = files[f"{APPS}/networkpolicy.yaml"].decode()
    check = files[f"{APPS}/openclaw-check.yaml"].decode()

    assert cluster["apiServer"] == "ABC123.gr7.eu-central-1.eks.amazonaws.com:443"
    assert cluster["dns"]["addresses"] == ["169.254.20.10"]
    assert all(f"- {cidr}\n" in policies for cidr in cluster["apiServerCidrs"])
    assert "cidr: 169.254.20.10/32" in policies
    assert f"value: {cluster['apiServer']} 172.20.0.1:443" in check


# --- what its page shows ---------------------------------------------------------------------------------------------

PAGE = ROOT / "docs" / "examples" / "eks.md"
# Mistakes in the declaration, as what is replaced by what.
MISTAKES = (
    ('    api_server_cidrs=("3.120.0.0/14", "18.192.0.0/15"),\n', ""),
    ('"169.254.20.10"', '"169.254.20.10/32"'),
    ('at="03:00"', 'at="3:00"'),
    ('prefix="agents"', 'prefix="agents", recovery_days=0'),
    ('acme/app; pull requests"', 'acme/app; pull requests", key="agents/openclaw/GITHUB-a1B2c3"'),
)


def declared_otherwise(old: str, new: str) -> list[str]:
    """What the declaration says with *new* in the place of *old*."""
    source = (EKS / "declare.py").read_text(encoding="utf-8")
    assert source.count(old) == 1
    names: dict[str, Any] = {"__name__": "tried"}
    exec(source.replace(old, new), names)  # noqa: S102 - our own declaration
    with pytest.raises(DeclarationErrors) as caught:
        names["declare"]().seal()
    return [str(error) for error in caught.value.exceptions]


def test_every_mistake_is_refused_as_its_page_says() -> None:
    assert [declared_otherwise(*mistake) for mistake in MISTAKES] == [[line] for line in shown_refusals(PAGE)]


def test_every_finding_that_its_page_shows_is_found() -> None:
    shown = re.findall(r"^(?:DATA|SEC|NET)\d{3} \[.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    files = (
        *(manifest(name, change) for _, name, change in OBJECTS.values()),
        *(terraform(SECRETS, change) for _, change in STORE.values()),
        *(terraform(SNAPSHOTS, change) for _, change in BACKUPS.values()),
    )
    found = {
        finding.line.partition(" (")[0] for one in files for verdict in verdicts(one) for finding in verdict.findings
    }

    assert shown
    assert [line for line in shown if line not in found] == []
