"""
Keep a cluster running for a person: ``make lab``.

It starts as in the tests, stores placeholder keys, and delivers what is in ``dist/``; then it waits for Ctrl-C.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tools.lab import build
from tools.lab.delivered import Delivery, Platform, app_folders
from tools.lab.lab import CONTROL_PLANE, DELIVERY, ROOT, running
from tools.lab.processes import LabError


def main() -> int:
    """Start, deliver, say what to look at, and wait."""
    try:
        build.build((*CONTROL_PLANE, *DELIVERY), lambda line: print(line, flush=True))
        print("starting ...", flush=True)
        with running() as lab:
            deliveries = [Delivery(lab, Platform.read(folder)) for folder in app_folders(ROOT / "dist")]
            for delivery in deliveries:
                delivery.begin()
            print(guide(lab.kubeconfig, lab.aws, deliveries), flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
            print("ending ...", flush=True)
    except (build.BuildError, LabError) as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def guide(kubeconfig: Path, aws: int, deliveries: list[Delivery]) -> str:
    """What to type now."""
    names = [delivery.platform.name for delivery in deliveries]
    lines = ["", f"export KUBECONFIG={kubeconfig}", "kubectl -n argocd get applications     # Synced and Healthy soon"]
    for delivery in deliveries:
        lines += [
            f"kubectl -n {delivery.platform.name} get pods,externalsecrets,secrets,networkpolicies",
            f"kubectl delete namespace {delivery.platform.name}     # refused",
            f"git -C {delivery.repository.url.removeprefix('file://')} log     # what ArgoCD follows; commit there",
        ]
    lines += [
        f"aws --endpoint-url http://127.0.0.1:{aws} ssm describe-parameters     # moto",
        "",
        f"{', '.join(names)}: the pods are kwok's, nothing runs in them. Ctrl-C ends all of it.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
