"""SEC007: nobody reads secrets through the api."""

from agentkeep.verify.case import Case
from agentkeep.verify.rbac import api_readers
from agentkeep.verify.verdict import Report


def sec007_nobody_reads_secrets_through_the_api(case: Case, report: Report) -> None:
    """
    SEC007: no ServiceAccount of the platform is given any right in the cluster's API.

    Rights to Secrets, or to start pods and processes that could read them, are named with the way to them; any other
    binding is a finding as well, because no workload here talks to the API.
    """
    accounts = {case.ledger.namespace}
    for workload in case.workloads:
        report.look()
        accounts.add(workload.namespace)
    for namespace, account, _, _, hop in api_readers(case.artifacts):
        if namespace == case.namespace:
            report.find(f"ServiceAccount {account}", "may read Secrets through the API", witness=[hop])
    for binding in case.artifacts.kind("RoleBinding", "ClusterRoleBinding"):
        for subject in binding.body.get("subjects") or []:
            if isinstance(subject, dict) and _is_ours(subject, binding.namespace, case.namespace):
                report.find(
                    binding, f"gives rights to {subject.get('kind')} {subject.get('name')}", place=binding.place
                )


def _is_ours(subject: dict[str, object], home: str, namespace: str) -> bool:
    kind, name = subject.get("kind"), str(subject.get("name"))
    if kind == "ServiceAccount":
        return (subject.get("namespace") or home) == namespace
    everybody = (
        "system:serviceaccounts",
        "system:authenticated",
        "system:unauthenticated",
        f"system:serviceaccounts:{namespace}",
    )
    return name in everybody or name.startswith(f"system:serviceaccount:{namespace}:")
