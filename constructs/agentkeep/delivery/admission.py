"""
What the API server refuses, whoever asks: the deletion of data, and pods that are more than they were declared to be.

These ValidatingAdmissionPolicies are the floor below the delivery's own settings: they hold for a person with kubectl,
for a controller, and for an agent that got hold of a token. They are applied by an administrator, not by the delivery,
so that no change in the folder that it follows can weaken them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from constructs import Construct

from agentkeep.core.cluster import Protected
from agentkeep.core.facts import Image
from agentkeep.core.model import Model
from agentkeep.core.pod import Container, Probe
from agentkeep.halves.kubernetes import Writer
from agentkeep.halves.pages import Pages
from agentkeep_imports.k8s.validating_admission_policy import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicySpec,
    ValidatingAdmissionPolicySpecMatchConstraints,
    ValidatingAdmissionPolicySpecMatchConstraintsResourceRules,
    ValidatingAdmissionPolicySpecValidations,
    ValidatingAdmissionPolicySpecVariables,
)
from agentkeep_imports.k8s.validating_admission_policy_binding import (
    ValidatingAdmissionPolicyBinding,
    ValidatingAdmissionPolicyBindingSpec,
    ValidatingAdmissionPolicyBindingSpecMatchResources,
    ValidatingAdmissionPolicyBindingSpecMatchResourcesNamespaceSelector,
)

PAGE = "admission"
# The profiles that Pod Security 'restricted' takes.
_SECCOMP = "['RuntimeDefault', 'Localhost']"

Rule = ValidatingAdmissionPolicySpecMatchConstraintsResourceRules
Validation = ValidatingAdmissionPolicySpecValidations
Variable = ValidatingAdmissionPolicySpecVariables


_DELETED, _CHANGED = "DELETE", "UPDATE"


@dataclass(frozen=True)
class _Kept:
    """
    One thing that nobody may do to what holds data.

    Args:
        operation: ``DELETE`` or ``UPDATE``.
        conditions: CEL over ``oldObject`` (as it is) and ``object`` (as it would be); refused if all of them hold.
        reason: What is told to whoever tries.
    """

    operation: str
    conditions: Sequence[str]
    reason: str

    def conditions_of(self, operations: Sequence[str]) -> list[str]:
        """The conditions, with the operation where the policy is asked about several."""
        return [*([f"request.operation == {_text(self.operation)}"] if len(operations) > 1 else []), *self.conditions]


class AdmissionKubernetes(Construct):
    """
    Policies with their bindings: data is not deleted, and pods stay what they were declared to be.

    Args:
        scope: A chart.
        id: Construct id.
        model: The platform.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, model: Model, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        self._model = model
        self._pages = pages or Pages(self)
        self._writer = Writer(model, self._pages)
        self._page = self._pages.page(PAGE, "what the API server refuses, whoever asks")
        self._keep_data()
        self._hold_pods()

    # --- data --------------------------------------------------------------------------------------------------------

    def _keep_data(self) -> None:
        # One policy for each kind: the API server checks every expression against every kind that its policy matches,
        # and an expression over the fields of another kind is an error to it.
        platform = self._model
        claims = sorted(claim.name for _, claim in platform.claims)
        self._keep(
            "namespaces", "", [_Kept(_DELETED, (_named(platform.id),), f"the namespace {platform.id} holds data")]
        )
        mine = (_is("metadata.namespace", platform.id), f"oldObject.metadata.name in {json.dumps(claims)}")
        self._keep("persistentvolumeclaims", "", [_Kept(_DELETED, mine, f"the claim holds the data of {platform.id}")])
        self._keep_volumes()
        protected = platform.delivery.protected(platform.id)
        for (group, plural), found in groupby(protected, key=lambda one: (one.group, one.plural)):
            self._keep(plural, group, [kept for one in found for kept in _kept(one)])
        kinds = platform.cluster.storage.data_kinds if claims else ()
        definitions = list(dict.fromkeys([*(one.definition for one in protected), *(one.definition for one in kinds)]))
        if definitions:
            # Deleting the definition of a kind deletes all of its objects without asking about any of them.
            reason = f"all objects of this kind would go with it, those of {platform.id} too"
            named = (f"oldObject.metadata.name in {json.dumps(definitions)}",)
            self._keep("customresourcedefinitions", "apiextensions.k8s.io", [_Kept(_DELETED, named, reason)])
        for kind in kinds:
            belongs = tuple(_belongs(kind.namespace, platform.id))
            self._keep(kind.plural, kind.group, [_Kept(_DELETED, belongs, f"{kind.role} the data of {platform.id}")])

    def _keep_volumes(self) -> None:
        platform = self._model
        ours = ("has(oldObject.spec.claimRef)", _is("spec.claimRef.namespace", platform.id))
        retained = "oldObject.spec.persistentVolumeReclaimPolicy == 'Retain'"
        claimed_by_others = f"object.spec.claimRef.namespace != {_text(platform.id)}"
        unclaimed = f"the volume is claimed by {platform.id}"
        # Storage deletes the data first and the volume after it: refusing the deletion of a volume that is not retained
        # any more comes too late. And a volume that nobody claims looks like nobody's.
        self._keep(
            "persistentvolumes", "",
            [
                _Kept(_DELETED, ours, f"the volume holds the data of {platform.id}"),
                _Kept(
                    _CHANGED, (*ours, retained, "object.spec.persistentVolumeReclaimPolicy != 'Retain'"),
                    f"the data of {platform.id} would go with its claim",
                ),
                _Kept(_CHANGED, (*ours, "!has(object.spec.claimRef)"), unclaimed),
                _Kept(_CHANGED, (*ours, "has(object.spec.claimRef)", claimed_by_others), unclaimed),
            ],
        )  # fmt: skip

    def _keep(self, resource: str, group: str, kept: Sequence[_Kept]) -> None:
        """Refuse what an entry names to each object of *resource* that meets its conditions."""
        name = self._model.label(f"keep-{resource}")
        operations = sorted({entry.operation for entry in kept})
        self._policy(
            name,
            rules=[_rule(group, "*" if group else "v1", operations, [resource])],
            validations=[
                Validation(
                    # What a request must not be; each condition must hold for it to be refused.
                    expression=f"!({' && '.join(entry.conditions_of(operations))})",
                    message=f"{entry.reason}. To do it on purpose, delete the binding {name} first.",
                )
                for entry in kept
            ],
        )
        self._pages.explain(
            "ValidatingAdmissionPolicy", name, "spec", "validations",
            because="oldObject, not request.name: deleting a collection asks once for each object, without a name.",
        )  # fmt: skip

    # --- pods --------------------------------------------------------------------------------------------------------

    def _hold_pods(self) -> None:
        platform = self._model
        name = platform.label("hold-pods")
        privileged = [
            (workload.id, container)
            for workload in platform.workloads
            for container in platform.pod(workload.id).privileged
        ]
        self._policy(
            name,
            rules=[
                _rule("", "v1", ["CREATE", "UPDATE"], ["pods"]),
                _rule("", "v1", ["UPDATE"], ["pods/ephemeralcontainers"]),
            ],
            variables=[
                Variable(name="workload", expression=_workload(platform)),
                Variable(name="readers", expression=_readers(platform)),
                Variable(
                    name="reader",
                    expression="variables.workload in variables.readers"
                    " ? variables.readers[variables.workload] : ['', '^$', '']",
                ),
                Variable(
                    name="secretVolumes",
                    expression="has(object.spec.volumes)"
                    " ? object.spec.volumes.filter(v, has(v.secret)).map(v, v.name) : []",
                ),
                Variable(
                    name="all",
                    expression="object.spec.containers"
                    " + (has(object.spec.initContainers) ? object.spec.initContainers : [])",
                ),
                # Ephemeral containers are of another type, so they are asked for apart.
                Variable(
                    name="debug",
                    expression="has(object.spec.ephemeralContainers) ? object.spec.ephemeralContainers : []",
                ),
                Variable(name="others", expression=f"variables.all.filter(c, !({_declared(privileged)}))"),
                Variable(
                    name="podIsNonRoot",
                    expression="has(object.spec.securityContext) && has(object.spec.securityContext.runAsNonRoot)"
                    " && object.spec.securityContext.runAsNonRoot",
                ),
                Variable(
                    name="podHasSeccomp",
                    expression="has(object.spec.securityContext) && has(object.spec.securityContext.seccompProfile)"
                    f" && object.spec.securityContext.seccompProfile.type in {_SECCOMP}",
                ),
            ],
            validations=[
                Validation(
                    expression="variables.others.all(c, has(c.securityContext)"
                    " && !(has(c.securityContext.privileged) && c.securityContext.privileged)"
                    " && has(c.securityContext.allowPrivilegeEscalation) && !c.securityContext.allowPrivilegeEscalation"
                    " && has(c.securityContext.capabilities) && has(c.securityContext.capabilities.drop)"
                    " && c.securityContext.capabilities.drop.exists(d, d == 'ALL')"
                    " && !(has(c.securityContext.capabilities.add) && size(c.securityContext.capabilities.add) > 0))",
                    message="only the declared sidecar may be privileged; every other container drops all capabilities"
                    " and forbids privilege escalation",
                ),
                Validation(
                    expression="variables.others.all(c, (has(c.securityContext) && has(c.securityContext.runAsNonRoot))"
                    " ? c.securityContext.runAsNonRoot : variables.podIsNonRoot)",
                    message="every container but the declared sidecar runs as a user other than root",
                ),
                Validation(
                    expression="variables.others.all(c, !(has(c.securityContext) && has(c.securityContext.runAsUser)"
                    " && c.securityContext.runAsUser == 0)) && !(has(object.spec.securityContext)"
                    " && has(object.spec.securityContext.runAsUser) && object.spec.securityContext.runAsUser == 0)",
                    message="no container but the declared sidecar runs as user 0",
                ),
                Validation(
                    expression="variables.others.all(c,"
                    " (has(c.securityContext) && has(c.securityContext.seccompProfile))"
                    f" ? c.securityContext.seccompProfile.type in {_SECCOMP} : variables.podHasSeccomp)",
                    message="every container but the declared sidecar has a seccomp profile",
                ),
                Validation(
                    expression="variables.others.all(c, !(has(c.securityContext) && ("
                    "(has(c.securityContext.procMount) && c.securityContext.procMount != 'Default')"
                    " || has(c.securityContext.seLinuxOptions) || (has(c.securityContext.appArmorProfile)"
                    " && c.securityContext.appArmorProfile.type == 'Unconfined'))))"
                    " && !(has(object.spec.securityContext) && (has(object.spec.securityContext.seLinuxOptions)"
                    " || (has(object.spec.securityContext.sysctls) && size(object.spec.securityContext.sysctls) > 0)"
                    " || (has(object.spec.securityContext.appArmorProfile)"
                    " && object.spec.securityContext.appArmorProfile.type == 'Unconfined')))",
                    message="nothing that confines a container is loosened: no procMount, SELinux options, sysctls or"
                    " unconfined AppArmor",
                ),
                Validation(
                    expression="variables.all.all(c, !has(c.ports)"
                    " || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))",
                    message="no container listens on a port of the node",
                ),
                Validation(
                    expression="size(variables.debug) == 0",
                    message="debug containers would see the secrets of the pod",
                ),
                Validation(
                    expression="!(has(object.spec.hostNetwork) && object.spec.hostNetwork)"
                    " && !(has(object.spec.hostPID) && object.spec.hostPID)"
                    " && !(has(object.spec.hostIPC) && object.spec.hostIPC)"
                    " && !(has(object.spec.shareProcessNamespace) && object.spec.shareProcessNamespace)",
                    message="pods share no namespace with the node, and containers no processes with each other",
                ),
                Validation(
                    expression="!has(object.spec.volumes) || object.spec.volumes.all(v, "
                    + " || ".join(
                        f"has(v.{kind})" for kind in ("configMap", "emptyDir", "persistentVolumeClaim", "secret")
                    )
                    + ")",
                    message="volumes are configMap, emptyDir, persistentVolumeClaim or secret: nothing of the node",
                ),
                Validation(
                    expression="!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.secret)"
                    " || (has(v.secret.secretName) && v.secret.secretName == variables.reader[2]))",
                    message="a pod mounts the Secret of its own workload, and no other",
                ),
                Validation(
                    expression="variables.all.all(c, !has(c.envFrom) || c.envFrom.all(e, !has(e.secretRef)))"
                    " && variables.all.all(c, !has(c.env) || c.env.all(e, !has(e.valueFrom)"
                    " || !has(e.valueFrom.secretKeyRef) || e.valueFrom.secretKeyRef.name == variables.reader[2]))",
                    message="a variable comes from one key of the Secret of its own workload",
                ),
                Validation(
                    expression="variables.all.all(c, (c.name == variables.reader[0]"
                    " && c.image.matches(variables.reader[1]))"
                    " || ((!has(c.env) || c.env.all(e, !has(e.valueFrom) || !has(e.valueFrom.secretKeyRef)))"
                    " && (!has(c.volumeMounts) || c.volumeMounts.all(m, !(m.name in variables.secretVolumes)))))",
                    message="secrets are read by the declared container alone, of the declared image repository",
                ),
                Validation(
                    expression="has(object.spec.automountServiceAccountToken)"
                    " && !object.spec.automountServiceAccountToken",
                    message="no pod here gets a token for the API server",
                ),
            ],
            namespace=platform.id,
        )
        if privileged:
            self._pages.explain(
                "ValidatingAdmissionPolicy", name, "spec", "variables", 6,
                because="All containers but the declared sidecar, known by labels, name, image repository and what it "
                "runs: with a borrowed name alone, anything could be privileged.",
            )  # fmt: skip

    # --- both --------------------------------------------------------------------------------------------------------

    def _policy(
        self,
        name: str,
        *,
        rules: Sequence[Rule],
        validations: Sequence[Validation],
        variables: Sequence[Variable] | None = None,
        namespace: str | None = None,
    ) -> None:
        ValidatingAdmissionPolicy(
            self._page,
            name,
            metadata=self._writer.metadata(name, namespace=None),
            spec=ValidatingAdmissionPolicySpec(
                # What cannot be decided is refused.
                failure_policy="Fail",
                match_constraints=ValidatingAdmissionPolicySpecMatchConstraints(resource_rules=list(rules)),
                variables=variables,
                validations=list(validations),
            ),
        )
        ValidatingAdmissionPolicyBinding(
            self._page,
            f"{name}-binding",
            metadata=self._writer.metadata(name, namespace=None),
            spec=ValidatingAdmissionPolicyBindingSpec(
                policy_name=name,
                validation_actions=["Deny"],
                match_resources=None
                if namespace is None
                else ValidatingAdmissionPolicyBindingSpecMatchResources(
                    namespace_selector=ValidatingAdmissionPolicyBindingSpecMatchResourcesNamespaceSelector(
                        match_labels={"kubernetes.io/metadata.name": namespace}
                    )
                ),
            ),
        )


