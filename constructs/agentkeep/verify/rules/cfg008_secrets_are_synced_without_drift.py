"""CFG008: secrets are synced without drift."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Object, mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

# What the controller fills in for what is left out.
_DEFAULTS: Final = {"conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None"}
_ARGOCD: Final = "argocd"


def cfg008_secrets_are_synced_without_drift(case: Case, report: Report) -> None:
    """
    CFG008: every ExternalSecret owns its Secret, keeps it when the store is away, refreshes, and is not changed by
    its controller.

    The controller fills in what is left out; a delivery that compares what it wrote with what is there would then see
    a difference for ever, and needs the defaults written out.
    """
    compared = _ARGOCD in case.vendors
    for item in case.artifacts.kind("ExternalSecret"):
        report.look()
        for problem in (*_target(item, compared=compared), *_data(case, item, compared=compared)):
            report.find(item, problem, place=item.place)
    if not case.artifacts.kind("ExternalSecret") and not case.ledger.secrets:
        report.look()


def _target(item: Object, *, compared: bool) -> Iterator[str]:
    target = mapping(item.spec.get("target"))
    # Owner and Retain are the controller's own defaults.
    if _given(target, "creationPolicy", "Owner", compared=compared) != "Owner":
        yield f"has creationPolicy {target.get('creationPolicy')}"
    if _given(target, "deletionPolicy", "Retain", compared=compared) != "Retain":
        yield "loses its Secret when the parameter is away"
    if not re.fullmatch(r"[1-9]\d{0,3}[smh]", text(_given(item.spec, "refreshInterval", "1h", compared=compared))):
        yield f"refreshes every {item.spec.get('refreshInterval')}"
    if item.spec.get("refreshPolicy") not in (None, "Periodic"):
        yield f"has refreshPolicy {item.spec.get('refreshPolicy')}"


def _data(case: Case, item: Object, *, compared: bool) -> Iterator[str]:
    for entry in mappings(item.spec.get("data")):
        ref = mapping(entry.get("remoteRef"))
        for key, value in _DEFAULTS.items():
            if _given(ref, key, value, compared=compared) != value:
                yield f"leaves {key} of {entry.get('secretKey')} to the controller"
        for key in ("property", "version"):
            # By hand people keep several values under one key; here each value has a key of its own.
            if ref.get(key) and not case.ledger.by_hand:
                yield f"takes a part of {entry.get('secretKey')} ({key})"


def _given(body: Mapping[str, Any], key: str, default: str, *, compared: bool) -> Any:
    """What *body* says, or the *default* where nobody minds that the controller writes it there."""
    return body.get(key, None if compared else default)
