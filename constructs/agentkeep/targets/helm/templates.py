"""
``templates/``: everything that the public chart does not render, as the plain manifests say it.

The files are text. The only template logic of the chart is the guard, which refuses any release that is not the
declared one; everything else must come out of helm byte for byte. Two things are put into the text on the way: helm's
own protection beside ArgoCD's, and the labels by which app-template selects an agent's pods, so that a policy is about
those pods and no others.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from agentkeep.core.model import Model
from agentkeep.errors import SynthesisError
from agentkeep.targets.helm.objects import Written, read_yaml
from agentkeep.targets.helm.yaml_text import literal, scalar

KEEP = "helm.sh/resource-policy"
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
GUARD = "guard.yaml"

# The annotations of the object itself, which are indented by two.
_ANNOTATIONS = re.compile(r"^(metadata:\n(?:[ #].*\n)*?  annotations:\n)", re.MULTILINE)
# A selector by labels, and its lines.
_SELECTOR = re.compile(r"^( *)((?:- )?)(matchLabels|selector):\n((?:\1 +[^\s#-][^\n]*\n)+)", re.MULTILINE)
_SELECTING = ("NetworkPolicy", "Service")

Labels = Mapping[str, str]


class Selectors:
    """
    How the pods of agents are selected in the plain form, and what app-template selects them by besides.

    Args:
        known: Both, by agent.
    """

    def __init__(self, known: Sequence[tuple[Labels, Labels]]) -> None:
        self._known = {frozenset(plain.items()): besides for plain, besides in known}

    def narrowed(self, labels: Any) -> dict[str, str] | None:
        """What has to be added to *labels*; None where they select no agent."""
        if not isinstance(labels, Mapping) or not all(isinstance(value, str) for value in labels.values()):
            return None
        besides = self._known.get(frozenset(labels.items()))
        return dict(besides) if besides else None


def template_files(
    objects: Sequence[Written], rendered: Collection[tuple[str, str]], selectors: Selectors
) -> dict[str, str]:
    """
    The template files, by file name.

    Args:
        objects: Every object of the Application.
        rendered: Kind and name of those that the public chart renders. What is left of a page that loses one of them
            gets a file of its own, because the page's name and heading are about what went.
        selectors: Of the agents' pods.
    """
    pages: dict[str, list[Written]] = {}
    for written in objects:
        pages.setdefault(written.page, []).append(written)
    files = {}
    for page, all_of_it in pages.items():
        left = [written for written in all_of_it if (written.kind, written.name) not in rendered]
        if left == all_of_it:
            texts = [_document(written, selectors) for written in left]
            files[f"{page}.yaml"] = literal(left[0].header + "---\n".join(texts))
            continue
        for written in left:
            about = f"# {written.kind} {written.name}; the public chart renders the rest of {page}\n"
            header = about + written.header.partition("\n")[2]
            files[f"{written.name}-{written.kind.lower()}.yaml"] = literal(header + _document(written, selectors))
    return files


def guard(model: Model) -> str:
    """The template that stops a release of another name or in another namespace before anything is applied."""
    name = model.id
    return f"""\
{{{{- /* Renders nothing. Labels, selectors and addresses hold the release's name and namespace. */ -}}}}
{{{{- with .Release.Name }}}}
{{{{- if ne . "{name}" }}}}
{{{{- fail (printf "release %q must be called {name}; use: helm template {name} . --namespace {name}" .) }}}}
{{{{- end }}}}
{{{{- end }}}}
{{{{- with .Release.Namespace }}}}
{{{{- if ne . "{name}" }}}}
{{{{- fail (printf "namespace %q must be {name}; use: helm template {name} . --namespace {name}" .) }}}}
{{{{- end }}}}
{{{{- end }}}}
"""


def _document(written: Written, selectors: Selectors) -> str:
    """The text of one object, with what is put into it, and an end that helm cannot trim."""
    text = written.text if written.text.endswith("\n") else f"{written.text}\n"
    if written.kind not in _SELECTING and "Delete=false" not in text and text == text.rstrip() + "\n":
        # Nothing is put into it, and nothing can be trimmed off it.
        return text
    meant: Any = copy.deepcopy(written.manifest)
    options = (meant["metadata"].get("annotations") or {}).get(_SYNC_OPTIONS, "")
    if "Delete=false" in options.split(","):
        text = _ANNOTATIONS.sub(rf"\1    {KEEP}: keep\n", text, count=1)
        meant["metadata"]["annotations"][KEEP] = "keep"
    if written.kind in _SELECTING:
        text = _SELECTOR.sub(_narrow(selectors), text)
        meant = _narrowed(meant, selectors)
    if (text != written.text or meant != written.manifest) and read_yaml(text) != meant:
        raise SynthesisError(
            f"{written.kind} {written.name}", "the chart's text is not what was meant", "report this as a fault"
        )
    trimmed = text.rstrip() + "\n"
    if text != trimmed and read_yaml(trimmed) != meant:
        # helm leaves one line break at a document's end, and here more are part of a text.
        text += "# The blank lines above belong to the text.\n"
    return text


def _narrow(selectors: Selectors) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        lines = found[4]
        added = selectors.narrowed(read_yaml(lines))
        indent = lines[: len(lines) - len(lines.lstrip(" "))]
        return found[0] + "".join(f"{indent}{key}: {scalar(value)}\n" for key, value in (added or {}).items())

    return replace


def _narrowed(value: Any, selectors: Selectors) -> Any:
    """The same by structure; the text is held against it."""
    if isinstance(value, Mapping):
        found = {key: _narrowed(item, selectors) for key, item in value.items()}
        for key in ("matchLabels", "selector"):
            if key in found and (added := selectors.narrowed(found[key])):
                found[key] = {**found[key], **added}
        return found
    if isinstance(value, list):
        return [_narrowed(item, selectors) for item in value]
    return value