def _rule(group: str, version: str, operations: list[str], resources: list[str]) -> Rule:
    return Rule(
        api_groups=[group],
        api_versions=[version],
        operations=operations,
        resources=resources,
        # The API server writes this default back; left out, ArgoCD would see a change for ever.
        scope="*",
    )


def _named(name: str) -> str:
    """CEL: whether what is asked about has that name."""
    return _is("metadata.name", name)


def _is(field: str, value: str) -> str:
    """CEL: whether *field* of what is asked about, which every such object has, is *value*."""
    return f"oldObject.{field} == {_text(value)}"


def _belongs(field: str, namespace: str) -> Iterator[str]:
    """CEL: whether *field* of what is deleted is there and names *namespace*."""
    *parents, _ = steps = field.split(".")
    if parents != ["metadata"]:
        # Every object of a kind that keeps data in "spec" has that.
        first = 2 if parents[0] == "spec" else 1
        yield from (f"has(oldObject.{'.'.join(steps[:count])})" for count in range(first, len(steps) + 1))
    yield _is(field, namespace)


def _kept(protected: Protected) -> Iterator[_Kept]:
    """What nobody may do to an object that delivers the platform or limits it."""
    this = (_is("metadata.namespace", protected.namespace), _named(protected.name))
    yield _Kept(_DELETED, this, protected.because)
    if protected.cascades:
        cascades = f"object.metadata.finalizers.exists(f, f in {json.dumps(list(protected.cascades))})"
        yield _Kept(
            _CHANGED, (*this, "has(object.metadata.finalizers)", cascades),
            protected.cascading,
        )  # fmt: skip


