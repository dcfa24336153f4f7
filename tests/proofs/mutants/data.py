"""Mutants of the data family: whatever can delete, replace or double the volume that holds the state."""

# mypy does not infer the type of a lambda with a default, and most harms are one.
# mypy: disable-error-code="misc"
from collections.abc import Callable, Iterator
from functools import partial

from tests.proofs.mutants.shared import (
    ELSEWHERE,
    admission,
    dropping,
    setting,
)
from tests.proofs.world import UNKNOWN, Base, Mutant, World

OPTIONS = "argocd.argoproj.io/sync-options"


def mutants(base: Base) -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _data(base)


def _data(base: Base) -> Iterator[Mutant]:
    for kind, name in base.objects("PersistentVolumeClaim", "Namespace", "StorageClass"):
        meta = partial(lambda k, n, w: w.k8s(k, n)["metadata"], kind, name)
        for what, value in (
            ("may be pruned", "Delete=false"),
            ("goes with the app", "Prune=false"),
            ("goes after a click", "Prune=false,Delete=confirm"),
            ("may be replaced", "Prune=false,Delete=false,Replace=true"),
            ("misspelt", "prune=false,delete=false"),
        ):
            yield Mutant(
                "DATA001", f"{kind} {name} {what}", lambda w, m=meta, v=value: m(w)["annotations"].update({OPTIONS: v})
            )
        yield Mutant("DATA001", f"{kind} {name} without options", lambda w, m=meta: m(w)["annotations"].pop(OPTIONS))
        yield Mutant(
            "DATA001",
            f"{kind} {name} as a hook",
            lambda w, m=meta: m(w)["annotations"].update({"argocd.argoproj.io/hook": "PreSync"}),
        )
    claim = next(one["claim"] for one in base.ledger["storage"] if one["workload"] == base.agent)
    pvc = partial(lambda w: w.k8s("PersistentVolumeClaim", claim))
    yield Mutant(
        "DATA008",
        "the claim goes with its owner",
        lambda w: pvc(w)["metadata"].update(ownerReferences=[{"kind": "Deployment", "name": "x"}]),
    )
    yield Mutant("DATA008", "the claim is dropped", lambda w: w.drop("PersistentVolumeClaim", claim))
    application = partial(lambda w: w.k8s("Application", base.namespace))
    policy = partial(lambda w: application(w)["spec"]["syncPolicy"])
    for finalizer in ("resources-finalizer.argocd.argoproj.io", "resources-finalizer.argocd.argoproj.io/background"):
        yield Mutant(
            "DATA002",
            f"the Application with {finalizer}",
            lambda w, f=finalizer: application(w)["metadata"].update(finalizers=[f]),
        )
    yield Mutant("DATA002", "the Application prunes", lambda w: policy(w)["automated"].update(prune=True))
    yield Mutant(
        "DATA002", "an empty folder deletes everything", lambda w: policy(w)["automated"].update(allowEmpty=True)
    )
    for option in ("Replace=true", "Force=true"):
        yield Mutant(
            "DATA002", f"the Application syncs with {option}", lambda w, o=option: policy(w)["syncOptions"].append(o)
        )
    yield Mutant(
        "DATA002",
        "the Application manages the namespace",
        lambda w: policy(w).update(managedNamespaceMetadata={"labels": {"a": "b"}}),
    )
    yield Mutant("DATA002", "no Application", lambda w: w.drop("Application", base.namespace), UNKNOWN, ELSEWHERE)
    storage = next(name for _, name in base.objects("StorageClass"))
    yield Mutant(
        "DATA003",
        "volumes are deleted with their claims",
        lambda w: w.k8s("StorageClass", storage).update(reclaimPolicy="Delete"),
    )
    yield Mutant(
        "DATA003",
        "the class does not say what becomes of volumes",
        lambda w: w.k8s("StorageClass", storage).pop("reclaimPolicy"),
    )
    yield Mutant(
        "DATA003",
        "the claim is of the cluster's class",
        lambda w: pvc(w)["spec"].update(storageClassName="longhorn"),
        UNKNOWN,
        ELSEWHERE,
    )
    yield Mutant(
        "DATA003",
        "the claim is of the default class",
        lambda w: pvc(w)["spec"].pop("storageClassName"),
        UNKNOWN,
        ELSEWHERE,
    )
    for label in ("recurring-job.longhorn.io/source", "recurring-job-group.longhorn.io/default"):
        yield Mutant("DATA004", f"the claim without {label}", lambda w, x=label: pvc(w)["metadata"]["labels"].pop(x))
        yield Mutant(
            "DATA004",
            f"the claim with {label} switched off",
            lambda w, x=label: pvc(w)["metadata"]["labels"].update({x: "disabled"}),
        )
    for kind in (
        "namespaces", "persistentvolumeclaims", "persistentvolumes", "applications", "appprojects",
        "customresourcedefinitions", "volumes",
    ):  # fmt: skip
        yield from _kept(base, base.name_of("ValidatingAdmissionPolicy", f"-keep-{kind}"))
    yield from _prepared(base)
    agent = partial(lambda w: w.k8s("Deployment", base.agent)["spec"])
    yield Mutant("DATA006", "the agent rolls over", setting(agent, strategy={"type": "RollingUpdate"}))
    yield Mutant("DATA006", "the agent's strategy is left out", dropping(agent, "strategy"))
    yield Mutant("DATA006", "two agents on one volume", setting(agent, replicas=2))
    yield Mutant(
        "DATA006", "the claim is for many writers", lambda w: pvc(w)["spec"].update(accessModes=["ReadWriteMany"])
    )
    yield Mutant(
        "DATA006",
        "the proxy mounts the agent's claim",
        lambda w: w.pod(base.proxy)["volumes"].append({"name": "d", "persistentVolumeClaim": {"claimName": claim}}),
    )
    yield Mutant(
        "DATA006",
        "nobody mounts the claim",
        lambda w: next(v for v in w.pod(base.agent)["volumes"] if v["name"] == "data").update(
            persistentVolumeClaim={"claimName": "other"}
        ),
    )
    project = partial(lambda w: w.k8s("AppProject", base.namespace)["spec"])
    yield Mutant(
        "DATA007",
        "the project allows every namespace",
        lambda w: project(w)["destinations"].append({"namespace": "*", "server": "https://kubernetes.default.svc"}),
    )
    yield Mutant(
        "DATA007", "the project allows every cluster", lambda w: project(w)["destinations"][0].update(server="*")
    )
    yield Mutant("DATA007", "the project allows every repository", setting(project, sourceRepos=["*"]))
    yield Mutant(
        "DATA007",
        "the project allows every cluster kind",
        setting(project, clusterResourceWhitelist=[{"group": "*", "kind": "*"}]),
    )
    yield Mutant("DATA007", "the project lists no kinds", dropping(project, "namespaceResourceWhitelist"))
    for kind in ("Role", "RoleBinding", "Secret", "Pod"):
        yield Mutant(
            "DATA007",
            f"the project allows {kind}",
            lambda w, k=kind: project(w)["namespaceResourceWhitelist"].append({"group": "", "kind": k}),
        )
    for name in ("kube-system", "*", f"{base.namespace[:-1]}*"):
        allowed = {"group": "", "kind": "Namespace", "name": name}
        yield Mutant(
            "DATA007", f"the project allows namespace {name}", setting(project, clusterResourceWhitelist=[allowed])
        )
    for kind in ("ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace", "StorageClass"):
        yield Mutant(
            "DATA007",
            f"the project allows {kind}",
            lambda w, k=kind: project(w).setdefault("clusterResourceWhitelist", []).append({"group": "", "kind": k}),
        )
    yield Mutant(
        "DATA007",
        "the project gives rights in ArgoCD",
        setting(
            project, roles=[{"name": "x", "policies": [f"p, proj:{base.namespace}:x, applications, delete, *, allow"]}]
        ),
    )
    yield Mutant("DATA007", "the default project", lambda w: application(w)["spec"].update(project="default"))


