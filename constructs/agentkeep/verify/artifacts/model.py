"""What stands in a folder of artifacts, as types: a place, a Kubernetes object, the pod that it makes, Terraform."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final

from agentkeep.verify.documents import Document, Node

POD_PARENTS: Final = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod"}
)
# Kinds without a namespace, as far as any rule asks.
CLUSTER_KINDS: Final = frozenset(
    {
        "Namespace", "ClusterRole", "ClusterRoleBinding", "ClusterSecretStore", "ClusterExternalSecret", "StorageClass",
        "PersistentVolume", "PriorityClass", "RuntimeClass", "CustomResourceDefinition", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
        "IngressClass", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "GlobalNetworkPolicy",
        "CiliumClusterwideNetworkPolicy", "TracingPolicy", "VolumeSnapshotClass", "VolumeSnapshotContent",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file below the folder, and a line from 1, looked up only when asked for."""

    file: str
    at: int | Callable[[], int] = 1

    @property
    def line(self) -> int:
        """The line."""
        return self.at if isinstance(self.at, int) else self.at()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Object:
    """One Kubernetes object as written, with the namespace that it will land in."""

    kind: str
    api_version: str
    name: str
    namespace: str
    body: Node = field(repr=False)
    place: Place

    @property
    def spec(self) -> Mapping[str, Any]:
        """``spec``, or an empty mapping."""
        return mapping(self.body.get("spec"))

    @property
    def group(self) -> str:
        """The API group, ``""`` for core."""
        return self.api_version.rpartition("/")[0]

    @property
    def labels(self) -> Mapping[str, str]:
        """``metadata.labels``."""
        return mapping(mapping(self.body.get("metadata")).get("labels"))

    @property
    def annotations(self) -> Mapping[str, str]:
        """``metadata.annotations``."""
        return mapping(mapping(self.body.get("metadata")).get("annotations"))

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}" if self.namespace else f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod template. *kind* is ``container``, ``init``, ``sidecar`` or ``ephemeral``."""

    name: str
    kind: str
    body: Mapping[str, Any] = field(repr=False)
    place: Place

    @property
    def security(self) -> Mapping[str, Any]:
        """``securityContext``, or an empty mapping."""
        return mapping(self.body.get("securityContext"))

    @property
    def privileged(self) -> bool:
        """Whether this container owns its node."""
        return self.security.get("privileged") is True

    @property
    def env(self) -> Sequence[Mapping[str, Any]]:
        """``env`` entries."""
        return mappings(self.body.get("env"))

    @property
    def mounts(self) -> Sequence[Mapping[str, Any]]:
        """``volumeMounts`` entries."""
        return mappings(self.body.get("volumeMounts"))


@dataclass(frozen=True)
class Workload:
    """One object that makes pods, seen as the pod that it makes."""

    object: Object
    pod: Mapping[str, Any] = field(repr=False)
    labels: Mapping[str, str]
    selector: Mapping[str, Any]
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The object's name."""
        return self.object.name

    @property
    def namespace(self) -> str:
        """The namespace of the pods."""
        return self.object.namespace

    @property
    def place(self) -> Place:
        """Where the object stands."""
        return self.object.place

    @property
    def host_network(self) -> bool:
        """Whether the pods use their node's address, which no NetworkPolicy covers."""
        return self.pod.get("hostNetwork") is True

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Every container of the pod, init containers first."""
        found: list[Container] = []
        for key, kind in (
            ("initContainers", "init"),
            ("containers", "container"),
            ("ephemeralContainers", "ephemeral"),
        ):
            for body in mappings(self.pod.get(key)):
                is_sidecar = kind == "init" and body.get("restartPolicy") == "Always"
                place = Place(self.place.file, body.line if isinstance(body, Node) and body.line else self.place.line)
                found.append(Container(text(body.get("name")), "sidecar" if is_sidecar else kind, body, place))
        return tuple(found)

    @cached_property
    def volumes(self) -> Sequence[Mapping[str, Any]]:
        """``volumes`` entries, and the claims that a StatefulSet makes for its pod."""
        made = [
            {"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{self.name}-0"}} for name in self.templates
        ]
        # A template takes the place of a volume of its name.
        written = [one for one in mappings(self.pod.get("volumes")) if text(one.get("name")) not in self.templates]
        return [*written, *made]

    @cached_property
    def templates(self) -> Mapping[str, Mapping[str, Any]]:
        """``volumeClaimTemplates`` of a StatefulSet by name."""
        if self.object.kind != "StatefulSet":
            return {}
        listed = mappings(self.object.spec.get("volumeClaimTemplates"))
        return {text(mapping(one.get("metadata")).get("name")): one for one in listed}

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Terraform:
    """One root module, as JSON."""

    document: Document

    @property
    def file(self) -> str:
        """The file, below the folder."""
        return self.document.file

    @property
    def folder(self) -> str:
        """The folder of the root module."""
        return self.document.file.rpartition("/")[0]

    def blocks(self, kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """(type, name, body) of every block of *kind*: ``resource`` or ``data``."""
        for type_name, named in mapping(self.document.root.get(kind)).items():
            for name, body in mapping(named).items():
                for one in body if isinstance(body, list) else [body]:
                    yield type_name, name, mapping(one)

    def resources(self, *types: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """(type, name, body) of every resource of the given types."""
        return ((t, n, b) for t, n, b in self.blocks("resource") if t in types)

    def at(self, *path: str | int) -> Place:
        """The place of one thing in the file."""
        return Place(self.file, partial(self.document.line_of, *path))


@dataclass(frozen=True, slots=True)
class Chart:
    """A Helm chart's folder: its metadata, values and raw templates."""

    folder: str
    meta: Node
    values: Node
    templates: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True)