def _text(value: str) -> str:
    """A CEL string literal."""
    # What a container runs may hold anything; names of Kubernetes need no escaping.
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _declared(privileged: Sequence[tuple[str, Container]]) -> str:
    """
    CEL: whether container ``c`` of ``object`` is one of the declared privileged ones.

    A borrowed name is not enough: it runs what was declared and nothing else. Workloads whose containers are alike
    share an alternative, so that the expression does not grow with each of them.
    """
    alike: dict[str, list[str]] = {}
    for workload, container in privileged:
        alike.setdefault(_runs_as(container), []).append(workload)
    alternatives = [
        f"variables.workload in {_list(sorted(workloads))} && {same}" for same, workloads in sorted(alike.items())
    ]
    return " || ".join(f"({alternative})" for alternative in alternatives) or "false"


def _runs_as(container: Container) -> str:
    """CEL: whether ``c`` is *container* and is told to run nothing but what it was declared to."""
    commands = dict.fromkeys(
        (
            *(
                probe.ask[1:]
                for probe in (container.startup, container.readiness, container.liveness)
                if isinstance(probe, Probe) and probe.ask[0] == "run"
            ),
            *((container.post_start,) if container.post_start else ()),
        )
    )
    run = f"in {_lists(list(commands))}"
    probes = [
        f"(!has(c.{probe}) || !has(c.{probe}.exec) || c.{probe}.exec.command {run})"
        for probe in ("livenessProbe", "readinessProbe", "startupProbe")
    ]
    hooks = [
        f"(!has(c.lifecycle) || !has(c.lifecycle.{hook}) || !has(c.lifecycle.{hook}.exec)"
        f" || c.lifecycle.{hook}.exec.command {run})"
        for hook in ("postStart", "preStop")
    ]
    variables = [*(name for name, _ in container.secrets), *container.env]
    conditions = [
        f"c.name == {_text(container.name)}",
        f"c.image.matches({_text(_any_version_of(container.image))})",
        *(
            f"has(c.{field}) && c.{field} == {_list(words)}" if words else f"!has(c.{field})"
            for field, words in (("command", container.command), ("args", container.args))
        ),
        f"(!has(c.env) || c.env.all(e, e.name in {_list(variables)}))",
        "!has(c.envFrom)",
        f"(!has(c.volumeMounts) || c.volumeMounts.all(m, m.mountPath in {_list([m.path for m in container.mounts])}))",
        *probes,
        *hooks,
    ]
    return " && ".join(conditions)


