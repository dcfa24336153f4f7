"""The manifests of a platform: one cdk8s chart for each file of its folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, App, Chart, JsonPatch
from constructs import Construct, RootConstruct

from agentkeep.core.model import Model
from agentkeep.delivery.admission import AdmissionKubernetes
from agentkeep.delivery.namespace import NamespaceKubernetes
from agentkeep.errors import SynthesisError
from agentkeep.halves.pages import Pages
from agentkeep.targets.kubernetes import Manifests
from agentkeep.targets.kubernetes.comments import commented

# What the user added.
ADDED = "added"

# Read off what was written: each object would have to be asked for its kind across the kernel.
_KIND = re.compile(r"^kind: (\w+)$", re.MULTILINE)
_NAMESPACED = re.compile(r"^  namespace: ", re.MULTILINE)
# For every chart that it writes, cdk8s walks the whole app again. A second app keeps that from growing with the square.
CHARTS_PER_APP = 64


class ChartPages(Pages):
    """
    Every page a chart of its own, which cdk8s writes to a file of its own.

    Args:
        outdir: Where cdk8s writes.
    """

    def __init__(self, outdir: str) -> None:
        self._outdir = outdir
        self._apps = [self._new_app()]
        super().__init__(self._apps[0])
        self.charts: dict[str, Chart] = {}
        self.about: dict[str, str] = {}

    def page(self, name: str, about: str) -> Construct:
        """The chart called *name*, made when it is asked for first."""
        if name not in self.charts:
            # Names and labels are given in full by the halves; the engine must not add its own.
            if self.charts and len(self.charts) % CHARTS_PER_APP == 0:
                self._apps.append(self._new_app())
            self.charts[name] = Chart(self._apps[-1], name, disable_resource_name_hashes=True)
            self.about[name] = about
        return self.charts[name]

    def synth(self) -> None:
        """Write every page to ``<outdir>/<name>.yaml``."""
        for app in self._apps:
            app.synth()

    def _new_app(self) -> App:
        return App(outdir=self._outdir, output_file_extension=".yaml")


def tree(model: Model, target: Manifests, scratch: Path, before: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG001 - the form of every maker
    """
    Synthesize every manifest.

    Args:
        model: What was declared.
        target: The repository.
        scratch: Where the engine's own output goes.
        before: What earlier targets wrote.

    Returns:
        What is reviewed: text by path in ``dist/``.
    """
    pages = manifests(str(scratch), model)
    pages.synth()
    return files(model, target, scratch, pages)


def files(model: Model, target: Manifests, scratch: Path, pages: ChartPages) -> dict[str, str]:
    """What is reviewed, from what the engine wrote to *scratch*: with its comments, and the kustomization."""
    folder = f"{target.folder}/{model.delivery.folder}/{model.id}"
    found: dict[str, str] = {}
    kinds: dict[str, frozenset[str]] = {}
    # Applied by an administrator, not by the delivery itself: it must not be able to change its own limits. Nor what is
    # in no namespace: who merges a file could label any of them.
    administrators = {*model.delivery.bootstrap}
    for name, about in sorted(pages.about.items()):
        text = (scratch / f"{name}.yaml").read_text(encoding="utf-8")
        found[f"{folder}/{name}.yaml"] = commented(text, model.header(about, text), pages.comments, path=name)
        kinds[name] = frozenset(_KIND.findall(text))
        if not _NAMESPACED.search(text):
            administrators.add(name)
    applied = model.delivery.listed({name: among for name, among in kinds.items() if name not in administrators})
    found[f"{folder}/kustomization.yaml"] = kustomization(
        model, [f"{name}.yaml" for name in applied], tuple(sorted(administrators))
    )
    return found


def kustomization(model: Model, resources: Iterable[str], bootstrap: tuple[str, ...]) -> str:
    """The folder's ``kustomization.yaml``: what is applied together, and who applies the rest."""
    lines = [
        *(f"# {line}" for line in model.header(model.delivery.about_app(model.id))),
        *(f"# {line}" for line in model.delivery.kustomization_notes(bootstrap)),
        "apiVersion: kustomize.config.k8s.io/v1beta1",
        "kind: Kustomization",
        *model.delivery.kustomization_fields(),
        "resources:",
        *(f"  - {name}" for name in resources),
    ]
    return "\n".join(lines) + "\n"


def manifests(outdir: str, model: Model) -> ChartPages:
    """Build every manifest of *model*; returns the pages, which are yet to be written to *outdir*."""
    pages = ChartPages(outdir)
    # Apart from the charts, so that a half may have the name of a page, and no app walks all halves.
    halves = RootConstruct()
    NamespaceKubernetes(halves, "namespace", model, pages=pages)
    for part in model.parts.values():
        if half := part.half("kubernetes"):
            _load(half)(halves, part.id, part, model=model, pages=pages)
    AdmissionKubernetes(halves, "admission", model, pages=pages)
    for name, fact in model.facts:
        if half := fact.halves.get("kubernetes"):
            _load(half)(halves, name, model, pages=pages)
    _add(pages, model)
    _override(pages, model)
    return pages


def _add(pages: ChartPages, model: Model) -> None:
    for number, manifest in enumerate(model.manifests):
        page = pages.page(ADDED, f"what the declaration of {model.id} adds by itself")
        body = dict(manifest.body)
        kind, metadata = str(body.pop("kind")), dict(body.pop("metadata"))
        name = str(metadata.pop("name"))
        made = ApiObject(
            page,
            f"added-{number}",
            api_version=str(body.pop("apiVersion")),
            kind=kind,
            metadata=ApiObjectMetadata(name=name, namespace=metadata.pop("namespace", model.id)),
        )
        for key, value in (*((f"metadata/{key}", value) for key, value in metadata.items()), *body.items()):
            made.add_json_patch(JsonPatch.add(f"/{key}", value))
        pages.explain(kind, name, "kind", because=manifest.because)


def _override(pages: ChartPages, model: Model) -> None:
    if not model.overrides:
        return
    known = {(one.kind, one.name): one for chart in pages.charts.values() for one in chart.api_objects}
    for override in model.overrides:
        found = known.get((override.kind, override.name))
        if found is None:
            raise SynthesisError(
                model.id, f"there is no {override.kind} {override.name!r} to override", "name an object of dist/"
            )
        where = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in override.path)
        if override.value is None:
            # The engine would pass over it without a word.
            if not _holds(found.to_json(), override.path):
                raise SynthesisError(
                    model.id,
                    f"there is no {where[1:]} in {override.kind} {override.name!r} to remove",
                    "name a field of dist/",
                )
            found.add_json_patch(JsonPatch.remove(where))
        else:
            found.add_json_patch(JsonPatch.add(where, override.value))
            # A comment on what is not there is an error: a field that the engine does not know is never lost silently.
            pages.explain(override.kind, override.name, *override.path, because=override.because)


def _holds(value: Any, path: tuple[str | int, ...]) -> bool:
    for step in path:
        match value, step:
            case dict(), str() if step in value:
                value = value[step]
            case list(), int() if 0 <= step < len(value):
                value = value[step]
            case _:
                return False
    return True


def _load(half: str) -> Any:
    module, _, name = half.partition(":")
    return getattr(import_module(module), name)
