"""Mutants of the secrets family: who can read a secret, where its value is written, and what Terraform keeps."""

# mypy does not infer the type of a lambda with a default, and most harms are one.
# A list of harms has as many branches as there are kinds of objects.
# mypy: disable-error-code="misc"
# ruff: noqa: PLR0912
import copy
from collections.abc import Iterator
from functools import partial

from tests.proofs.mutants.shared import (
    COULD,
    ELSEWHERE,
    KEY,
    LATER,
    UNNAMED,
    dropping,
    refill,
    setting,
)
from tests.proofs.world import REFUTED, UNKNOWN, Base, Json, Mutant, World


def mutants(base: Base) -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _secrets(base)
    yield from _literals(base)
    yield from _external_secrets(base)
    yield from _terraform_secrets(base)
    yield from _second_look(base)
    yield from _chart(base)


def _secrets(base: Base) -> Iterator[Mutant]:
    read = sorted({(secret, key) for secret, key, _, _ in base.grants()})
    readers = {(secret, key, workload, container) for secret, key, workload, container in base.grants()}
    isolated = {one["id"] for one in base.ledger["secrets"] if one["role"] in ("provider-key", "master-key")}
    for secret, key in read:
        for workload, container, _ in base.containers():
            if (secret, key, workload, container) not in readers:
                yield Mutant(
                    "SEC003",
                    f"{key} of {secret} in the env of {workload}/{container}",
                    partial(_give_env, secret, key, workload, container),
                )
        if key in isolated:
            for workload, container, _ in base.containers():
                if workload != base.proxy:
                    yield Mutant(
                        "SEC004",
                        f"{key} in {workload}/{container}",
                        partial(_give_env, secret, key, workload, container),
                    )
    for kind, secret in (("envFrom", s) for s in sorted({s for s, _ in read})):
        for workload in base.workloads:
            if secret != f"{workload}-credentials":
                yield Mutant("SEC003", f"{kind} of {secret} in {workload}", partial(_give_all, secret, workload))
                for form in ("volume", "subPath", "projected"):
                    yield Mutant("SEC003", f"{form} of {secret} in {workload}", partial(_mount, form, secret, workload))
    for secret in sorted({s for s, _ in read}):
        workload = secret.removesuffix("-credentials")
        yield Mutant(
            "SEC003", f"an init container copies {secret} to a shared volume", partial(_copy, secret, workload)
        )
        yield Mutant(
            "SEC005",
            f"{secret} read by a second workload",
            partial(_give_all, secret, base.agent if workload != base.agent else base.proxy),
        )
    for workload in base.workloads:
        for field in ("shareProcessNamespace", "hostPID", "hostIPC"):
            yield Mutant("SEC006", f"{field} in {workload}", setting(lambda w, n=workload: w.pod(n), **{field: True}))
        for verb in ("get", "list", "*"):
            yield Mutant(
                "SEC007",
                f"the ServiceAccount of {workload} may {verb} secrets",
                partial(_role, workload, "secrets", verb),
            )
        yield Mutant(
            "SEC003",
            f"the ServiceAccount of {workload} may read Secrets of others",
            partial(_role, workload, "secrets", "get"),
        )
        yield Mutant(
            "SEC007", f"the ServiceAccount of {workload} may start pods", partial(_role, workload, "pods", "create")
        )
        yield Mutant(
            "SEC007",
            f"{workload} is cluster-admin",
            partial(_cluster_admin, {"kind": "ServiceAccount", "name": workload, "namespace": base.namespace}),
        )
    for group in ("system:serviceaccounts", f"system:serviceaccounts:{base.namespace}", "system:authenticated"):
        yield Mutant(
            "SEC007", f"group {group} is cluster-admin", partial(_cluster_admin, {"kind": "Group", "name": group})
        )
    yield Mutant(
        "SEC003",
        "shared processes between the agent's containers",
        setting(lambda w: w.pod(base.agent), shareProcessNamespace=True),
    )


