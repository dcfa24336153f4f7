"""Mutants of the reference family: two files that have to say the same, and one of them does not."""

# A table of harms: long lines are values of real fields, "passwords" are names or made up, and mypy does not infer the
# type of a lambda with a default.
# mypy: disable-error-code="misc"
# ruff: noqa: PLR0912
import copy
import json
from collections.abc import Iterator
from functools import partial

from tests.proofs.mutants.shared import (
    AGENT,
    WORKLOADS,
    dropping,
    refill,
    setting,
)
from tests.proofs.world import APP, DIST, Json, Mutant, World, body_of, containers, objects


def mutants() -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _external_secrets()
    yield from _terraform_secrets()
    yield from _pod_network()
    yield from _data()
    yield from _references()
    yield from _sites()
    yield from _second_look()
    yield from _chart()


def _external_secrets() -> Iterator[Mutant]:
    for _, name in objects("ExternalSecret"):
        spec = body_of("ExternalSecret", name)["spec"]
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
                partial(refill, name, index, "/lolice/openclaw/OTHER"),
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


def _terraform_secrets() -> Iterator[Mutant]:

    aws = json.loads((DIST / "arch/terraform/aws/openclaw/cdk.tf.json").read_text())
    for name in aws["resource"]["aws_ssm_parameter"]:
        target = partial(lambda n, w: w.aws["resource"]["aws_ssm_parameter"][n], name)
        yield Mutant("REF001", f"parameter {name} is renamed", setting(target, name="/lolice/openclaw/RENAMED"))
        yield Mutant(
            "REF001", f"parameter {name} is not made", lambda w, n=name: w.aws["resource"]["aws_ssm_parameter"].pop(n)
        )


def _pod_network() -> Iterator[Mutant]:
    for _, name in objects("Service"):
        target = partial(lambda n, w: w.k8s("Service", n)["spec"], name)
        yield Mutant(
            "REF006",
            f"Service {name} leads to no port",
            lambda w, t=target: t(w)["ports"][0].update(targetPort="nothing"),
        )
        yield Mutant("REF006", f"Service {name} over UDP", lambda w, t=target: t(w)["ports"][0].update(protocol="UDP"))


def _data() -> Iterator[Mutant]:
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


def _references() -> Iterator[Mutant]:
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
    for above in ("application.yaml", "appproject.yaml", "admission.yaml"):
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


def _sites() -> Iterator[Mutant]:
    application = "cloudflare_zero_trust_access_application"
    record, routes, tunnel = (
        "cloudflare_record",
        "cloudflare_zero_trust_tunnel_cloudflared_config",
        "cloudflare_zero_trust_tunnel_cloudflared",
    )
    rule = partial(lambda w: w.tf(routes)["config"]["ingress_rule"])
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


def _second_look() -> Iterator[Mutant]:
    """Ways around a rule that its first version did not see."""
    application, policy = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
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


def _chart() -> Iterator[Mutant]:

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
        lambda w: template("namespace", w).append(
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
