"""Mutants of the pod family: what a container may do on its node, and what admission lets pass."""

# mypy does not infer the type of a lambda with a default, and most harms are one.
# mypy: disable-error-code="misc"
from collections.abc import Iterator
from functools import partial

from tests.proofs.mutants.shared import (
    CONTROLLER,
    LATER,
    admission,
    dropping,
    setting,
)
from tests.proofs.world import UNKNOWN, Base, Mutant


def mutants(base: Base) -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _pods(base)
    yield from _second_look(base)


def _pods(base: Base) -> Iterator[Mutant]:
    for workload, container, body in base.containers():
        who = f"{workload}/{container}"
        target = partial(lambda n, c, w: w.container(n, c), workload, container)
        security = partial(lambda t, w: t(w).setdefault("securityContext", {}), target)
        if not body.get("securityContext", {}).get("privileged"):
            yield Mutant("POD001", f"{who} may run as root", setting(security, runAsNonRoot=False))
            yield Mutant("POD001", f"{who} runs as user 0", setting(security, runAsUser=0))
            yield Mutant("POD002", f"{who} may escalate", dropping(security, "allowPrivilegeEscalation"))
            yield Mutant("POD003", f"{who} is privileged", setting(security, privileged=True))
            yield Mutant("POD004", f"{who} keeps capabilities", dropping(security, "capabilities"))
            yield Mutant(
                "POD004", f"{who} adds NET_ADMIN", lambda w, s=security: s(w)["capabilities"].update(add=["NET_ADMIN"])
            )
            yield Mutant("POD005", f"{who} without seccomp", setting(security, seccompProfile={"type": "Unconfined"}))
            yield Mutant("POD008", f"{who} may write to its image", dropping(security, "readOnlyRootFilesystem"))
        yield Mutant("POD006", f"{who} sees /proc unmasked", setting(security, procMount="Unmasked"))
        yield Mutant("POD009", f"{who} without limits", dropping(target, "resources"))
        yield Mutant(
            "POD009", f"{who} without a limit of memory", lambda w, t=target: t(w)["resources"]["limits"].pop("memory")
        )
        yield Mutant("POD011", f"{who} is renamed", setting(target, name="renamed"))
    for workload in base.workloads:
        pod = partial(lambda n, w: w.pod(n), workload)
        yield Mutant("POD007", f"{workload} is given an API token", setting(pod, automountServiceAccountToken=True))
        yield Mutant(
            "POD007", f"{workload} does not refuse an API token", dropping(pod, "automountServiceAccountToken")
        )
        yield Mutant("POD007", f"{workload} as the default account", dropping(pod, "serviceAccountName"))
        yield Mutant(
            "POD007",
            f"{workload} projects an API token",
            lambda w, p=pod: (
                p(w)
                .setdefault("volumes", [])
                .append({"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}})
            ),
        )
        yield Mutant(
            "POD007",
            f"the account of {workload} hands out tokens",
            lambda w, n=workload: w.k8s("ServiceAccount", n).pop("automountServiceAccountToken"),
        )
        for kind, body in (
            ("hostPath", {"path": "/"}),
            ("csi", {"driver": "x"}),
            ("nfs", {"server": "x"}),
            ("ephemeral", {}),
        ):
            yield Mutant(
                "POD006",
                f"{workload} mounts {kind}",
                lambda w, p=pod, k=kind, b=body: p(w).setdefault("volumes", []).append({"name": "x", k: b}),
            )
        yield Mutant(
            "POD006",
            f"{workload} sets sysctls",
            lambda w, p=pod: p(w)["securityContext"].update(sysctls=[{"name": "net.ipv4.ip_forward", "value": "1"}]),
        )
        yield Mutant(
            "POD005",
            f"{workload} without a seccomp profile",
            lambda w, p=pod: p(w)["securityContext"].pop("seccompProfile"),
        )
        yield Mutant(
            "POD009",
            f"{workload} with scratch space without end",
            lambda w, p=pod: p(w).setdefault("volumes", []).append({"name": "x", "emptyDir": {}}),
        )
        yield Mutant(
            "POD011",
            f"a debug container in {workload}",
            lambda w, p=pod: p(w).update(ephemeralContainers=[{"name": "debug", "image": "docker:27.5.1-cli"}]),
        )
        yield Mutant(
            "POD011",
            f"a sidecar in {workload}",
            lambda w, p=pod: p(w)["containers"].append({"name": "extra", "image": "docker:27.5.1-cli"}),
        )
        yield Mutant(
            "POD011",
            f"an init container in {workload}",
            lambda w, p=pod: (
                p(w).setdefault("initContainers", []).append({"name": "extra", "image": "docker:27.5.1-cli"})
            ),
        )
    yield Mutant(
        "POD011",
        "cloudflared as a sidecar of the agent",
        lambda w: w.pod(base.agent)["containers"].append(w.container(base.tunnel)),
    )
    label = "pod-security.kubernetes.io/enforce"
    labels = partial(lambda w: w.k8s("Namespace", base.namespace)["metadata"]["labels"])
    yield Mutant("POD010", "Pod Security enforces nothing", dropping(labels, label))
    yield Mutant("POD010", "Pod Security enforces 'baseline'", setting(labels, **{label: "baseline"}))
    for mode in ("audit", "warn"):
        yield Mutant("POD010", f"Pod Security does not {mode}", dropping(labels, f"pod-security.kubernetes.io/{mode}"))
    name = base.name_of("ValidatingAdmissionPolicy", "-hold-pods")
    yield from admission("POD010", name)
    policy = base.body_of("ValidatingAdmissionPolicy", name)["spec"]
    for index, validation in enumerate(policy["validations"]):
        yield Mutant(
            "POD010",
            f"{name}: validation {index + 1} always true",
            lambda w, i=index: w.k8s("ValidatingAdmissionPolicy", name)["spec"]["validations"][i].update(
                expression="true"
            ),
        )
        yield Mutant(
            "POD010",
            f"{name}: validation {index + 1} or true",
            lambda w, i=index, v=validation: w.k8s("ValidatingAdmissionPolicy", name)["spec"]["validations"][i].update(
                expression=f"({v['expression']}) || true"
            ),
        )


def _second_look(base: Base) -> Iterator[Mutant]:
    """Ways around a rule that its first version did not see."""
    for workload, container, _ in base.containers():
        who = f"{workload}/{container}"
        target = partial(lambda n, c, w: w.container(n, c), workload, container)
        yield Mutant(
            "POD012", f"{who}: a misspelt field", lambda w, t=target: t(w).update(securitycontext={}), UNKNOWN, LATER
        )
        yield Mutant(
            "POD012",
            f"{who}: a misspelt protection",
            lambda w, t=target: t(w)["securityContext"].update(readOnlyRootFileSystem=True),
            UNKNOWN,
            LATER,
        )
        yield Mutant(
            "POD006",
            f"{who}: a probe that makes its node ask",
            lambda w, t=target: t(w).update(
                startupProbe={"httpGet": {"host": "169.254.169.254", "path": "/", "port": 80}}
            ),
        )
        yield Mutant(
            "POD006",
            f"{who}: a hook that makes its node ask",
            lambda w, t=target: t(w).update(
                lifecycle={"preStop": {"httpGet": {"host": "10.0.0.1", "path": "/", "port": 80}}}
            ),
        )
        yield Mutant(
            "POD006",
            f"{who}: SELinux options",
            lambda w, t=target: t(w)["securityContext"].update(seLinuxOptions={"type": "spc_t"}),
        )
    for workload in base.workloads:
        pod = partial(lambda n, w: w.pod(n), workload)
        yield Mutant(
            "POD001",
            f"{workload} in the group of root",
            lambda w, p=pod: p(w)["securityContext"].update(supplementalGroups=[0]),
        )
        yield Mutant(
            "POD006",
            f"{workload} as a Windows host process",
            lambda w, p=pod: p(w)["securityContext"].update(windowsOptions={"hostProcess": True}),
        )
        yield Mutant(
            "POD012", f"{workload}: a field of a later release", setting(pod, hostEverything=True), UNKNOWN, LATER
        )
    for workload in base.workloads:
        meta = partial(lambda n, w: w.k8s("Deployment", n)["spec"]["template"]["metadata"], workload)
        yield Mutant(
            "POD012",
            f"{workload} on a second network",
            lambda w, m=meta: m(w).setdefault("annotations", {}).update({"k8s.v1.cni.cncf.io/networks": "host"}),
            UNKNOWN,
            CONTROLLER,
        )
        yield Mutant(
            "POD012",
            f"{workload} with injected secrets",
            lambda w, m=meta: m(w).setdefault("annotations", {}).update({"vault.hashicorp.com/agent-inject": "true"}),
            UNKNOWN,
            CONTROLLER,
        )
        yield Mutant(
            "POD012",
            f"{workload} with an injected sidecar",
            lambda w, m=meta: m(w)["labels"].update({"sidecar.istio.io/inject": "true"}),
        )
        yield Mutant(
            "POD007",
            f"{workload} with an identity in a cloud",
            lambda w, n=workload: w.k8s("ServiceAccount", n)["metadata"].update(
                annotations={"eks.amazonaws.com/role-arn": "x"}
            ),
        )
    yield Mutant(
        "POD012",
        "sidecars for the whole namespace",
        lambda w: w.k8s("Namespace", base.namespace)["metadata"]["labels"].update({"istio-injection": "enabled"}),
    )
