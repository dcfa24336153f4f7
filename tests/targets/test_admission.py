"""
What the API server would answer: the synthesized CEL, run by an implementation that is not ours.

The evaluator is the Rust one behind the PyPI package ``common-expression-language``. Without it the cases are skipped
by name; that both policies exist, bind and deny is checked without it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentkeep import Image

Manifest = dict[str, Any]
Mutation = Callable[[Manifest], object]

HOLD = "openclaw-hold-pods"
KEPT = (
    "applications", "appprojects", "customresourcedefinitions", "namespaces", "persistentvolumeclaims",
    "persistentvolumes", "volumes",
)  # fmt: skip
KEEP = tuple(f"openclaw-keep-{resource}" for resource in KEPT)


def of_kind(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    return next(one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == name)


class Admission:
    """One policy, as the API server applies it."""

    def __init__(self, policy: Manifest) -> None:
        self._evaluate = pytest.importorskip(
            "cel", reason="no CEL: install common-expression-language to run the admission cases"
        ).evaluate
        self._spec = policy["spec"]

    def matches(self, operation: str, group: str, resource: str) -> bool:
        return any(
            operation in rule["operations"] and group in rule["apiGroups"] and resource in rule["resources"]
            for rule in self._spec["matchConstraints"]["resourceRules"]
        )

    def denials(self, **context: Any) -> list[str]:
        """The messages of what fails; a policy that cannot be decided denies, because its failurePolicy says so."""
        assert self._spec["failurePolicy"] == "Fail"
        variables: dict[str, Any] = {}
        for variable in self._spec.get("variables", []):
            # Evaluated when used, as in the API server: an error in one that nobody asks for harms nobody.
            try:
                variables[variable["name"]] = self._evaluate(
                    variable["expression"], {**context, "variables": variables}
                )
            except (RuntimeError, TypeError, ValueError):
                continue
        said = []
        for validation in self._spec["validations"]:
            try:
                holds = self._evaluate(validation["expression"], {**context, "variables": variables})
            except (RuntimeError, TypeError, ValueError) as error:
                said.append(f"undecided: {error}")
            else:
                if holds is not True:
                    said.append(validation["message"])
        return said


# --- what needs no CEL -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*KEEP, HOLD])
def test_each_policy_denies_whoever_asks(manifests: list[Manifest], name: str) -> None:
    policy = of_kind(manifests, "ValidatingAdmissionPolicy", name)
    binding = of_kind(manifests, "ValidatingAdmissionPolicyBinding", name)

    assert policy["spec"]["failurePolicy"] == "Fail"
    assert binding["spec"]["policyName"] == name
    assert binding["spec"]["validationActions"] == ["Deny"]


def test_pods_are_held_in_the_namespace_and_data_is_kept_everywhere(manifests: list[Manifest]) -> None:
    hold = of_kind(manifests, "ValidatingAdmissionPolicyBinding", HOLD)["spec"]
    keep = [of_kind(manifests, "ValidatingAdmissionPolicyBinding", name)["spec"] for name in KEEP]

    assert hold["matchResources"]["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "openclaw"}
    # A PersistentVolume and a Namespace are in no namespace, so nothing may narrow this one.
    assert [binding for binding in keep if "matchResources" in binding] == []


@pytest.mark.parametrize("name", KEEP)
def test_a_policy_that_keeps_data_is_about_one_kind(manifests: list[Manifest], name: str) -> None:
    rules = of_kind(manifests, "ValidatingAdmissionPolicy", name)["spec"]["matchConstraints"]["resourceRules"]

    # The API server reports an expression over a field that one of the matched kinds has not.
    assert [resource for rule in rules for resource in rule["resources"]] == [name.removeprefix("openclaw-keep-")]


def test_the_policies_are_not_deployed_by_what_they_limit(tree: Mapping[str, str]) -> None:
    resources = yaml.safe_load(tree["lolice/argoproj/openclaw/kustomization.yaml"])["resources"]

    assert not {"admission.yaml", "application.yaml", "appproject.yaml"} & {*resources}


# --- data ------------------------------------------------------------------------------------------------------------


class Keep:
    """All policies that keep data: a request is put to those that match it."""

    def __init__(self, policies: Iterable[Admission]) -> None:
        self._policies = list(policies)

    def asked(self, request: Any) -> list[Admission]:
        about = request["request"]["resource"]
        operation = request["request"]["operation"]
        return [one for one in self._policies if one.matches(operation, about["group"], about["resource"])]

    def denials(self, request: Any) -> list[str]:
        return [said for one in self.asked(request) for said in one.denials(**request)]


@pytest.fixture(scope="module")
def keep(manifests: list[Manifest]) -> Keep:
    return Keep(Admission(of_kind(manifests, "ValidatingAdmissionPolicy", name)) for name in KEEP)


GROUPS = {
    "applications": "argoproj.io",
    "appprojects": "argoproj.io",
    "customresourcedefinitions": "apiextensions.k8s.io",
    "volumes": "longhorn.io",
}


def deletion(
    resource: str, name: str, namespace: str | None = None, *, asked: str | None = None, spec: Manifest | None = None
) -> Any:
    """A request to delete one object; when a whole collection is deleted, the request names nothing."""
    return {
        "request": {
            "name": name if asked is None else asked,
            "namespace": namespace or "",
            "operation": "DELETE",
            "resource": {"group": GROUPS.get(resource, ""), "version": "v1", "resource": resource},
        },
        "oldObject": {
            "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
            "spec": spec or {},
        },
    }


def update(request: Any, *, metadata: Manifest | None = None, spec: Manifest | None = None) -> Any:
    """The same object, changed instead of deleted."""
    changed = deepcopy(request)
    changed["request"]["operation"] = "UPDATE"
    old = changed["oldObject"]
    changed["object"] = {"metadata": {**old["metadata"], **(metadata or {})}, "spec": {**old["spec"], **(spec or {})}}
    return changed


def without_claim(request: Any) -> Any:
    """The volume with its claimRef removed."""
    changed = update(request)
    del changed["object"]["spec"]["claimRef"]
    return changed


def of_longhorn(namespace: str) -> Any:
    """Longhorn's volume for a claim of *namespace*."""
    request = deletion("volumes", "pvc-1234", "longhorn-system")
    request["oldObject"]["status"] = {"kubernetesStatus": {"namespace": namespace}}
    return request


