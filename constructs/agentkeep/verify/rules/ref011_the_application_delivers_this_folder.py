"""REF011: the application delivers this folder."""

from typing import Final

from agentkeep.verify.artifacts import Place, mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.images import parse_image
from agentkeep.verify.verdict import Report

VENDOR: Final = "argocd"


def ref011_the_application_delivers_this_folder(case: Case, report: Report) -> None:
    """
    REF011: the Application delivers the folder that was synthesized, to the platform's namespace, and there is one
    of it.

    Looks at the path, the destination, and overrides that would change what the folder says. In place of the folder it
    may deliver its chart, under the platform's name and with nothing said over its values; what the chart renders is
    decided by rendering it into a folder and deciding that (docs/helm-chart.md).
    """
    folders = {document.file.rpartition("/")[0] for document in case.artifacts.kustomizations}
    # dist/helm/<platform> is committed as <folder>/<platform>-chart, beside the plain form.
    charts = {f"{chart.folder.rpartition('/')[2]}-chart" for chart in case.artifacts.charts}
    found = case.artifacts.kind("Application")
    for item in found:
        report.look()
        source, destination = mapping(item.spec.get("source")), mapping(item.spec.get("destination"))
        path = text(source.get("path"))
        is_chart = path.rpartition("/")[2] in charts
        if not is_chart and not any(folder == path or folder.endswith("/" + path) for folder in folders):
            report.find(item, f"delivers {path or 'no folder'}, which is not here", place=item.place)
        if is_chart and mapping(source.get("helm")).get("releaseName") != case.namespace:
            report.find(item, "renders the chart under another name than the platform's", place=item.place)
        for key in ("kustomize", "helm", "directory", "plugin", "chart"):
            if source.get(key) and not (is_chart and key == "helm" and set(mapping(source[key])) == {"releaseName"}):
                report.find(item, f"changes what it delivers ({key})", place=item.place)
        if destination.get("namespace") != case.namespace:
            report.find(item, f"deploys to {destination.get('namespace')}", place=item.place)
        if not text(source.get("targetRevision")) or text(source.get("targetRevision")) == "*":
            report.find(item, "does not say which revision it delivers", place=item.place)
    for document in case.artifacts.overrides:
        report.look()
        # Other images are judged as images; nothing else may be changed there.
        kustomize, at = mapping(document.root.get("kustomize")), Place(document.file, 1)
        inner = [f"kustomize.{key}" for key in set(kustomize) - {"images"}]
        for key in sorted([*set(document.root) - {"kustomize"}, *inner]):
            report.unsure(document.file, f"changes what is delivered ({key[:80]})", place=at)
        for entry in kustomize.get("images") or []:
            if not isinstance(entry, str) or parse_image(entry.rpartition("=")[2]) is None:
                report.unsure(document.file, f"puts {str(entry)[:100]!r} in the place of an image", place=at)
    report.look()
    if len(found) > 1:
        report.find(case.namespace, "has more than one Application")
