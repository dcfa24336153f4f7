"""POD007: no pod has an api token."""

from agentkeep.verify.artifacts import mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report

_CLOUD_IDENTITIES = ("role-arn", "gcp-service-account", "workload.identity", "vault.hashicorp.com")


def pod007_no_pod_has_an_api_token(case: Case, report: Report) -> None:
    """
    POD007: no pod carries a token of the cluster's API, and each has a ServiceAccount of its own.

    The pod must refuse the token itself; that its ServiceAccount does so as well is not enough, since a pod can
    overrule it.
    """
    used: dict[str, str] = {}
    for workload in case.workloads:
        report.look()
        if workload.pod.get("automountServiceAccountToken") is not False:
            report.find(where(workload), "is given a token of the API", place=workload.place)
        for volume in workload.volumes:
            for source in mappings(mapping(volume.get("projected")).get("sources")):
                if "serviceAccountToken" in source:
                    report.find(where(workload), "projects a token of the API", place=workload.place)
        account = text(workload.pod.get("serviceAccountName")) or "default"
        declared = case.declared(workload)
        if declared and declared.service_account and account != declared.service_account:
            report.find(where(workload), f"runs as {account}", place=workload.place)
        if account in used:
            report.find(where(workload), f"shares its ServiceAccount with {used[account]}", place=workload.place)
        used[account] = workload.name
    for item in case.own("ServiceAccount"):
        report.look()
        for key in sorted(item.annotations):
            if any(word in key for word in _CLOUD_IDENTITIES):
                report.find(item, f"is given an identity in a cloud ({key})", place=item.place)
        if item.body.get("automountServiceAccountToken") is not False:
            report.find(item, "hands out a token unless a pod refuses", place=item.place)