CLAIMED = {"claimRef": {"namespace": "openclaw", "name": "openclaw-data"}}
DATA = {
    "the claim": deletion("persistentvolumeclaims", "openclaw-data", "openclaw"),
    "the claim, with its whole collection": deletion("persistentvolumeclaims", "openclaw-data", "openclaw", asked=""),
    "the namespace": deletion("namespaces", "openclaw"),
    "the namespace, with all others": deletion("namespaces", "openclaw", asked=""),
    "the volume": deletion("persistentvolumes", "pvc-1234", spec=CLAIMED),
    "the volume, with all others": deletion("persistentvolumes", "pvc-1234", asked="", spec=CLAIMED),
    "the Application": deletion("applications", "openclaw", "argocd"),
    "the Application, with its whole collection": deletion("applications", "openclaw", "argocd", asked=""),
    "the project": deletion("appprojects", "openclaw", "argocd"),
    "the definition of Applications": deletion("customresourcedefinitions", "applications.argoproj.io"),
    "the definition of Longhorn's volumes": deletion("customresourcedefinitions", "volumes.longhorn.io"),
    "Longhorn's volume": of_longhorn("openclaw"),
}
VOLUME = deletion("persistentvolumes", "pvc-1234", spec={**CLAIMED, "persistentVolumeReclaimPolicy": "Retain"})
APPLICATION = deletion("applications", "openclaw", "argocd")
CASCADE = "resources-finalizer.argocd.argoproj.io"
CHANGES = {
    "the volume to Delete": update(VOLUME, spec={"persistentVolumeReclaimPolicy": "Delete"}),
    "the volume's claim away": without_claim(VOLUME),
    "the volume to another namespace": update(VOLUME, spec={"claimRef": {"namespace": "staging", "name": "x"}}),
    **{
        f"a finalizer onto the Application ({how or 'plain'})": update(
            APPLICATION, metadata={"finalizers": ["example.com/harmless", CASCADE + how]}
        )
        for how in ("", "/background", "/foreground")
    },
}
HARMLESS = {
    "a label onto the volume": update(VOLUME, metadata={"labels": {"a": "b"}}),
    "the uid of its claim, to bind it again": update(
        VOLUME, spec={"claimRef": {"namespace": "openclaw", "name": "openclaw-data", "uid": "1"}}
    ),
    "a volume of another namespace": update(
        deletion("persistentvolumes", "pvc-1", spec={"claimRef": {"namespace": "staging", "name": "x"}}),
        spec={"persistentVolumeReclaimPolicy": "Delete"},
    ),
    "ArgoCD's status of the Application": update(APPLICATION),
    "a finalizer onto another Application": update(
        deletion("applications", "grafana", "argocd"), metadata={"finalizers": [CASCADE]}
    ),
}
OTHERS = {
    "a claim of another name": deletion("persistentvolumeclaims", "scratch", "openclaw"),
    "a claim of that name elsewhere": deletion("persistentvolumeclaims", "openclaw-data", "staging"),
    "another namespace": deletion("namespaces", "staging"),
    "a volume of another namespace": deletion(
        "persistentvolumes", "pvc-1", spec={"claimRef": {"namespace": "staging", "name": "openclaw-data"}}
    ),
    "a volume that nobody claimed": deletion("persistentvolumes", "pvc-2", spec={"capacity": {"storage": "1Gi"}}),
    "another definition": deletion("customresourcedefinitions", "certificates.cert-manager.io"),
    "Longhorn's volume of another namespace": of_longhorn("staging"),
    "Longhorn's volume that nobody claimed": deletion("volumes", "pvc-2", "longhorn-system"),
    "another Application": deletion("applications", "grafana", "argocd"),
    "an Application of that name elsewhere": deletion("applications", "openclaw", "argocd-staging"),
}


