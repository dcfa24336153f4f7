"""
``templates/``: everything that the public chart does not render, as the plain manifests say it.

The files are text. The only template logic of the chart is the guard, which refuses any release that is not the
declared one; everything else must come out of helm byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import yaml

from agentkeep.errors import SynthesisError
from agentkeep.platform import Platform
from agentkeep.targets.helm.objects import Written
from agentkeep.targets.helm.yaml_text import literal

KEEP = "helm.sh/resource-policy"
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
GUARD = "guard.yaml"

# The annotations of the object itself, which are indented by two.
_ANNOTATIONS = re.compile(r"^(metadata:\n(?:[ #].*\n)*?  annotations:\n)", re.MULTILINE)


def template_files(objects: Sequence[Written], rendered: Collection[tuple[str, str]]) -> dict[str, str]:
    """
    The template files, by file name.

    Args:
        objects: Every object of the Application.
        rendered: Kind and name of those that the public chart renders. What is left of a page that loses one of them
            gets a file of its own, because the page's name and heading are about what went.
    """
    pages: dict[str, list[Written]] = {}
    for written in objects:
        pages.setdefault(written.page, []).append(written)
    files = {}
    for page, all_of_it in pages.items():
        left = [written for written in all_of_it if (written.kind, written.name) not in rendered]
        if left == all_of_it:
            files[f"{page}.yaml"] = literal(left[0].header + "---\n".join(_document(written) for written in left))
            continue
        for written in left:
            about = f"# {written.kind} {written.name}; the public chart renders the rest of {page}\n"
            header = about + written.header.partition("\n")[2]
            files[f"{written.name}-{written.kind.lower()}.yaml"] = literal(header + _document(written))
    return files


def guard(platform: Platform) -> str:
    """The template that stops a release of another name or in another namespace before anything is applied."""
    name = platform.id
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


def _document(written: Written) -> str:
    """The text of one object, with helm's own protection where it has ArgoCD's, and an end that helm cannot trim."""
    text = written.text if written.text.endswith("\n") else f"{written.text}\n"
    options = (written.manifest["metadata"].get("annotations") or {}).get(_SYNC_OPTIONS, "")
    if "Delete=false" in options.split(","):
        text, changed = _ANNOTATIONS.subn(rf"\1    {KEEP}: keep\n", text, count=1)
        if not changed:
            raise SynthesisError(
                written.name, "the annotations of the manifest are not where they were", "report this as a fault"
            )
    if yaml.safe_load(text.strip()) != yaml.safe_load(text):
        # helm drops the blanks at a document's end, and here they are part of a text.
        text += "# The blank lines above belong to the text.\n"
    return text