def _literals(base: Base) -> Iterator[Mutant]:
    for key in sorted({key for _, key, _, _ in base.grants()}):
        yield Mutant(
            "SEC001", f"{key} as a Secret manifest", lambda w, k=key: w.add(_secret(base.namespace, {k: "value"}))
        )
    for workload, container, body in base.containers():
        for entry in body.get("env", []):
            if "valueFrom" in entry:
                yield Mutant(
                    "SEC001",
                    f"the value of {entry['name']} in {workload}/{container}",
                    partial(_write_out, workload, container, entry["name"]),
                )
        yield Mutant(
            "SEC001",
            f"a key in the arguments of {workload}/{container}",
            lambda w, n=workload, c=container: w.container(n, c).setdefault("args", []).append(KEY),
        )
    for _, name in base.objects("ConfigMap"):
        yield Mutant(
            "SEC001",
            f"a key in ConfigMap {name}",
            lambda w, n=name: w.k8s("ConfigMap", n)["data"].update({"notes.md": f"use {KEY}"}),
        )
    yield Mutant(
        "SEC001",
        "the master key in LiteLLM's configuration",
        lambda w: w.litellm(lambda c: c["general_settings"].update(master_key="hunter2hunter2")),
    )
    yield Mutant(
        "SEC001",
        "the provider key in LiteLLM's configuration",
        lambda w: w.litellm(lambda c: c["model_list"][0]["litellm_params"].update(api_key="abcdefgh12345678")),
    )
    yield Mutant(
        "SEC001",
        "the proxy key in OpenClaw's configuration",
        lambda w: w.openclaw(lambda c: next(iter(c["models"]["providers"].values())).update(apiKey="abcdefgh12345678")),
    )
    yield Mutant(
        "SEC001",
        "the gateway token in OpenClaw's configuration",
        lambda w: w.openclaw(lambda c: c["gateway"]["auth"].update(token="abcdefgh12345678")),
    )
    yield Mutant(
        "SEC001",
        "the tunnel secret in Terraform",
        lambda w: w.tf("cloudflare_zero_trust_tunnel_cloudflared").update(
            {"secret" if base.cloudflare_version == 4 else "tunnel_secret": "c2VjcmV0c2VjcmV0c2VjcmV0"}
        ),
    )
    yield Mutant("SEC001", "a key in the ledger", lambda w: w.ledger["secrets"][0].update(because=KEY))
    yield Mutant(
        "SEC001",
        "a private key in an annotation",
        lambda w: w.k8s("Service", base.agent)["metadata"].update(
            annotations={"x": "-----BEGIN OPENSSH PRIVATE KEY-----"}
        ),
    )
    yield Mutant(
        "SEC001",
        "a default for a secret variable",
        lambda w: w.cloudflare["variable"].update(api_token={"type": "string", "default": "abcdefgh"}),
    )
    yield Mutant(
        "SEC001",
        "credentials in a URL",
        lambda w: w.container(base.agent)["env"].append({"name": "PROXY", "value": "http://user:hunter22@example.org"}),
    )


