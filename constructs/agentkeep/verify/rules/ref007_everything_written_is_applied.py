"""REF007: everything written is applied."""

from typing import Final

from agentkeep.verify.artifacts import Place, texts
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

_FIELDS: Final = frozenset({"apiVersion", "kind", "resources", "namespace", "sortOptions"})
# Applied by whoever delivers the app, so that the app cannot change its own limits.
_ABOVE_THE_APP: Final = frozenset(
    {
        "Application", "ApplicationSet", "AppProject", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
        "ClusterSecretStore", "SecretStore", "TracingPolicy", "Namespace", "StorageClass", "VolumeSnapshotClass",
    }
)  # fmt: skip


# A file that changes others could do anything, whatever families of rules are asked for.
ALWAYS: Final = True


def ref007_everything_written_is_applied(case: Case, report: Report) -> None:
    """
    REF007: the kustomization lists every manifest beside it, names none that is missing, and changes nothing of them.

    A policy in a file that nobody lists is not applied. What delivers the app or limits it is listed one level up,
    never here.
    """
    apps = {w.place.file.rpartition("/")[0] for w in case.artifacts.workloads}
    for document in case.artifacts.kustomizations:
        folder = document.file.rpartition("/")[0]
        report.look()
        for field in sorted(set(document.root) - _FIELDS):
            report.unsure(
                document.file, f"transforms manifests ({field})", place=Place(document.file, document.line_of())
            )
        order = document.root.get("sortOptions")
        if order not in (None, {"order": "fifo"}):
            report.unsure(document.file, "is applied in an order that is not understood (sortOptions)")
        listed = {_joined(folder, one) for one in texts(document.root.get("resources"))}
        files = set(case.artifacts.files)
        folders = {path.rpartition("/")[0] for path in files}
        for path in sorted(listed):
            report.look()
            if path not in files and path not in folders:
                report.find(document.file, f"lists {path}, which does not exist")
        for item in case.artifacts.objects:
            if item.place.file.rpartition("/")[0] != folder:
                continue
            report.look()
            above = item.kind in _ABOVE_THE_APP and folder in apps
            if above and item.place.file in listed:
                report.find(item, "is applied by the app that it limits", place=item.place)
            if not above and item.place.file not in listed:
                report.find(item, "is written, but not applied", place=item.place)
        namespace = document.root.get("namespace")
        if namespace is not None and namespace != case.namespace:
            report.find(document.file, f"moves everything to namespace {namespace}")
    if not case.artifacts.kustomizations:
        report.look(len(case.artifacts.objects))


def _joined(folder: str, path: str) -> str:
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
