"""DATA007: the project limits what may be deployed."""

from typing import Final

from agentkeep.verify.artifacts import Object, mapping, mappings, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

_RIGHTS = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Pod", "Secret", "NetworkPolicySet")

VENDOR: Final = "argocd"


def data007_the_project_limits_what_may_be_deployed(case: Case, report: Report) -> None:
    """
    DATA007: the AppProject of the Application names one repository, one namespace and each kind, and gives no rights
    away.

    Whoever can merge into the repository could otherwise deploy a Role, or into another namespace. Nothing outside of
    the namespace is allowed, but for the platform's own Namespace and StorageClass by their names: a chart brings them.
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
    _cluster_kinds(case, project, report)
    _namespace_kinds(project, report)
    for role in mappings(spec.get("roles")):
        if role.get("policies"):
            report.find(project, f"gives rights in ArgoCD to {text(role.get('name'))}", place=project.place)
    destination = mapping(application.spec.get("destination"))
    if destination.get("namespace") != case.namespace:
        report.find(application, f"deploys to {destination.get('namespace')}", place=application.place)


def _cluster_kinds(case: Case, project: Object, report: Report) -> None:
    own = {(item.kind, item.name) for item in case.artifacts.kind("Namespace", "StorageClass")}
    for one in mappings(project.spec.get("clusterResourceWhitelist")):
        kind, name = text(one.get("kind")), text(one.get("name"))
        if (kind, name) not in own:
            report.find(project, f"allows {kind} {name or 'of any name'} outside of the namespace", place=project.place)


def _namespace_kinds(project: Object, report: Report) -> None:
    listed = mappings(project.spec.get("namespaceResourceWhitelist"))
    kinds = {text(one.get("kind")) for one in listed}
    if "*" in kinds or any(one.get("group") == "*" for one in listed):
        report.find(project, "allows every kind (namespaceResourceWhitelist)", place=project.place)
    if not kinds:
        report.find(project, "does not list the kinds of the namespace, which allows all", place=project.place)
    for kind in sorted(kinds & set(_RIGHTS)):
        report.find(project, f"allows {kind}", place=project.place)