def _external_secrets(base: Base) -> Iterator[Mutant]:
    provider = base.secret("provider-key")["key"]
    for _, name in base.objects("ExternalSecret"):
        spec = base.body_of("ExternalSecret", name)["spec"]
        target = partial(lambda n, w: w.k8s("ExternalSecret", n)["spec"], name)
        yield Mutant(
            "SEC002",
            f"{name} fetches every parameter",
            lambda w, t=target: t(w).update(dataFrom=[{"find": {"name": {"regexp": ".*"}}}]),
            UNKNOWN,
            UNNAMED,
        )
        yield Mutant("SEC003", f"{name} fetches every parameter, and its reader reads all", partial(_fetch_all, name))
        yield Mutant(
            "SEC002",
            f"{name} extracts a parameter",
            lambda w, t=target: t(w).update(dataFrom=[{"extract": {"key": provider}}]),
            UNKNOWN,
            UNNAMED,
        )
        yield Mutant(
            "SEC002",
            f"{name} has a template from elsewhere",
            lambda w, t=target: (
                t(w)["target"].setdefault("template", {}).update(templateFrom=[{"configMap": {"name": "x"}}])
            ),
            # Where it fills one key alone, there is no second place that fills it as well.
            expects=UNKNOWN if len(spec["data"]) == 1 else REFUTED,
            because=ELSEWHERE if len(spec["data"]) == 1 else "",
        )
        yield Mutant(
            "SEC002",
            f"{name} writes a secret into an annotation",
            lambda w, t=target: t(w)["target"].update(template={"metadata": {"annotations": {"a": "{{ .x }}"}}}),
            UNKNOWN,
            COULD,
        )
        for index, entry in enumerate(spec["data"]):
            key = entry["secretKey"]
            yield Mutant(
                "SEC002", f"{name} without {key}", lambda w, t=target, i=index: t(w)["data"].pop(i), UNKNOWN, COULD
            )
            yield (
                Mutant(
                    "SEC003", f"{key} of {name} is filled with the provider key", partial(refill, name, index, provider)
                )
                if entry["remoteRef"]["key"] != provider
                else Mutant(
                    "SEC003",
                    f"{key} of {name} is filled with the proxy key",
                    partial(refill, name, index, base.secret("proxy-key")["key"]),
                )
            )
            yield Mutant(
                "SEC005",
                f"{name} carries {key} a second time, unread",
                lambda w, t=target, e=entry: t(w)["data"].append({**copy.deepcopy(e), "secretKey": "SPARE"}),
            )
    yield Mutant(
        "SEC002",
        "a PushSecret carries a Secret out",
        lambda w: w.add(
            {
                "apiVersion": "external-secrets.io/v1alpha1",
                "kind": "PushSecret",
                "metadata": {"name": "out", "namespace": base.namespace},
                "spec": {},
            }
        ),
        UNKNOWN,
        COULD,
    )
    yield Mutant("SEC003", "a template hands the provider key to the agent under another name", _template_leak)
    yield Mutant("SEC004", "a second ExternalSecret brings the provider key to the agent", _second_external_secret)
    for workload, container, body in base.containers():
        for entry in body.get("env", []):
            if "valueFrom" in entry:
                name = entry["name"]
                yield Mutant(
                    "SEC008",
                    f"{name} as an argument of {workload}/{container}",
                    lambda w, n=workload, c=container, v=name: (
                        w.container(n, c).setdefault("args", []).append(f"--key=$({v})")
                    ),
                )
                yield Mutant(
                    "SEC008",
                    f"{name} copied to another variable of {workload}/{container}",
                    lambda w, n=workload, c=container, v=name: w.container(n, c)["env"].append(
                        {"name": "COPY", "value": f"$({v})"}
                    ),
                )