def _kept(base: Base, name: str) -> Iterator[Mutant]:
    yield from admission("DATA005", name)
    guard = partial(lambda w: w.k8s("ValidatingAdmissionPolicy", name)["spec"])

    def changed(change: Callable[[str], str]) -> Callable[[World], object]:
        """Every expression of the policy, changed."""

        def apply(world: World) -> None:
            for one in guard(world)["validations"]:
                one["expression"] = change(one["expression"])

        return apply

    def by_request(text: str) -> str:
        for field, asked in (
            ("metadata.name", "name"),
            ("spec.claimRef.namespace", "namespace"),
            ("status.kubernetesStatus.namespace", "namespace"),
        ):
            text = text.replace(f"oldObject.{field}", f"request.{asked}")
        return text

    yield Mutant("DATA005", f"{name}: no validation", setting(guard, validations=[]))
    yield Mutant("DATA005", f"{name}: true", changed(lambda _: "true"))
    yield Mutant("DATA005", f"{name}: by request.name", changed(by_request))
    yield Mutant(
        "DATA005",
        f"{name}: for another name",
        changed(
            lambda text: (
                text.replace(base.namespace, "other").replace(base.agent, "other").replace("argoproj.io", "example.com")
            )
        ),
    )
    yield Mutant(
        "DATA005",
        f"{name}: unless somebody asks",
        changed(lambda text: f"{text} || request.userInfo.username == 'somebody'"),
    )


def _prepared(base: Base) -> Iterator[Mutant]:
    """What prepares a deletion, and the definitions that take every object with them."""
    for kind, count in (("persistentvolumes", 4), ("applications", 2)):
        name = base.name_of("ValidatingAdmissionPolicy", f"-keep-{kind}")
        guard = partial(lambda w, n: w.k8s("ValidatingAdmissionPolicy", n)["spec"], n=name)
        for index in range(count):
            yield Mutant(
                "DATA005",
                f"{name}: validation {index + 1} dropped",
                lambda w, g=guard, i=index: g(w)["validations"].pop(i),
            )
        yield Mutant(
            "DATA005",
            f"{name} asks about deletions alone",
            lambda w, g=guard: g(w)["matchConstraints"]["resourceRules"][0].update(operations=["DELETE"]),
        )
    for how in ("", "/background", "/foreground"):
        finalizer = f'"resources-finalizer.argocd.argoproj.io{how}"'
        yield Mutant(
            "DATA005",
            f"the finalizer with {how or 'nothing'} is not refused",
            partial(_reworded, base.name_of("ValidatingAdmissionPolicy", "-keep-applications"), finalizer),
        )
    for definition in ("applications.argoproj.io", "appprojects.argoproj.io", "volumes.longhorn.io"):
        yield Mutant(
            "DATA005",
            f"the definition {definition} may go",
            partial(
                _reworded,
                base.name_of("ValidatingAdmissionPolicy", "-keep-customresourcedefinitions"),
                f'"{definition}"',
            ),
        )


def _reworded(name: str, old: str, world: World) -> None:
    """Another text stands where a policy's expressions say *old*."""
    validations = world.k8s("ValidatingAdmissionPolicy", name)["spec"]["validations"]
    assert any(old in one["expression"] for one in validations)
    for one in validations:
        one["expression"] = one["expression"].replace(old, '"x"')
