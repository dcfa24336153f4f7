"""CFG008: secrets are synced without drift."""

import re

from agentkeep.verify.artifacts import mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def cfg008_secrets_are_synced_without_drift(case: Case, report: Report) -> None:
    """
    CFG008: every ExternalSecret writes its defaults out, owns its Secret, keeps it when the store is away, and
    refreshes.

    The controller fills in what is left out, and ArgoCD then sees a difference for ever.
    """
    for item in case.artifacts.kind("ExternalSecret"):
        report.look()
        target = mapping(item.spec.get("target"))
        if target.get("creationPolicy") != "Owner":
            report.find(item, f"has creationPolicy {target.get('creationPolicy')}", place=item.place)
        if target.get("deletionPolicy") != "Retain":
            report.find(item, "loses its Secret when the parameter is away", place=item.place)
        if not re.fullmatch(r"[1-9]\d{0,3}[smh]", text(item.spec.get("refreshInterval"))):
            report.find(item, f"refreshes every {item.spec.get('refreshInterval')}", place=item.place)
        if item.spec.get("refreshPolicy") not in (None, "Periodic"):
            report.find(item, f"has refreshPolicy {item.spec.get('refreshPolicy')}", place=item.place)
        for entry in mappings(item.spec.get("data")):
            ref = mapping(entry.get("remoteRef"))
            for key, value in (
                ("conversionStrategy", "Default"),
                ("decodingStrategy", "None"),
                ("metadataPolicy", "None"),
            ):
                if ref.get(key) != value:
                    report.find(item, f"leaves {key} of {entry.get('secretKey')} to the controller", place=item.place)
            for key in ("property", "version"):
                if ref.get(key):
                    report.find(item, f"takes a part of {entry.get('secretKey')} ({key})", place=item.place)
    if not case.artifacts.kind("ExternalSecret") and not case.ledger.secrets:
        report.look()