def _terraform_secrets(base: Base) -> Iterator[Mutant]:

    for name in base.json(base.aws_module)["resource"]["aws_ssm_parameter"]:
        target = partial(lambda n, w: w.aws["resource"]["aws_ssm_parameter"][n], name)
        yield Mutant("SEC009", f"parameter {name} is a plain String", setting(target, type="String"))
        yield Mutant("SEC009", f"parameter {name}: ignore_changes lost", dropping(target, "lifecycle"))
        yield Mutant(
            "SEC009",
            f"parameter {name}: ignore_changes names something else",
            setting(target, lifecycle={"ignore_changes": ["tags"]}),
        )
        yield Mutant("SEC001", f"parameter {name} has its value written out", setting(target, value="abcdefgh12345678"))
        yield Mutant(
            "SEC011",
            f"parameter {name} as an output",
            lambda w, n=name: w.aws.update(output={"x": {"value": f"${{aws_ssm_parameter.{n}.value}}"}}),
        )
    token = "aws_ssm_parameter"
    yield Mutant(
        "SEC009",
        "the tunnel token keeps its old value",
        lambda w: w.tf(token).update(lifecycle={"ignore_changes": ["value"]}),
    )
    yield Mutant("SEC009", "the tunnel token is not filled", lambda w: w.tf(token).update(value="dummy"))
    for module in ("aws", "cloudflare"):
        root = partial(lambda m, w: getattr(w, m), module)
        backend = partial(lambda r, w: r(w)["terraform"]["backend"], root)
        yield Mutant(
            "SEC010", f"state of {module} not encrypted", lambda w, b=backend: b(w)["s3"].update(encrypt=False)
        )
        yield Mutant(
            "SEC010",
            f"state of {module} on a laptop",
            lambda w, r=root: r(w)["terraform"].update(backend={"local": {"path": "x"}}),
        )
        yield Mutant("SEC010", f"no backend for {module}", lambda w, r=root: r(w)["terraform"].pop("backend"))
        yield Mutant(
            "SEC010",
            f"state of {module} under another key",
            lambda w, b=backend: b(w)["s3"].update(key="terraform/other/v1/terraform.tfstate"),
        )
        yield Mutant(
            "SEC010", f"backend of {module} with credentials", lambda w, b=backend: b(w)["s3"].update(secret_key="x")
        )
        yield Mutant(
            "SEC011",
            f"a null_resource in {module}",
            lambda w, r=root: r(w)["resource"].update(
                null_resource={"x": {"provisioner": {"local-exec": {"command": "id"}}}}
            ),
        )
        yield Mutant(
            "SEC011",
            f"a data source reads a parameter in {module}",
            lambda w, r=root: r(w).update(data={"aws_ssm_parameter": {"x": {"name": "/a"}}}),
        )
        yield Mutant(
            "SEC011",
            f"a module in {module}",
            lambda w, r=root: r(w).update(module={"x": {"source": "./x"}}),
            UNKNOWN,
            ELSEWHERE,
        )
    yield Mutant(
        "SEC011",
        "the tunnel token as an output",
        lambda w: w.cloudflare.update(output={"t": {"value": w.tf(token)["value"], "sensitive": True}}),
    )
    yield Mutant(
        "SEC011",
        "the tunnel secret in a description",
        lambda w: w.tf(token).update(
            description=f"${{random_bytes.{next(iter(w.cloudflare['resource']['random_bytes']))}.base64}}"
        ),
    )


def _second_look(base: Base) -> Iterator[Mutant]:
    """Ways around a rule that its first version did not see."""
    yield Mutant(
        "SEC001",
        "a token in a provider block",
        lambda w: w.cloudflare["provider"]["cloudflare"][0].update(api_token="abcdefgh12345678"),
    )
    yield Mutant(
        "SEC001",
        "a token in a local value",
        lambda w: w.cloudflare.update(locals={"tunnel_secret": "abcdefgh12345678"}),
    )
    yield Mutant(
        "SEC001",
        "a Secret that a controller fills with a token",
        lambda w: w.add(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "kubernetes.io/service-account-token",
                "metadata": {
                    "name": "t",
                    "namespace": base.namespace,
                    "annotations": {"kubernetes.io/service-account.name": base.agent},
                },
            }
        ),
    )
    for _, name in base.objects("ConfigMap"):
        yield Mutant(
            "SEC001",
            f"ConfigMap {name} with data that cannot be looked into",
            lambda w, n=name: w.k8s("ConfigMap", n).update(binaryData={"x": "c2VjcmV0"}),
            UNKNOWN,
            COULD,
        )
    for _, name in base.objects("ExternalSecret"):
        yield Mutant(
            "SEC002",
            f"{name} with a field of a later release",
            lambda w, n=name: w.k8s("ExternalSecret", n)["spec"].update(mirror="x"),
            UNKNOWN,
            LATER,
        )
        yield Mutant(
            "SEC002",
            f"{name} fills another kind of object",
            lambda w, n=name: w.k8s("ExternalSecret", n)["spec"]["target"].update(manifest={"kind": "ConfigMap"}),
            UNKNOWN,
            COULD,
        )


def _chart(base: Base) -> Iterator[Mutant]:
    values = partial(lambda w: w.manifests(f"{base.chart}values.yaml")[0][base.agent]["app-template"])
    main = partial(lambda w: values(w)["controllers"]["main"])
    agent = partial(lambda w: main(w)["containers"][base.agent])
    yield Mutant("SEC001", "a key in the chart's values", lambda w: agent(w)["env"].update(COLOUR=KEY))


