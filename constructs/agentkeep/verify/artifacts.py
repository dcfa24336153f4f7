"""
A folder of artifacts, read once, safely, and given types.

What stands in the folder decides how a file is read: ``*.tf.json`` is Terraform, a folder with ``Chart.yaml`` is a
Helm chart, ``kustomization.yaml`` is what ArgoCD applies, ``platform.json`` is the ledger, and every YAML or JSON
document with a ``kind`` is a Kubernetes object. A file that is none of these is kept in ``Artifacts.strangers``: a
rule refutes it, nothing ignores it.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from agentkeep.errors import ProofError
from agentkeep.verify.documents import MAX_BYTES, Document, Node, decode, parse
from agentkeep.verify.selectors import parse_selector

# A policy file, for manifests written by hand; agentkeep.verify.ledger reads it.
POLICY_FORMAT: Final = "agentkeep/policy/v1"
MAX_FILES: Final = 50_000
MAX_TOTAL_BYTES: Final = 512 * 1024 * 1024
MAX_FOLDER_DEPTH: Final = 24

# Files of the two repositories that hold settings of tools, never anything that is applied.
_TOOL_FILES: Final = frozenset({"tfaction.yaml", "aqua.yaml", "aqua-checksums.json", "cdk.json", ".terraform.lock.hcl"})
_PROSE: Final = frozenset({".md", ".txt", ".gitignore", ".gitattributes", ".helmignore", ".sha256"})
_POD_PARENTS: Final = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod"}
)
_CONTAINER_LISTS: Final = {"initContainers": "init", "containers": "container", "ephemeralContainers": "ephemeral"}
# Kinds without a namespace, as far as any rule asks.
CLUSTER_KINDS: Final = frozenset(
    {
        "Namespace", "ClusterRole", "ClusterRoleBinding", "ClusterSecretStore", "ClusterExternalSecret", "StorageClass",
        "PersistentVolume", "PriorityClass", "RuntimeClass", "CustomResourceDefinition", "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
        "IngressClass", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "GlobalNetworkPolicy",
        "CiliumClusterwideNetworkPolicy", "TracingPolicy",
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

    @property
    def volumes(self) -> Sequence[Mapping[str, Any]]:
        """``volumes`` entries."""
        return mappings(self.pod.get("volumes"))

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
        ledger: The root of ``platform.json``, if there is one.
    """

    root: str
    objects: tuple[Object, ...]
    terraform: tuple[Terraform, ...] = ()
    kustomizations: tuple[Document, ...] = ()
    charts: tuple[Chart, ...] = ()
    strangers: tuple[str, ...] = ()
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
        return tuple(_workload(item) for item in self.objects if item.kind in _POD_PARENTS)

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


def load(folder: str | Path) -> Artifacts:
    """
    Read *folder* and everything below it.

    Raises:
        ProofError: the folder is missing, holds a link that leads out of it, a file that cannot be read without
        guessing, or
            more than any platform needs. The error names file and line.
    """
    root = Path(folder)
    if not root.is_dir():
        raise ProofError(str(folder), "there is no such folder", "name the folder that holds the artifacts")
    return assemble(str(folder), _Folder(root))


def assemble(root: str, files: Mapping[str, bytes]) -> Artifacts:
    """
    Artifacts from *files*: bytes by their path below *root*. ``load`` and ``agentkeep diff`` (git revisions) share
    this.

    Raises:
        ProofError: as ``load``.
    """
    chart_folders = sorted(path.rpartition("/")[0] for path in files if path.rpartition("/")[2] == "Chart.yaml")
    reader = _Reader(files, chart_folders)
    for path in sorted(files):
        reader.take(path, files[path])
    return reader.artifacts(root)


class _Folder(Mapping[str, bytes]):
    """The files of a folder, each read when it is asked for: all at once would be most of what a proof holds."""

    def __init__(self, root: Path) -> None:
        self._real = dict(_walk(root))

    def __getitem__(self, path: str) -> bytes:
        return _read(self._real[path], path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._real)

    def __len__(self) -> int:
        return len(self._real)


