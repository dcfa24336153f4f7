"""DATA002: the application deletes nothing."""

from typing import Any, Final

from agentkeep.verify.artifacts import Object, mapping, mappings, texts
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True
_BAD_OPTIONS: Final = ("Replace=true", "Force=true", "Prune=true")
VENDOR: Final = "argocd"


def data002_the_application_deletes_nothing(case: Case, report: Report) -> None:
    """
    DATA002: deleting the Application deletes nothing, and no sync prunes, replaces or empties by itself.

    ``resources-finalizer.argocd.argoproj.io`` is what once deleted the data of a game with its Application.
    """
    found = [item for item in case.artifacts.kind("Application") if item.group == "argoproj.io"]
    for item in found:
        report.look()
        _application(item, item.body, report)
    for item in case.artifacts.kind("ApplicationSet"):
        report.look()
        template = mapping(item.spec.get("template"))
        _application(item, template, report)
        if mapping(item.spec.get("syncPolicy")).get("preserveResourcesOnDeletion") is not True:
            report.find(item, "deletes its Applications' resources when it is deleted", place=item.place)
    if not found and not case.artifacts.kind("ApplicationSet"):
        report.unsure(case.namespace, "has no Application")


def _application(item: Object, body: Any, report: Report) -> None:
    for finalizer in texts(mapping(body.get("metadata")).get("finalizers")):
        report.find(item, f"deletes its resources when it is deleted ({finalizer})", place=item.place)
    policy = mapping(mapping(body.get("spec")).get("syncPolicy"))
    automated = mapping(policy.get("automated"))
    if automated.get("prune") is not None and automated.get("prune") is not False:
        report.find(item, "prunes by itself", place=item.place)
    if automated.get("allowEmpty"):
        report.find(item, "lets an empty folder delete everything", place=item.place)
    for option in texts(policy.get("syncOptions")):
        if option.replace(" ", "") in _BAD_OPTIONS:
            report.find(item, f"syncs with {option}", place=item.place)
    namespace = mapping(policy.get("managedNamespaceMetadata"))
    options = mapping(namespace.get("annotations")).get("argocd.argoproj.io/sync-options", "")
    if namespace and "Prune=false" not in str(options):
        report.find(item, "manages the namespace itself", place=item.place)
    spec = mapping(body.get("spec"))
    if spec.get("sources") or mappings(spec.get("ignoreDifferences")):
        report.unsure(item, "has more than one source, or ignores differences", place=item.place)
