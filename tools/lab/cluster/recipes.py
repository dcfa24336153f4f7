"""Kubernetes, ArgoCD and External Secrets: one module, so that what they share is compiled once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.lab.recipe import UNOPTIMIZED, Extra, Go, Recipe

HERE = Path(__file__).parent
KUBERNETES = "1.34.4"
KWOK = "sigs.k8s.io/kwok"
ARGOCD = "github.com/argoproj/argo-cd/v3"
EXTERNAL_SECRETS = "github.com/external-secrets/external-secrets"
# What the controllers know beside the AWS provider: the generators that need no server.
GENERATORS = ("fake", "password", "uuid")

# Programs ask the API server for its version, and ArgoCD gives it to Helm and Kustomize.
_MAJOR, _MINOR, _ = KUBERNETES.split(".")
_VERSION = "k8s.io/component-base/version"
NAMED = (
    f"-ldflags=-s -w -X {_VERSION}.gitVersion=v{KUBERNETES} -X {_VERSION}.gitMajor={_MAJOR}"
    f" -X {_VERSION}.gitMinor={_MINOR}",
)


def overlaid(workplace: Path, go: Go, module: str, change: Mapping[str, Callable[[str], str]]) -> list[str]:
    """
    Build with some files of *module* changed; the changed text exists for this build only.

    Go refuses an overlay inside its module cache, so the module is built from a link to its folder.
    """
    link = workplace / "module"
    link.symlink_to(json.loads(go("mod", "download", "-json", module))["Dir"])
    replaced = {}
    for number, (path, changed) in enumerate(change.items()):
        new = workplace / f"{number}.go"
        new.write_text(changed((link / path).read_text("utf-8")), encoding="utf-8")
        replaced[str(link / path)] = str(new)
    (workplace / "overlay.json").write_text(json.dumps({"Replace": replaced}), encoding="utf-8")
    own = (HERE / "go.mod").read_text("utf-8")
    (workplace / "go.mod").write_text(f"{own}\nreplace {module} => {link}\n", encoding="utf-8")
    (workplace / "go.sum").write_bytes((HERE / "go.sum").read_bytes())
    return [f"-modfile={workplace / 'go.mod'}", f"-overlay={workplace / 'overlay.json'}"]


def without_other_clouds(workplace: Path, go: Go) -> list[str]:
    """
    Leave every provider but AWS out of External Secrets: most of its code is the other clouds' libraries.

    Its controllers import one package that imports all providers, and one that imports all generators.
    """

    def only(kind: str, kept: Sequence[str]) -> Callable[[str], str]:
        imports = "".join(f'import _ "{EXTERNAL_SECRETS}/pkg/{kind}/{name}"\n' for name in kept)
        return lambda _: f"package register\n\n{imports}"

    change = {
        "pkg/provider/register/register.go": only("provider", ("aws",)),
        "pkg/generator/register/register.go": only("generator", GENERATORS),
    }
    return overlaid(workplace, go, EXTERNAL_SECRETS, change)


def with_this_kubernetes(workplace: Path, go: Go) -> list[str]:
    """
    Build kwok with the libraries of the cluster, which are newer than its own.

    Servers gave up the second of the two marks at the end of a watch's first answer; the first one is enough.
    """

    def renamed(text: str) -> str:
        return text.replace("metav1.InitialEventsListBlueprintAnnotationKey", "metav1.InitialEventsAnnotationKey")

    return overlaid(workplace, go, KWOK, {"pkg/utils/informer/informer.go": renamed})


ARGOCD_OBJECTS = tuple(
    Extra(
        f"{ARGOCD}@v3.2.11",
        "h1:3hkR11XCp/nlyM2cWr3qeUSGuZgi3JkFdMpzgL5qOR8=",
        f"manifests/crds/{kind}-crd.yaml",
        f"crds/{kind}.yaml",
    )
    for kind in ("application", "appproject", "applicationset")
)
OPERATOR_OBJECTS = Extra(
    f"{EXTERNAL_SECRETS}@v0.16.2",
    "h1:iNY+gIgSyL5higXTfnz+hdPCaiB/43UiHLqE7HBpj68=",
    "deploy/crds/bundle.yaml",
    "crds/bundle.yaml",
)
# Only definitions of objects: what a newer operator would bring.
NEWER_OPERATOR_OBJECTS = Extra(
    f"{EXTERNAL_SECRETS}@v1.3.2",
    "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
    "deploy/crds/bundle.yaml",
    "crds/bundle.yaml",
)

RECIPES = (
    Recipe("etcd", HERE, "go.etcd.io/etcd/server/v3", "the API server's store"),
    Recipe(
        "kube-apiserver", HERE, "k8s.io/kubernetes/cmd/kube-apiserver",
        "the judge: schemas, admission policies, Pod Security", flags=(*UNOPTIMIZED, *NAMED),
    ),
    Recipe(
        "kube-controller-manager", HERE, "k8s.io/kubernetes/cmd/kube-controller-manager",
        "makes pods of Deployments, binds claims, and collects what nobody owns", flags=(*UNOPTIMIZED, *NAMED),
    ),
    Recipe(
        "kube-scheduler", HERE, "k8s.io/kubernetes/cmd/kube-scheduler",
        "gives pods to nodes, and waits for volumes", flags=(*UNOPTIMIZED, *NAMED),
    ),
    Recipe(
        "kwok", HERE, "sigs.k8s.io/kwok/cmd/kwok", "a node whose pods only say that they run",
        inputs=(Path(__file__),), prepare=with_this_kubernetes,
    ),
    Recipe("kustomize", HERE, "sigs.k8s.io/kustomize/kustomize/v5", "what the repository server renders folders with"),
    Recipe("redis", HERE, "./redis", "the cache between ArgoCD's two programs"),
    Recipe("argocd", HERE, "./argocd", "application controller and repository server", extras=ARGOCD_OBJECTS),
    Recipe(
        "external-secrets", HERE, "./external-secrets", "copies parameters to Secrets",
        inputs=(Path(__file__),), prepare=without_other_clouds, extras=(OPERATOR_OBJECTS,),
    ),
    Recipe(
        "external-secrets-1.3", HERE, None, "the definitions of a newer operator's objects",
        extras=(NEWER_OPERATOR_OBJECTS,),
    ),
)  # fmt: skip