class Artifacts:
    """
    Everything in one folder.

    Attributes:
        root: The folder that was read.
        objects: Kubernetes objects outside charts.
        terraform: Root modules.
        kustomizations: (file, document) of every ``kustomization.yaml``.
        charts: Helm charts.
        strangers: Files that nothing here understands.
        overrides: Files by which ArgoCD is told to put other images in the place of those written.
        ledger: The root of ``platform.json``, if there is one.
    """

    root: str
    objects: tuple[Object, ...]
    terraform: tuple[Terraform, ...] = ()
    kustomizations: tuple[Document, ...] = ()
    charts: tuple[Chart, ...] = ()
    strangers: tuple[str, ...] = ()
    overrides: tuple[Document, ...] = ()
    ledger: Document | None = None
    files: tuple[str, ...] = ()

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[Object, ...]]:
        """Objects by their kind."""
        found: dict[str, list[Object]] = {}
        for item in self.objects:
            found.setdefault(item.kind, []).append(item)
        return {kind: tuple(items) for kind, items in found.items()}

    @cached_property
    def index(self) -> Mapping[tuple[str, str, str], Object]:
        """Objects by (kind, namespace, name)."""
        return {(item.kind, item.namespace, item.name): item for item in self.objects}

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Everything that makes pods."""
        return tuple(_workload(item) for item in self.objects if item.kind in POD_PARENTS)

    def kind(self, *kinds: str) -> tuple[Object, ...]:
        """Objects of the given kinds, in reading order."""
        return tuple(item for kind in kinds for item in self.by_kind.get(kind, ()))


def mapping(value: Any) -> Mapping[str, Any]:
    """*value* if it is a mapping, else an empty one: a rule asks, the shape rule complains."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    """The mappings in *value* if it is a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """*value* if it is text, else empty."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """The texts in *value* if it is a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def claims_of(workload: Workload) -> Iterator[Object]:
    """The claims that a StatefulSet makes, one for each template and pod, as its controller names them."""
    replicas = workload.object.spec.get("replicas", 1)
    # More are refused by a rule; the first stand for them.
    pods = range(min(replicas, 16)) if isinstance(replicas, int) and replicas > 0 else range(1)
    for name, template in workload.templates.items():
        for number in pods:
            yield Object(
                "PersistentVolumeClaim", "v1", f"{name}-{workload.name}-{number}", workload.namespace,
                template if isinstance(template, Node) else Node(template), line_in(template, workload.place),
            )  # fmt: skip


def line_in(value: Any, otherwise: Place) -> Place:
    """The place of a nested mapping in the same file as *otherwise*."""
    return Place(otherwise.file, value.line) if isinstance(value, Node) and value.line else otherwise


def _workload(item: Object) -> Workload:
    spec = item.spec
    if item.kind == "Pod":
        return Workload(item, spec, item.labels, {"matchLabels": item.labels}, item.annotations)
    if item.kind == "CronJob":
        spec = mapping(mapping(spec.get("jobTemplate")).get("spec"))
    template = mapping(spec.get("template"))
    labels = mapping(mapping(template.get("metadata")).get("labels"))
    selector = mapping(spec.get("selector"))
    if item.kind == "ReplicationController":
        selector = {"matchLabels": selector}
    annotations = mapping(mapping(template.get("metadata")).get("annotations"))
    return Workload(item, mapping(template.get("spec")), labels, selector or {"matchLabels": labels}, annotations)
