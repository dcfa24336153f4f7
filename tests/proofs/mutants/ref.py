"""Mutants of the reference family: two files that have to say the same, and one of them does not."""

# mypy does not infer the type of a lambda with a default, and most harms are one.
# A list of harms has as many branches as there are kinds of objects.
# mypy: disable-error-code="misc"
# ruff: noqa: PLR0912
import copy
from collections.abc import Callable, Iterator
from functools import partial

import yaml

from tests.proofs.mutants.shared import (
    COULD,
    ELSEWHERE,
    LATER,
    STRANGER,
    TRANSFORMS,
    dropping,
    refill,
    setting,
)
from tests.proofs.world import UNKNOWN, Base, Json, Mutant, World


def mutants(base: Base) -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _external_secrets(base)
    yield from _terraform_secrets(base)
    yield from _pod_network(base)
    yield from _data(base)
    yield from _references(base)
    yield from _sites(base)
    yield from _token_of_version_5(base)
    yield from _second_look(base)
    yield from _chart(base)
    yield from _vendors(base)
    yield from _policies(base)


def _policies(base: Base) -> Iterator[Mutant]:
    """Protections that read like some and are none."""
    names = [name for _, name in base.objects("ValidatingAdmissionPolicy")]
    for name in names:
        policy, binding = _admits(name)
        yield Mutant("REF017", f"{name} only warns", setting(binding, validationActions=["Warn"]))
        yield Mutant("REF017", f"{name} fails open", setting(policy, failurePolicy="Ignore"))
        yield Mutant("REF017", f"{name} is not bound", partial(_unbound, name))
    policy, binding = _admits(names[-1])
    conditions = [{"name": "x", "expression": "request.userInfo.username != 'somebody'"}]
    yield Mutant("REF017", "bound to parameters", setting(binding, paramRef={"name": "x"}))
    yield Mutant("REF017", "bound elsewhere", setting(binding, policyName="other"))
    yield Mutant("REF017", "a policy under a condition", setting(policy, matchConditions=conditions))
    yield Mutant("REF017", "a policy that validates nothing", setting(policy, validations=[]))
    yield Mutant("REF017", "a policy that matches nothing", setting(policy, matchConstraints={"resourceRules": []}))


def _admits(name: str) -> tuple[Callable[[World], Json], Callable[[World], Json]]:
    """The specs of a policy and of its binding."""
    return (
        lambda w: w.k8s("ValidatingAdmissionPolicy", name)["spec"],
        lambda w: w.k8s("ValidatingAdmissionPolicyBinding", name)["spec"],
    )


def _unbound(name: str, world: World) -> None:
    world.drop("ValidatingAdmissionPolicyBinding", name)


def _late_pod(base: Base, world: World) -> None:
    """Storage that binds when its first pod comes, and a claim that is applied before that."""
    _, storage = next(base.objects("StorageClass"))
    _, claim = next(base.objects("PersistentVolumeClaim"))
    world.k8s("StorageClass", storage).update(volumeBindingMode="WaitForFirstConsumer")
    world.k8s("PersistentVolumeClaim", claim)["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] = "-10"


def _vendors(base: Base) -> Iterator[Mutant]:
    for kind in ("delivery", "storage"):
        yield Mutant("REF014", f"the ledger has no {kind}", lambda w, k=kind: w.ledger["vendors"].update({k: None}))
    yield Mutant(
        "REF014",
        "the ledger publishes nothing",
        lambda w: (w.ledger["vendors"].update(publishing=None), w.ledger["sites"].clear()),
    )
    yield Mutant("REF014", "the ledger has no store", _without_a_store)
    yield Mutant(
        "REF014", "the ledger says plain manifests", lambda w: w.ledger["vendors"].update({"delivery": "plain"})
    )
    yield Mutant(
        "REF014", "the ledger says another storage", lambda w: w.ledger["vendors"].update({"storage": "ebs-csi"})
    )
    override = f"{base.app}.argocd-source-{base.namespace}.yaml"
    for what, body in (
        ("parameters of a chart", {"helm": {"parameters": [{"name": "a", "value": "b"}]}}),
        ("a prefix of names", {"kustomize": {"namePrefix": "x-"}}),
        ("something that is not an image", {"kustomize": {"images": ["a b"]}}),
    ):
        yield Mutant(
            "REF011",
            f"a file beside the manifests sets {what}",
            lambda w, b=body: w.files.update({override: yaml.safe_dump(b).encode()}),
            expects=UNKNOWN,
            because=TRANSFORMS,
        )


def _without_a_store(world: World) -> None:
    world.ledger["vendors"]["secretStore"] = None
    world.ledger["cluster"]["secretStore"] = None


def _external_secrets(base: Base) -> Iterator[Mutant]:
    for _, name in base.objects("ExternalSecret"):
        spec = base.body_of("ExternalSecret", name)["spec"]
        target = partial(lambda n, w: w.k8s("ExternalSecret", n)["spec"], name)
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
        for index, entry in enumerate(spec["data"]):
            key = entry["secretKey"]
            yield Mutant(
                "REF001",
                f"{key} of {name} asks for a parameter that nobody makes",
                partial(refill, name, index, base.parameter("OTHER")),
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
        UNKNOWN,
        STRANGER,
    )
    yield Mutant(
        "REF012",
        "a store of one's own",
        lambda w: w.add(
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "SecretStore",
                "metadata": {"name": "own", "namespace": base.namespace},
                "spec": {},
            }
        ),
    )