def _give_env(secret: str, key: str, workload: str, container: str, world: World) -> None:
    entry = {"name": "STOLEN", "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
    world.container(workload, container).setdefault("env", []).append(entry)


def _give_all(secret: str, workload: str, world: World) -> None:
    world.container(workload)["envFrom"] = [{"secretRef": {"name": secret}}]


def _mount(form: str, secret: str, workload: str, world: World) -> None:
    source: Json = {"secret": {"secretName": secret}}
    if form == "projected":
        source = {"projected": {"sources": [{"secret": {"name": secret}}]}}
    world.pod(workload).setdefault("volumes", []).append({"name": "stolen", **source})
    mount = {"name": "stolen", "mountPath": "/stolen"}
    if form == "subPath":
        mount["subPath"] = next(key for s, key, _, _ in world.base.grants() if s == secret)
    world.container(workload).setdefault("volumeMounts", []).append(mount)


def _copy(secret: str, workload: str, world: World) -> None:
    """Declared for the init container alone, but copied where another container sees it."""
    pod = world.pod(workload)
    pod.setdefault("volumes", []).extend(
        [{"name": "from", "secret": {"secretName": secret}}, {"name": "to", "emptyDir": {"sizeLimit": "1Mi"}}]
    )
    pod.setdefault("initContainers", []).append(
        {
            "name": "copy",
            "image": "docker:27.5.1-cli",
            "command": ["sh", "-c", "cp /from/* /to/"],
            "volumeMounts": [{"name": "from", "mountPath": "/from"}, {"name": "to", "mountPath": "/to"}],
        }
    )
    pod["containers"].append(
        {
            "name": "thief",
            "image": "docker:27.5.1-cli",
            "volumeMounts": [{"name": "to", "mountPath": "/to", "readOnly": True}],
        }
    )
    for one in world.ledger["secrets"]:
        one["readers"].append(
            {"workload": workload, "containers": ["copy"], "as": "file", "name": f"/from/{one['id']}"}
        )


def _role(account: str, resource: str, verb: str, world: World) -> None:
    meta = {"name": "grab", "namespace": world.base.namespace}
    api = "rbac.authorization.k8s.io"
    world.add(
        {
            "apiVersion": f"{api}/v1",
            "kind": "Role",
            "metadata": meta,
            "rules": [{"apiGroups": [""], "resources": [resource], "verbs": [verb]}],
        },
        {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            "metadata": meta,
            "roleRef": {"apiGroup": api, "kind": "Role", "name": "grab"},
            "subjects": [{"kind": "ServiceAccount", "name": account}],
        },
    )


def _cluster_admin(subject: Json, world: World) -> None:
    api = "rbac.authorization.k8s.io"
    world.add(
        {
            "apiVersion": f"{api}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "boss"},
            "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [subject],
        }
    )


def _secret(namespace: str, values: dict[str, str]) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "plain", "namespace": namespace},
        "stringData": values,
    }


def _write_out(workload: str, container: str, name: str, world: World) -> None:
    entry = next(e for e in world.container(workload, container)["env"] if e["name"] == name)
    entry.pop("valueFrom")
    entry["value"] = "abcdefgh12345678"


def _fetch_all(name: str, world: World) -> None:
    spec = world.k8s("ExternalSecret", name)["spec"]
    spec["dataFrom"] = [{"find": {"name": {"regexp": ".*"}}}]
    world.container(name)["envFrom"] = [{"secretRef": {"name": spec["target"]["name"]}}]


def _template_leak(world: World) -> None:
    spec = world.k8s("ExternalSecret", world.base.agent)["spec"]
    spec["data"].append({"secretKey": "a", "remoteRef": {"key": world.base.secret("provider-key")["key"]}})
    key = next(key for _, key, workload, _ in world.base.grants() if workload == world.base.agent)
    spec["target"]["template"] = {"data": {key: f"{{{{ .{key} }}}}{{{{ .a }}}}"}}


def _second_external_secret(world: World) -> None:
    world.add(
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": "second", "namespace": world.base.namespace},
            "spec": {
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": "parameterstore"},
                "target": {"name": "innocent"},
                "data": [{"secretKey": "theme", "remoteRef": {"key": world.base.secret("provider-key")["key"]}}],
            },
        }
    )
    world.container(world.base.agent)["env"].append(
        {"name": "THEME", "valueFrom": {"secretKeyRef": {"name": "innocent", "key": "theme"}}}
    )
