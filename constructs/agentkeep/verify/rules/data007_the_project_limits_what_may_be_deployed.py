"""DATA007: the project limits what may be deployed."""

from typing import Final

from agentkeep.verify.artifacts import Object, mapping, mappings, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

_RIGHTS = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Pod", "Secret", "NetworkPolicySet")
_CLUSTER = {"Namespace", "StorageClass"}

VENDOR: Final = "argocd"


def data007_the_project_limits_what_may_be_deployed(case: Case, report: Report) -> None:
    """
    DATA007: the AppProject of the Application names one repository, one namespace and each kind, and gives no rights
    away.

    Whoever can merge into the repository could otherwise deploy a Role, or into another namespace.
    """
    projects = {item.name: item for item in case.artifacts.kind("AppProject")}
    for application in case.artifacts.kind("Application"):
        report.look()
        name = text(application.spec.get("project"))
        project = projects.get(name)
        if project is None:
            report.find(
                application, f"belongs to project {name or 'default'}, which is in no artifact", place=application.place
            )
            continue
        _project(case, application, project, report)


def _project(case: Case, application: Object, project: Object, report: Report) -> None:
    spec = project.spec
    destinations = mappings(spec.get("destinations"))
    for one in destinations:
        if one.get("namespace") != case.namespace:
            report.find(project, f"allows namespace {one.get('namespace')}", place=project.place)
        if "*" in text(one.get("server")) or "*" in text(one.get("name")):
            report.find(project, "allows every cluster", place=project.place)
    source = text(mapping(application.spec.get("source")).get("repoURL"))
    for repository in texts(spec.get("sourceRepos")):
        if repository != source:
            report.find(project, f"allows repository {repository}", place=project.place)
    if source not in texts(spec.get("sourceRepos")):
        report.find(project, f"does not allow the Application's repository {source}", place=project.place)
    if not destinations:
        report.find(project, "allows no destination", place=project.place)
    _kinds(project, report)
    for role in mappings(spec.get("roles")):
        if role.get("policies"):
            report.find(project, f"gives rights in ArgoCD to {text(role.get('name'))}", place=project.place)
    destination = mapping(application.spec.get("destination"))
    if destination.get("namespace") != case.namespace:
        report.find(application, f"deploys to {destination.get('namespace')}", place=application.place)


def _kinds(project: Object, report: Report) -> None:
    spec = project.spec
    for key, allowed in (("clusterResourceWhitelist", _CLUSTER), ("namespaceResourceWhitelist", None)):
        kinds = {text(one.get("kind")) for one in mappings(spec.get(key))}
        if "*" in kinds or any(one.get("group") == "*" for one in mappings(spec.get(key))):
            report.find(project, f"allows every kind ({key})", place=project.place)
        if key == "namespaceResourceWhitelist" and not kinds:
            report.find(project, "does not list the kinds of the namespace, which allows all", place=project.place)
        for kind in sorted(kinds - {"*"}):
            if kind in _RIGHTS or (allowed is not None and kind not in allowed):
                report.find(project, f"allows {kind}", place=project.place)
