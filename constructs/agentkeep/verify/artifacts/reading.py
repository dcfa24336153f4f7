"""Reads a folder once, safely, and sorts its files into what they are."""

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts.model import (
    CLUSTER_KINDS,
    Artifacts,
    Chart,
    Object,
    Place,
    Terraform,
    mapping,
    text,
)
from agentkeep.verify.artifacts.shape import expect_shape
from agentkeep.verify.documents import MAX_BYTES, Document, Node, NotMappingError, decode, parse

# A policy file, for manifests written by hand; agentkeep.verify.ledger reads it.
POLICY_FORMAT: Final = "agentkeep/policy/v1"
MAX_FILES: Final = 50_000
MAX_TOTAL_BYTES: Final = 512 * 1024 * 1024
MAX_FOLDER_DEPTH: Final = 24

# Files of the two repositories that hold settings of tools, never anything that is applied.
_TOOL_FILES: Final = frozenset({"tfaction.yaml", "aqua.yaml", "aqua-checksums.json", "cdk.json", ".terraform.lock.hcl"})
# What ArgoCD's image updater writes beside the manifests: for every application, or for one by its name.
_OVERRIDE: Final = re.compile(r"\.argocd-source(-[A-Za-z0-9._-]+)?\.yaml\Z")
_PROSE: Final = frozenset({".md", ".txt", ".gitignore", ".gitattributes", ".helmignore", ".sha256"})


def load(folder: str | Path) -> Artifacts:
    """
    Read *folder* and everything below it.

    Raises:
        ProofError: the folder is missing, holds a link that leads out of it, a file that cannot be read without
            guessing, or more than any platform needs. The error names file and line.
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
        self._overrides: list[Document] = []
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
        elif _OVERRIDE.match(name):
            self._overrides.extend(parse(data, path))
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
        try:
            documents = parse(data, path)
        except NotMappingError:
            # A patch, for one, is a list. It is refuted, and the other files are judged.
            self._strangers.append(path)
            return
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
        expect_shape(body, kind, name, place)
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
            overrides=tuple(self._overrides),
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