def _walk(root: Path) -> Iterator[tuple[str, str]]:
    """(path below *root*, path to open) of every file."""
    real_root = os.path.realpath(root)
    waiting: list[tuple[str, int]] = [("", 0)]
    count = total = 0
    while waiting:
        below, depth = waiting.pop()
        if depth > MAX_FOLDER_DEPTH:
            raise ProofError(below, f"folders are nested deeper than {MAX_FOLDER_DEPTH} levels", "flatten them")
        with os.scandir(os.path.join(real_root, below)) as entries:  # noqa: PTH118  # os.scandir gives the kind for free
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.name in (".git", ".terraform", "__pycache__"):
                continue
            _expect_inside(entry, path, real_root)
            status = entry.stat(follow_symlinks=True)
            mode = status.st_mode
            if stat.S_ISDIR(mode):
                if entry.is_symlink():
                    raise ProofError(path, "a link to a folder", "put the folder itself here")
                waiting.append((path, depth + 1))
                continue
            if not stat.S_ISREG(mode):
                raise ProofError(path, "neither a file nor a folder", "remove it")
            count += 1
            total += status.st_size
            if count > MAX_FILES or total > MAX_TOTAL_BYTES:
                raise ProofError(path, "the folder holds more than any platform needs", "point to the artifacts alone")
            yield path, entry.path


def _expect_inside(entry: os.DirEntry[str], path: str, real_root: str) -> None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise ProofError(ascii(path), "the file name is not UTF-8", "rename it") from None
    if entry.is_symlink():
        target = os.path.realpath(entry.path)
        if target != real_root and not target.startswith(real_root + os.sep):
            raise ProofError(path, "a link that leads out of the folder", "put the file itself here")
        if not os.path.exists(target):  # noqa: PTH110  # the path came from os.scandir
            raise ProofError(path, "a link that leads nowhere", "remove it")


