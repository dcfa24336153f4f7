"""REF011: the application delivers this folder."""

from agentkeep.verify.artifacts import mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def ref011_the_application_delivers_this_folder(case: Case, report: Report) -> None:
    """
    REF011: the Application delivers the folder that was synthesized, to the platform's namespace, and there is one
    of it.

    Looks at the path, the destination, and overrides that would change what the folder says.
    """
    folders = {document.file.rpartition("/")[0] for document in case.artifacts.kustomizations}
    found = case.artifacts.kind("Application")
    for item in found:
        report.look()
        source, destination = mapping(item.spec.get("source")), mapping(item.spec.get("destination"))
        path = text(source.get("path"))
        if not any(folder == path or folder.endswith("/" + path) for folder in folders):
            report.find(item, f"delivers {path or 'no folder'}, which is not here", place=item.place)
        for key in ("kustomize", "helm", "directory", "plugin", "chart"):
            if source.get(key):
                report.find(item, f"changes what it delivers ({key})", place=item.place)
        if destination.get("namespace") != case.namespace:
            report.find(item, f"deploys to {destination.get('namespace')}", place=item.place)
        if not text(source.get("targetRevision")) or text(source.get("targetRevision")) == "*":
            report.find(item, "does not say which revision it delivers", place=item.place)
    report.look()
    if len(found) > 1:
        report.find(case.namespace, "has more than one Application")