def _terraform_secrets(base: Base) -> Iterator[Mutant]:
    for name in base.json(base.aws_module)["resource"]["aws_ssm_parameter"]:
        target = partial(lambda n, w: w.aws["resource"]["aws_ssm_parameter"][n], name)
        yield Mutant("REF001", f"parameter {name} is renamed", setting(target, name=base.parameter("RENAMED")))
        yield Mutant(
            "REF001", f"parameter {name} is not made", lambda w, n=name: w.aws["resource"]["aws_ssm_parameter"].pop(n)
        )


def _pod_network(base: Base) -> Iterator[Mutant]:
    for _, name in base.objects("Service"):
        target = partial(lambda n, w: w.k8s("Service", n)["spec"], name)
        yield Mutant(
            "REF006",
            f"Service {name} leads to no port",
            lambda w, t=target: t(w)["ports"][0].update(targetPort="nothing"),
        )
        yield Mutant("REF006", f"Service {name} over UDP", lambda w, t=target: t(w)["ports"][0].update(protocol="UDP"))


def _data(base: Base) -> Iterator[Mutant]:
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
        UNKNOWN,
        STRANGER,
    )


def _references(base: Base) -> Iterator[Mutant]:
    for workload in base.workloads:
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
            v["name"] for v in base.body_of("Deployment", workload)["spec"]["template"]["spec"].get("volumes", [])
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
    for _, name in base.objects("ConfigMap"):
        yield Mutant("REF005", f"ConfigMap {name} dropped", lambda w, n=name: w.drop("ConfigMap", n))
    for workload, container, body in base.containers():
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if "httpGet" in body.get(probe, {}):
                yield Mutant(
                    "REF005",
                    f"{probe} of {workload}/{container} on a port that is not there",
                    lambda w, n=workload, c=container, p=probe: w.container(n, c)[p]["httpGet"].update(port="nothing"),
                )
        for entry in body.get("env", []):
            if "valueFrom" in entry:
                yield Mutant(
                    "REF005",
                    f"{entry['name']} of {workload}/{container} optional",
                    partial(_optional, workload, container, entry["name"]),
                )
    for resource in World(base).kustomization["resources"]:
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
            "REF007",
            f"the kustomization has {field}",
            lambda w, f=field, v=value: w.kustomization.update({f: v}),
            UNKNOWN,
            TRANSFORMS,
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
        "metadata": {"name": "fourth", "namespace": base.namespace},
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
        UNKNOWN,
        STRANGER,
    )
    yield Mutant(
        "REF010",
        "a CustomResourceDefinition",
        lambda w: w.add(
            {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x"}}
        ),
        UNKNOWN,
        STRANGER,
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
        lambda w: w.files.update({base.aws_module.replace("cdk.tf.json", "extra.tf"): b"x"}),
        UNKNOWN,
        STRANGER,
    )
    yield Mutant(
        "REF010",
        "a file that is not a manifest",
        lambda w: w.files.update({base.app + "values.yaml": b"a: 1\n"}),
        UNKNOWN,
        STRANGER,
    )
    yield Mutant(
        "REF010",
        "a script beside the manifests",
        lambda w: w.files.update({base.app + "run.sh": b"id\n"}),
        UNKNOWN,
        STRANGER,
    )
    source = partial(lambda w: w.k8s("Application", base.namespace)["spec"]["source"])
    yield Mutant("REF011", "the Application delivers another folder", setting(source, path="argoproj/other"))
    yield Mutant("REF011", "the Application patches what it delivers", setting(source, kustomize={"images": ["x"]}))
    yield Mutant(
        "REF011",
        "the Application deploys elsewhere",
        lambda w: w.k8s("Application", base.namespace)["spec"]["destination"].update(namespace="default"),
    )
    yield Mutant("REF011", "the Application follows no revision", dropping(source, "targetRevision"))
    retry = partial(lambda w: w.k8s("Application", base.namespace)["spec"]["syncPolicy"]["retry"])
    yield Mutant("REF016", "a failed revision is tried for ever", dropping(retry, "refresh"))
    yield Mutant("REF016", "a failed revision is tried again on purpose", setting(retry, refresh=False))
    yield Mutant("REF016", "a claim waits for a pod of a later wave", partial(_late_pod, base))
    provider = partial(lambda c: next(iter(c["models"]["providers"].values())))
    for what, url in (
        ("another port", f"http://{base.host(base.proxy)}:4001/v1"),
        ("another namespace", f"http://{base.proxy}.other.svc.cluster.local:4000/v1"),
        ("the provider directly", "https://api.anthropic.com/v1"),
        ("itself", f"http://{base.host(base.agent)}:18789/v1"),
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
        lambda w: w.openclaw(lambda c: c["agents"]["defaults"]["model"].update(primary=f"{base.proxy}/other")),
    )
    yield Mutant(
        "REF008",
        "a fallback does not exist",
        lambda w: w.openclaw(
            lambda c: c["agents"]["defaults"]["model"].setdefault("fallbacks", []).append("anthropic/claude")
        ),
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


def _sites(base: Base) -> Iterator[Mutant]:
    application = "cloudflare_zero_trust_access_application"
    routes, tunnel = "cloudflare_zero_trust_tunnel_cloudflared_config", "cloudflare_zero_trust_tunnel_cloudflared"
    record, host, zone = base.dns_record, base.site["host"], base.site["zone"]
    rule = partial(lambda w: w.routes)
    yield Mutant("REF003", "no catch-all", lambda w: rule(w).pop())
    yield Mutant(
        "REF003",
        "the catch-all leads to the agent",
        lambda w: rule(w)[-1].update(service=f"http://{base.host(base.agent)}:18789"),
    )
    yield Mutant("REF003", "the catch-all says hello", lambda w: rule(w)[-1].update(service="hello_world"))
    for what, service in (
        ("another port", f"http://{base.host(base.agent)}:18790"),
        ("another Service", f"http://{base.host(base.proxy)}:4000"),
        ("another namespace", "http://argocd-server.argocd.svc.cluster.local:80"),
        ("SSH", f"ssh://{base.host(base.agent)}:22"),
        ("an address", "https://" + base.ledger["cluster"]["apiServer"]),
        ("a typing error", f"http://{base.host(base.agent + 'x')}:18789"),
    ):
        yield Mutant("REF003", f"the tunnel leads to {what}", lambda w, s=service: rule(w)[0].update(service=s))
    yield Mutant("REF003", "the tunnel has no route to the site", lambda w: rule(w).pop(0))
    yield Mutant(
        "REF004",
        "DNS has another name",
        lambda w: w.tf(record).update(name="claw" if base.cloudflare_version == 4 else f"claw.{zone}"),
    )
    yield Mutant("REF004", "Access has another name", lambda w: w.tf(application).update(domain=f"claw.{zone}"))
    for what, origins in (
        ("another", [f"https://other.{zone}"]),
        ("one more", [f"https://{host}", "https://evil.example"]),
        ("no", []),
        ("every", ["*"]),
        ("an unencrypted", [f"http://{host}"]),
    ):
        yield Mutant(
            "REF015",
            f"{what} origin",
            lambda w, o=origins: w.openclaw(lambda c: c["gateway"]["controlUi"].update(allowedOrigins=o)),
        )
    yield Mutant(
        "REF009",
        "the token of another tunnel",
        lambda w: w.tf("aws_ssm_parameter").update(
            value=w.tf("aws_ssm_parameter")["value"].replace(f".{base.tunnel_resource}.", ".other.")
        ),
    )
    yield Mutant(
        "REF009",
        "another value as token",
        lambda w: w.tf("aws_ssm_parameter").update(
            value=f"${{cloudflare_zero_trust_tunnel_cloudflared.{base.tunnel_resource}.id}}"
        ),
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
        lambda w: w.tf(record).update(content=w.tf(record)["content"].replace(f".{base.tunnel_resource}.", ".other.")),
    )


def _token_of_version_5(base: Base) -> Iterator[Mutant]:
    """Version 5 reads the token of a tunnel by a data source."""
    kind = "cloudflare_zero_trust_tunnel_cloudflared_token"
    if base.cloudflare_version == 5:
        yield Mutant(
            "REF009",
            "the data source reads the token of another tunnel",
            lambda w: next(iter(w.cloudflare["data"][kind].values())).update(tunnel_id="x"),
        )
        yield Mutant("REF009", "no data source for the token", lambda w: w.cloudflare["data"].pop(kind))


def _second_look(base: Base) -> Iterator[Mutant]:
    """Ways around a rule that its first version did not see."""
    application, policy = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
    for kind in (application, policy):
        yield Mutant("REF010", f"{kind} is counted away", lambda w, k=kind: w.tf(k).update(count=0), UNKNOWN, COULD)
        yield Mutant(
            "REF010", f"{kind} for each of nothing", lambda w, k=kind: w.tf(k).update(for_each=[]), UNKNOWN, COULD
        )
        yield Mutant(
            "REF010",
            f"{kind} keeps what somebody clicked",
            lambda w, k=kind: w.tf(k).update(lifecycle={"ignore_changes": ["include"]}),
            UNKNOWN,
            COULD,
        )
        yield Mutant(
            "REF010",
            f"{kind} by another provider",
            lambda w, k=kind: w.tf(k).update(provider="cloudflare.other"),
            UNKNOWN,
            ELSEWHERE,
        )
        yield Mutant(
            "REF010",
            f"{kind} with a switch of a later release",
            lambda w, k=kind: w.tf(k).update(allow_authenticate_via_warp=True),
            UNKNOWN,
            LATER,
        )
    yield Mutant(
        "REF010",
        "an override file beside the root module",
        lambda w: w.files.update({base.cloudflare_module.replace("cdk.", "cdk_override."): b"{}"}),
        UNKNOWN,
        ELSEWHERE,
    )


def _chart(base: Base) -> Iterator[Mutant]:
    folder = base.chart
    values = partial(lambda w: w.manifests(f"{folder}values.yaml")[0][base.agent]["app-template"])
    main = partial(lambda w: values(w)["controllers"]["main"])
    agent = partial(lambda w: main(w)["containers"][base.agent])
    template = partial(lambda name, w: w.manifests(f"{folder}templates/{name}.yaml"))
    for path, data in base.files.items():
        if path.startswith(f"{folder}templates/") and path.endswith(".yaml") and b"{{" not in data:
            stem = path.removeprefix(f"{folder}templates/").removesuffix(".yaml")
            yield Mutant(
                "REF013",
                f"the chart's {stem} says something else",
                lambda w, n=stem: template(n, w)[-1].update(extra={"x": "z"}),
            )
    yield Mutant(
        "REF013",
        "the chart renders one more object",
        lambda w: template("networkpolicy", w).append(
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
        UNKNOWN,
        "what logic renders is known to Helm alone",
    )
    yield Mutant(
        "REF013",
        "the chart's agent gets one more secret",
        lambda w: agent(w)["env"].update(
            X={
                "valueFrom": {
                    "secretKeyRef": {"name": f"{base.proxy}-credentials", "key": base.secret("provider-key")["id"]}
                }
            }
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
            x={"type": "hostPath", "advancedMounts": {"main": {base.agent: [{"path": "/host"}]}}}
        ),
    )
    yield Mutant(
        "REF013",
        "the chart has values that are not known",
        lambda w: values(w).update(rawResources={"x": {}}),
        UNKNOWN,
        LATER,
    )
    yield Mutant(
        "REF013",
        "the chart configures another chart",
        lambda w: w.manifests(f"{folder}values.yaml")[0].update(other={"x": 1}),
        UNKNOWN,
        ELSEWHERE,
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


def _optional(workload: str, container: str, name: str, world: World) -> None:
    entry = next(e for e in world.container(workload, container)["env"] if e["name"] == name)
    entry["valueFrom"]["secretKeyRef"]["optional"] = True


def _other_kind(kind: str, workload: Json, world: World) -> None:
    template = copy.deepcopy(workload["spec"]["template"])
    meta = {"name": "fourth", "namespace": world.base.namespace}
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