@pytest.mark.parametrize("request_", DATA.values(), ids=DATA.keys())
def test_nobody_deletes(keep: Keep, request_: Any) -> None:
    assert len(keep.asked(request_)) == 1
    assert len(keep.denials(request_)) == 1


@pytest.mark.parametrize("request_", CHANGES.values(), ids=CHANGES.keys())
def test_nobody_puts(keep: Keep, request_: Any) -> None:
    assert len(keep.asked(request_)) == 1
    assert len(keep.denials(request_)) == 1


@pytest.mark.parametrize("request_", HARMLESS.values(), ids=HARMLESS.keys())
def test_anybody_puts(keep: Keep, request_: Any) -> None:
    assert keep.denials(request_) == []


@pytest.mark.parametrize("request_", OTHERS.values(), ids=OTHERS.keys())
def test_anybody_deletes(keep: Keep, request_: Any) -> None:
    assert keep.denials(request_) == []


# --- pods ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hold(manifests: list[Manifest]) -> Admission:
    return Admission(of_kind(manifests, "ValidatingAdmissionPolicy", HOLD))


@pytest.fixture(scope="module")
def pods(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {
        one["metadata"]["name"]: one["spec"]["template"] for one in manifests if one["kind"] in {"Deployment", "Job"}
    }


def test_the_pods_of_dist_are_admitted(hold: Admission, pods: dict[str, Manifest]) -> None:
    assert {name: hold.denials(object=pod) for name, pod in pods.items()} == {
        "cloudflared": [],
        "litellm": [],
        "openclaw": [],
    }


def test_every_way_to_a_pod_is_held(hold: Admission) -> None:
    assert hold.matches("CREATE", "", "pods")
    assert hold.matches("UPDATE", "", "pods")
    assert hold.matches("UPDATE", "", "pods/ephemeralcontainers")


def test_a_new_version_of_the_sidecar_is_admitted(hold: Admission, pods: dict[str, Manifest]) -> None:
    for image in ("docker:28.0.4-dind", "docker:27.5.1-dind@sha256:" + "a" * 64, "docker@sha256:" + "a" * 64):
        pod = deepcopy(pods["openclaw"])
        sidecar(pod)["image"] = image

        assert hold.denials(object=pod) == []


def sidecar(pod: Manifest) -> Manifest:
    return next(one for one in pod["spec"]["initContainers"] if one["name"] == "dind")


def main(pod: Manifest) -> Any:
    return pod["spec"]["containers"][0]


def context(pod: Manifest) -> Any:
    return main(pod)["securityContext"]


MUTANTS: dict[str, Mutation] = {
    "the sidecar in a pod of another workload": lambda p: p["metadata"]["labels"].update(
        {"app.kubernetes.io/name": "litellm"}
    ),
    "the sidecar in a pod of another platform": lambda p: p["metadata"]["labels"].update(
        {"app.kubernetes.io/part-of": "other"}
    ),
    "the sidecar in a pod without labels": lambda p: p["metadata"].pop("labels"),
    "the sidecar under another name": lambda p: sidecar(p).update(name="dind2"),
    "another image under the sidecar's name": lambda p: sidecar(p).update(image="alpine:3.20.1"),
    "an image whose name ends like the sidecar's": lambda p: sidecar(p).update(image="evil.example/docker:27.5.1-dind"),
    "an image whose name begins like the sidecar's": lambda p: sidecar(p).update(image="docker.evil/x:27.5.1-dind"),
    "the sidecar's image at a moving tag": lambda p: sidecar(p).update(image="docker:dind"),
    "the sidecar's image without a version": lambda p: sidecar(p).update(image="docker"),
    "a second image behind a line break": lambda p: sidecar(p).update(image="docker:27.5.1-dind\nevil:1.0.0"),
    "the gateway privileged": lambda p: context(p).update(privileged=True),
    "an init container privileged": lambda p: p["spec"]["initContainers"][0]["securityContext"].update(privileged=True),
    "a container more, privileged": lambda p: p["spec"]["containers"].append(
        {"name": "x", "image": "docker:27.5.1-dind", "securityContext": {"privileged": True}}
    ),
    "a container more, with nothing said": lambda p: p["spec"]["containers"].append(
        {"name": "x", "image": "alpine:3.20.1"}
    ),
    "privilege escalation allowed": lambda p: context(p).update(allowPrivilegeEscalation=True),
    "privilege escalation not forbidden": lambda p: context(p).pop("allowPrivilegeEscalation"),
    "capabilities kept": lambda p: context(p).pop("capabilities"),
    "some capabilities dropped": lambda p: context(p).update(capabilities={"drop": ["NET_RAW"]}),
    "a capability added": lambda p: context(p)["capabilities"].update(add=["SYS_ADMIN"]),
    "no security context": lambda p: main(p).pop("securityContext"),
    "root allowed in a container": lambda p: context(p).update(runAsNonRoot=False),
    "root allowed in the pod": lambda p: (context(p).pop("runAsNonRoot"), p["spec"].pop("securityContext")),
    "user 0 in a container": lambda p: context(p).update(runAsUser=0),
    "user 0 in the pod": lambda p: p["spec"]["securityContext"].update(runAsUser=0),
    "no seccomp profile": lambda p: p["spec"]["securityContext"].pop("seccompProfile"),
    "an unconfined container": lambda p: context(p).update(seccompProfile={"type": "Unconfined"}),
    "an unconfined pod": lambda p: p["spec"]["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "AppArmor off in a container": lambda p: context(p).update(appArmorProfile={"type": "Unconfined"}),
    "AppArmor off in the pod": lambda p: p["spec"]["securityContext"].update(appArmorProfile={"type": "Unconfined"}),
    "all of /proc": lambda p: context(p).update(procMount="Unmasked"),
    "SELinux options": lambda p: context(p).update(seLinuxOptions={"type": "spc_t"}),
    "a sysctl": lambda p: p["spec"]["securityContext"].update(
        sysctls=[{"name": "kernel.shm_rmid_forced", "value": "0"}]
    ),
    "a port of the node": lambda p: main(p)["ports"][0].update(hostPort=80),
    "a port of the node for the sidecar": lambda p: sidecar(p).update(ports=[{"containerPort": 1, "hostPort": 2376}]),
    "the node's network": lambda p: p["spec"].update(hostNetwork=True),
    "the node's processes": lambda p: p["spec"].update(hostPID=True),
    "the node's shared memory": lambda p: p["spec"].update(hostIPC=True),
    "processes shared between containers": lambda p: p["spec"].update(shareProcessNamespace=True),
    "a folder of the node": lambda p: p["spec"]["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    "a projected token": lambda p: p["spec"]["volumes"].append(
        {"name": "x", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    ),
    "an NFS volume": lambda p: p["spec"]["volumes"].append({"name": "x", "nfs": {"server": "s", "path": "/"}}),
    "a volume of a CSI driver": lambda p: p["spec"]["volumes"].append({"name": "x", "csi": {"driver": "d"}}),
    "a debug container": lambda p: p["spec"].update(
        ephemeralContainers=[{"name": "x", "image": "a:1.0.0", "securityContext": dict(context(p))}]
    ),
    "a token for the API server": lambda p: p["spec"].update(automountServiceAccountToken=True),
    "a token by default": lambda p: p["spec"].pop("automountServiceAccountToken"),
    "the sidecar with a command of its own": lambda p: sidecar(p).update(command=["sh", "-c", "id"]),
    "the sidecar with another argument": lambda p: sidecar(p)["args"].append("--insecure-registry=x"),
    "the sidecar without its arguments": lambda p: sidecar(p).pop("args"),
    "the sidecar with a hook of its own": lambda p: sidecar(p)["lifecycle"]["postStart"]["exec"].update(
        command=["sh", "-c", "id"]
    ),
    "the sidecar with a last word": lambda p: sidecar(p)["lifecycle"].update(preStop={"exec": {"command": ["id"]}}),
    "the sidecar with a probe that runs something": lambda p: sidecar(p).update(
        readinessProbe={"exec": {"command": ["sh", "-c", "id"]}}
    ),
    "the sidecar with a library before its own": lambda p: sidecar(p)["env"].append(
        {"name": "LD_PRELOAD", "value": "/certs/x.so"}
    ),
    "the sidecar with a program over its own": lambda p: sidecar(p)["volumeMounts"].append(
        {"name": "scripts", "mountPath": "/usr/local/bin"}
    ),
    "another workload's secret as a variable": lambda p: main(p)["env"].append(
        {"name": "X", "valueFrom": {"secretKeyRef": {"name": "litellm-credentials", "key": "ANTHROPIC_API_KEY"}}}
    ),
    "another workload's secret, whole": lambda p: main(p).update(
        envFrom=[{"secretRef": {"name": "litellm-credentials"}}]
    ),
    "another workload's secret as files": lambda p: p["spec"]["volumes"].append(
        {"name": "x", "secret": {"secretName": "litellm-credentials"}}
    ),
    "its own secret in another container": lambda p: p["spec"]["containers"][1].update(
        env=[{"name": "X", "valueFrom": {"secretKeyRef": {"name": "openclaw-credentials", "key": "GITHUB_TOKEN"}}}]
    ),
    "its own secret in an image of somebody else": lambda p: main(p).update(image="example.com/x:1.0.0"),
    "its own secret in a container of another name": lambda p: main(p).update(name="other"),
    "a stranger that takes a secret": lambda p: p["metadata"].update(labels={"app": "x"}),
}


@pytest.mark.parametrize("mutate", MUTANTS.values(), ids=MUTANTS.keys())
def test_denies(hold: Admission, pods: dict[str, Manifest], mutate: Mutation) -> None:
    pod = deepcopy(pods["openclaw"])
    mutate(pod)
    denials = hold.denials(object=pod)

    assert denials != []
    assert not [said for said in denials if said.startswith("undecided")]


@pytest.mark.parametrize("workload", ["cloudflared", "litellm"])
def test_no_other_workload_may_have_a_privileged_container(
    hold: Admission, pods: dict[str, Manifest], workload: str
) -> None:
    pod = deepcopy(pods[workload])
    pod["spec"].setdefault("initContainers", []).append(sidecar(pods["openclaw"]))

    assert hold.denials(object=pod) != []


def test_without_a_sandbox_nothing_is_privileged(engines: None, pods: dict[str, Manifest]) -> None:
    from cdk8s import Testing

    from agentkeep import Sandbox
    from agentkeep.delivery.admission import AdmissionKubernetes
    from tests.worlds import world

    built = world(sandbox=Sandbox.off(because="a test"))
    chart = Testing.chart()
    AdmissionKubernetes(chart, "admission", built.platform.seal())
    policy = of_kind(Testing.synth(chart), "ValidatingAdmissionPolicy", "demo-hold-pods")

    assert Admission(policy).denials(object=deepcopy(pods["openclaw"])) != []
    # Its secret is another platform's.
    innocent = deepcopy(pods["litellm"])
    main(innocent)["env"] = []
    assert Admission(policy).denials(object=innocent) == []


# --- every platform --------------------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(page for top in (ROOT / "dist", ROOT / "examples") for page in top.rglob("admission.yaml"))


@pytest.mark.parametrize("page", PAGES, ids=[str(page.parent.relative_to(ROOT)) for page in PAGES])
def test_each_declared_pod_is_admitted_by_its_own_platform(page: Path) -> None:
    documents = [item for file in page.parent.glob("*.yaml") for item in yaml.safe_load_all(file.read_text("utf-8"))]
    policies = [one for one in documents if one["kind"] == "ValidatingAdmissionPolicy"]
    hold = Admission(next(one for one in policies if one["metadata"]["name"].endswith("-hold-pods")))
    templates = [one["spec"]["template"] for one in documents if one["kind"] in ("Deployment", "Job")]

    assert [hold.denials(object=template) for template in templates] == [[]] * len(templates)
    assert templates


DIGEST = "@sha256:" + "a" * 64


@pytest.mark.parametrize(
    "reference",
    [
        "acme/tool:1.2.3",
        "acme/tool:v1.2.3-rc.1",
        f"acme/tool:nightly{DIGEST}",
        f"acme/tool{DIGEST}",
        "e.com:5/a-b/c:1.2.3",
    ],
)
def test_a_declared_image_is_one_of_those_that_are_admitted(reference: str) -> None:
    from agentkeep.delivery.admission import _any_version_of

    image = Image(reference)
    pattern = _any_version_of(image)

    assert list(image.problems()) == []
    assert re.match(pattern, reference)
    # A tag that moves, and another repository.
    assert not re.match(pattern, f"{image.repository}:latest")
    assert not re.match(pattern, f"evil/{image.repository}:1.2.3")
    assert not re.match(pattern, f"{image.repository}-evil:1.2.3")


def test_the_page_grows_with_the_number_of_agents_and_no_faster(engines: None) -> None:
    from bench.programs.many_agents import declare

    def size(agents: int) -> int:
        from cdk8s import Testing

        from agentkeep.delivery.admission import AdmissionKubernetes

        chart = Testing.chart()
        AdmissionKubernetes(chart, "admission", declare(agents).seal())
        return len(yaml.safe_dump(Testing.synth(chart), width=10**6))

    two, four, eight = (size(count) for count in (2, 4, 8))

    # Names and images of the further agents; the sidecar, which is alike, is written once.
    assert eight - four == 2 * (four - two)
    assert (four - two) / 2 < two / 4