def _read(real: str, path: str) -> bytes:
    try:
        with open(real, "rb") as stream:  # noqa: PTH123  # the path came from os.scandir
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProofError(path, f"cannot be read ({error.strerror})", "make it readable") from None
    if len(data) > MAX_BYTES:
        raise ProofError(f"{path}:1", f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB", "split it")
    return data


class _Reader:
    """Sorts files into what they are."""

    def __init__(self, files: Mapping[str, bytes], chart_folders: Sequence[str]) -> None:
        self._files = files
        self._chart_folders = chart_folders
        self._objects: list[Object] = []
        self._terraform: list[Terraform] = []
        self._kustomizations: list[Document] = []
        self._strangers: list[str] = []
        self._ledger: Document | None = None
        self._templates: dict[str, list[tuple[str, str]]] = {}
        self._chart_documents: dict[str, tuple[Document, ...]] = {}

    def take(self, path: str, data: bytes) -> None:
        name = path.rpartition("/")[2]
        chart = next((f for f in self._chart_folders if path.startswith(f + "/") or f == ""), None)
        if chart is not None:
            self._take_chart_file(chart, path, data)
        elif name.endswith(".tf.json"):
            self._terraform.append(Terraform(parse(data, path)[0]))
        elif path == "platform.json":
            self._ledger = parse(data, path)[0]
        elif name in _TOOL_FILES or Path(name).suffix in _PROSE or name in _PROSE:
            if name.endswith((".yaml", ".json")):
                parse(data, path)
        elif name.endswith((".yaml", ".yml", ".json")):
            self._take_manifest(path, name, data)
        else:
            self._strangers.append(path)

    def _take_chart_file(self, chart: str, path: str, data: bytes) -> None:
        below = path[len(chart) + 1 :] if chart else path
        if below.startswith("templates/"):
            self._templates.setdefault(chart, []).append((path, decode(data, path)))
        elif below in ("Chart.yaml", "values.yaml"):
            self._chart_documents[path] = parse(data, path)
        elif below.endswith((".yaml", ".yml", ".json")):
            parse(data, path)
        elif Path(below).suffix not in _PROSE and below not in _PROSE and not below.endswith((".lock", ".tgz")):
            self._strangers.append(path)

    def _take_manifest(self, path: str, name: str, data: bytes) -> None:
        documents = parse(data, path)
        if name in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
            self._kustomizations.extend(documents)
            return
        for document in documents:
            if document.root.get("format") == POLICY_FORMAT:
                # The measure, lying beside what it measures.
                continue
            if "kind" not in document.root and "apiVersion" not in document.root:
                self._strangers.append(path)
                continue
            self._take_object(document.root, path)

    def _take_object(self, body: Node, path: str) -> None:
        place = Place(path, max(body.line, 1))
        kind, version = body.get("kind"), body.get("apiVersion")
        if not isinstance(kind, str) or not isinstance(version, str):
            raise ProofError(str(place), "an object without a kind or without an apiVersion", "give it both, as text")
        if kind == "List" or (kind.endswith("List") and isinstance(body.get("items"), list)):
            items = body.get("items")
            if not isinstance(items, list) or not all(isinstance(item, Node) for item in items):
                raise ProofError(str(place), "a list of something that is not an object", "list objects")
            for item in items:
                self._take_object(item, path)
            return
        meta = body.get("metadata")
        name = meta.get("name") if isinstance(meta, dict) else None
        if not isinstance(name, str) or not name:
            raise ProofError(str(place), f"a {kind} without metadata.name", "name it, as text")
        namespace = mapping(meta).get("namespace", "")
        if not isinstance(namespace, str):
            raise ProofError(str(place), f"{kind} {name!r}: metadata.namespace is not text", "write it as text")
        _expect_shape(body, kind, name, place)
        self._objects.append(Object(kind, version, name, "" if kind in CLUSTER_KINDS else namespace, body, place))

    def artifacts(self, root: str) -> Artifacts:
        default = self._namespaces_of_kustomizations()
        objects = tuple(_landed(item, default) for item in self._objects)
        seen: dict[tuple[str, str, str, str], Object] = {}
        for item in objects:
            key = (item.group, item.kind, item.namespace, item.name)
            if key in seen:
                raise ProofError(
                    str(item.place), f"{item} is written twice, here and at {seen[key].place}", "keep one of them"
                )
            seen[key] = item
        charts = tuple(self._chart(folder) for folder in self._chart_folders)
        return Artifacts(
            root=root,
            objects=objects,
            terraform=tuple(self._terraform),
            kustomizations=tuple(self._kustomizations),
            charts=charts,
            strangers=tuple(self._strangers),
            ledger=self._ledger,
            files=tuple(sorted(self._files)),
        )

    def _namespaces_of_kustomizations(self) -> Callable[[str], str]:
        """The namespace that an object without one gets, by the folder of its file."""
        named = {
            document.file.rpartition("/")[0]: text(document.root.get("namespace"))
            for document in self._kustomizations
            if document.root.get("namespace")
        }
        return lambda path: named.get(path.rpartition("/")[0], "default")

    def _chart(self, folder: str) -> Chart:
        prefix = folder + "/" if folder else ""
        meta = self._chart_documents.get(prefix + "Chart.yaml", ())
        values = self._chart_documents.get(prefix + "values.yaml", ())
        return Chart(
            folder,
            meta[0].root if meta else Node(),
            values[0].root if values else Node(),
            tuple(self._templates.get(folder, ())),
        )


def _landed(item: Object, default: Callable[[str], str]) -> Object:
    if item.namespace or item.kind in CLUSTER_KINDS:
        return item
    return Object(item.kind, item.api_version, item.name, default(item.place.file), item.body, item.place)


def _expect_shape(body: Node, kind: str, name: str, place: Place) -> None:
    """Refuse what no API server would take, so that no rule has to wonder whether labels are text."""
    meta = body["metadata"]
    for key in ("labels", "annotations"):
        _expect_strings(meta.get(key), f"{kind} {name!r}: metadata.{key}", place)
    spec = body.get("spec")
    if spec is not None and not isinstance(spec, dict) and kind not in ("Secret", "ConfigMap"):
        raise ProofError(str(place), f"{kind} {name!r}: spec is not a mapping", "mend the object")
    if kind in ("Service", "ReplicationController"):
        _expect_strings(mapping(spec).get("selector"), f"{kind} {name!r}: spec.selector", place)
    if kind == "Service":
        ports = mapping(spec).get("ports")
        if ports is not None and not _is_list_of_mappings(ports):
            raise ProofError(str(line_in(spec, place)), f"Service {name!r}: ports is not a list of mappings", "mend it")
        _expect_ports(ports, "port", f"Service {name!r}", place)
    if kind in _POD_PARENTS:
        _expect_pod(body, kind, name, place)


def _expect_strings(value: Any, what: str, place: Place) -> None:
    if value is None:
        return
    at = line_in(value, place)
    if not isinstance(value, dict):
        raise ProofError(str(at), f"{what} is not a mapping", "write names and values")
    for key, inner in value.items():
        if not isinstance(inner, str):
            raise ProofError(str(at), f"{what}: the value of {key[:80]!r} is not text", "quote it")


def _expect_pod(body: Node, kind: str, name: str, place: Place) -> None:
    spec: Any = body.get("spec")
    what = f"{kind} {name!r}"
    if kind == "CronJob":
        spec = mapping(mapping(spec).get("jobTemplate")).get("spec")
    if kind != "Pod":
        template = mapping(spec).get("template")
        if not isinstance(template, dict):
            raise ProofError(str(place), f"{what} has no pod template", "give it one")
        _expect_strings(mapping(template.get("metadata")).get("labels"), f"{what}: the labels of its pods", place)
        _expect_selector(mapping(spec).get("selector"), kind, what, place)
        spec = template.get("spec")
    if not isinstance(spec, dict):
        raise ProofError(str(place), f"{what} has no pod spec", "give it one")
    for key in ("containers", "initContainers", "ephemeralContainers", "volumes"):
        listed = spec.get(key)
        if listed is None:
            continue
        at = line_in(spec, place)
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise ProofError(str(at), f"{what}: {key} is not a list of mappings", "mend it")
        names = [item.get("name") for item in listed]
        if not all(isinstance(one, str) and one for one in names) or len(set(names)) != len(names):
            raise ProofError(str(at), f"{what}: every entry of {key} needs a name of its own", "name them")
        for item in listed:
            _expect_lists(item, what, at)
    if not spec.get("containers"):
        raise ProofError(str(place), f"{what} has no containers", "give it one")


def _expect_lists(item: Mapping[str, Any], what: str, place: Place) -> None:
    for inner in ("env", "envFrom", "volumeMounts", "ports"):
        entries = item.get(inner)
        if entries is not None and not _is_list_of_mappings(entries):
            raise ProofError(str(line_in(item, place)), f"{what}: {inner} is not a list of mappings", "mend it")
    _expect_ports(item.get("ports"), "containerPort", what, place)


def _expect_ports(ports: Any, number: str, what: str, place: Place) -> None:
    for port in ports if isinstance(ports, list) else []:
        value, protocol, name = port.get(number), port.get("protocol", "TCP"), port.get("name", "")
        right = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535
        if not right or not isinstance(protocol, str) or not isinstance(name, str):
            at = line_in(port, place)
            raise ProofError(
                str(at), f"{what}: a port without a number, or with a name or protocol that is not text", "mend it"
            )


def _expect_selector(selector: Any, kind: str, what: str, place: Place) -> None:
    if selector is None or kind == "ReplicationController":
        return
    try:
        parse_selector(selector)
    except ValueError as error:
        raise ProofError(str(line_in(selector, place)), f"{what}: spec.selector: {error}", "mend it") from None


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