def _workload(platform: Model) -> str:
    """CEL: which workload of this platform the pod says that it belongs to."""
    labels = "object.metadata.labels"
    name, part_of = "app.kubernetes.io/name", "app.kubernetes.io/part-of"
    ours = f"{labels}[{_text(part_of)}] == {_text(platform.id)}"
    there = f"has({labels}) && {_text(name)} in {labels} && {_text(part_of)} in {labels}"
    return f"{there} && {ours} ? {labels}[{_text(name)}] : ''"


def _readers(platform: Model) -> str:
    """CEL: workload to the container that reads its Secret, a pattern of that container's image, and the Secret."""
    entries = []
    for workload in platform.workloads:
        if platform.grants(workload.id):
            name = workload.main_container
            image = next(one.image for one in platform.pod(workload.id).containers if one.name == name)
            reader = _list((name, _any_version_of(image), workload.secret_name))
            entries.append(f"{_text(workload.id)}: {reader}")
    return f"{{{', '.join(entries)}}}" if entries else "{'': ['', '^$', '']}"


def _any_version_of(image: Image) -> str:
    """A pattern: a version bump must not need a change of the policy first."""
    repository = re.escape(image.repository).replace("\\.", "[.]").replace("\\-", "-")
    version, digest = ":[a-z-]*[0-9]+[.][0-9]+[.][0-9]+[A-Za-z0-9.-]*", "@sha256:[a-f0-9]{64}"
    # Where there is a digest, the tag says nothing, and may be any.
    return f"^{repository}({version}|(:[A-Za-z0-9_.-]+)?{digest})$"


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(_text(value) for value in values)}]"


def _lists(values: Sequence[Sequence[str]]) -> str:
    return f"[{', '.join(_list(value) for value in values)}]"
