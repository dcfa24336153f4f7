"""Roles and their bindings, as far as rules ask: which ServiceAccounts may read Secrets through the API."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Artifacts, Object, mapping, mappings, text, texts

_POD_STARTERS: Final = frozenset(
    {
        "*", "pods", "pods/exec", "pods/ephemeralcontainers", "deployments", "jobs", "cronjobs", "daemonsets",
        "statefulsets", "replicasets", "serviceaccounts/token",
    }
)  # fmt: skip
_READ_VERBS: Final = frozenset({"get", "list", "watch", "*"})


def api_readers(artifacts: Artifacts) -> Iterator[tuple[str, str, str, tuple[str, ...], str]]:
    """
    ServiceAccounts that may read Secrets: (namespace, account, namespace of the Secrets or "" for all, names or all,
    hop).

    A group of ServiceAccounts stands for each account that a workload uses.
    """
    roles = {(item.kind, item.namespace, item.name): item for item in artifacts.kind("Role", "ClusterRole")}
    used = {(w.namespace, text(w.pod.get("serviceAccountName")) or "default") for w in artifacts.workloads}
    for binding in artifacts.kind("RoleBinding", "ClusterRoleBinding"):
        ref = mapping(binding.body.get("roleRef"))
        kind, name = text(ref.get("kind")), text(ref.get("name"))
        role = roles.get((kind, binding.namespace if kind == "Role" else "", name))
        allowed = _secret_rules(role) if role else [()] if name in ("cluster-admin", "admin", "edit") else []
        if not allowed:
            continue
        where = binding.namespace if binding.kind == "RoleBinding" else ""
        for subject in mappings(binding.body.get("subjects")):
            for namespace, account in _accounts(subject, binding.namespace, used):
                for names in allowed:
                    hop = (
                        f"ServiceAccount {namespace}/{account} may read Secrets: "
                        f"{kind} {name} by {binding} ({binding.place})"
                    )
                    yield namespace, account, where, names, hop


def _accounts(subject: Mapping[str, Any], home: str, used: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    kind, name = text(subject.get("kind")), text(subject.get("name"))
    if kind == "ServiceAccount":
        return [(text(subject.get("namespace")) or home, name)]
    if kind == "Group" and name in ("system:serviceaccounts", "system:authenticated"):
        return list(used)
    if kind == "Group" and name.startswith("system:serviceaccounts:"):
        return [one for one in used if one[0] == name.removeprefix("system:serviceaccounts:")]
    if kind == "User" and name.startswith("system:serviceaccount:"):
        namespace, _, account = name.removeprefix("system:serviceaccount:").partition(":")
        return [(namespace, account)]
    return []


def _secret_rules(role: Object) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for rule in mappings(role.body.get("rules")):
        groups, resources, verbs = (set(texts(rule.get(key))) for key in ("apiGroups", "resources", "verbs"))
        if groups & {"", "*"} and resources & {"secrets", "*"} and verbs & _READ_VERBS:
            found.append(tuple(texts(rule.get("resourceNames"))))
        # Whoever may start a pod, or a process in one, may read what the pod reads.
        starts = groups & {"", "apps", "batch", "*"} and verbs & {"create", "patch", "update", "*"}
        if starts and resources & _POD_STARTERS:
            found.append(())
    return found
