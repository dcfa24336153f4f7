"""Each Kubernetes half alone in a chart of somebody else's, and what it means there."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentkeep import (
    Budget,
    Image,
    Internet,
    IsolatedSecret,
    Model,
    Placement,
    Platform,
    Port,
    Provider,
    Range,
    Sandbox,
    SecretParam,
    Service,
    Taint,
)
from agentkeep.core.model import Model as PlatformModel
from agentkeep.core.workload import Workload
from agentkeep.testing import DEMO_CLUSTER, demo_platform
from tests.trees import kubernetes_tree
from tests.worlds import DUAL_STACK, OPUS, RANGES, SONNET, World, add_agent, world

pytestmark = pytest.mark.usefixtures("engines")

Chart = Any
Objects = dict[tuple[str, str], Any]
KEPT = "Prune=false,Delete=false"
SYNC = "argocd.argoproj.io/sync-options"
WAVE = "argocd.argoproj.io/sync-wave"


def synthesized(build: Callable[[Chart], object]) -> Objects:
    from cdk8s import Testing

    chart = Testing.chart()
    build(chart)
    found = Testing.synth(chart)
    objects = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(objects) == len(found), "two objects of one kind and name would overwrite each other"
    return objects


def secrets(workload: Workload) -> Objects:
    from agentkeep.secret_param.kubernetes import SecretParamKubernetes

    return synthesized(lambda chart: SecretParamKubernetes(chart, "any", workload))


def agent_objects(built: World) -> Objects:
    from agentkeep.sandboxed_agent.kubernetes import SandboxedAgentKubernetes

    built.platform.seal()
    return synthesized(lambda chart: SandboxedAgentKubernetes(chart, "any", built.agent))


def proxy_objects(built: World) -> Objects:
    from agentkeep.isolated_llm_proxy.kubernetes import IsolatedLLMProxyKubernetes

    built.platform.seal()
    return synthesized(lambda chart: IsolatedLLMProxyKubernetes(chart, "any", built.llm))


def policies(built: World) -> dict[str, Any]:
    from agentkeep.egress_lockdown.kubernetes import EgressLockdownKubernetes

    built.platform.seal()
    found = synthesized(lambda chart: EgressLockdownKubernetes(chart, "any", built.lockdown))
    return {name: one for (kind, name), one in found.items() if kind == "NetworkPolicy"}


def pod(objects: Objects, name: str) -> Any:
    return objects["Deployment", name]["spec"]["template"]["spec"]


def containers(spec: Any) -> Iterator[Any]:
    yield from (*spec.get("initContainers", ()), *spec["containers"])


def environment(container: Any) -> dict[str, Any]:
    names = [one["name"] for one in container.get("env", ())]
    assert len(names) == len({*names}), f"{container['name']} has a variable twice"
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container.get("env", ())}


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_workload_gets_one_secret_with_exactly_what_it_was_granted() -> None:
    built = world(discord=True)
    ((_, name), found) = next(iter(secrets(built.agent).items()))

    assert name == "agent"
    assert found["spec"]["target"]["name"] == "agent-credentials"
    assert {one["secretKey"]: one["remoteRef"]["key"] for one in found["spec"]["data"]} == {
        "DISCORD_BOT_TOKEN": "/demo/demo/DISCORD_BOT_TOKEN",
        "LITELLM_PROXY_KEY": "/demo/demo/LITELLM_PROXY_KEY",
        "OPENCLAW_GATEWAY_TOKEN": "/demo/demo/OPENCLAW_GATEWAY_TOKEN",
    }


def test_the_provider_key_is_in_the_proxy_alone() -> None:
    built = world()
    keys = {
        workload.id: {one["secretKey"] for found in secrets(workload).values() for one in found["spec"]["data"]}
        for workload in (built.agent, built.llm)
    }

    assert keys["llm"] == {"ACME_API_KEY", "LITELLM_MASTER_KEY", "LITELLM_PROXY_KEY"}
    assert keys["agent"] == {"LITELLM_PROXY_KEY", "OPENCLAW_GATEWAY_TOKEN"}


def test_an_external_secret_spells_out_what_its_controller_would_add() -> None:
    ((_, found),) = secrets(world().agent).items()

    assert found["apiVersion"] == "external-secrets.io/v1"
    assert found["spec"]["target"]["creationPolicy"] == "Owner"
    assert found["spec"]["target"]["deletionPolicy"] == "Retain"
    assert found["spec"]["secretStoreRef"] == {"name": "parameterstore", "kind": "ClusterSecretStore"}
    for one in found["spec"]["data"]:
        assert one["remoteRef"].keys() == {"key", "conversionStrategy", "decodingStrategy", "metadataPolicy"}


def test_a_workload_that_reads_nothing_gets_nothing() -> None:
    assert secrets(Workload(demo_platform(), "idle", ports={})) == {}


# --- site ------------------------------------------------------------------------------------------------------------


def site_objects(built: World, *hosts: str) -> Objects:
    from agentkeep.tunnel_site.kubernetes import TunnelSiteKubernetes

    site = built.publish(*hosts)
    built.platform.seal()
    return synthesized(lambda chart: TunnelSiteKubernetes(chart, "any", site))


def test_cloudflared_runs_twice_and_is_asked_whether_it_is_connected() -> None:
    found = site_objects(world(), "agent")
    (container,) = pod(found, "cloudflared")["containers"]

    assert found["Deployment", "cloudflared"]["spec"]["replicas"] == 2
    assert container["args"] == [
        *("tunnel", "--no-autoupdate", "--metrics", "0.0.0.0:2000", "--edge-ip-version", "4", "run")
    ]
    assert container["ports"] == [{"name": "metrics", "containerPort": 2000}]
    for probe in ("readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/ready", "port": "metrics"}


def test_cloudflared_takes_its_token_by_variable_from_a_secret_of_its_own() -> None:
    found = site_objects(world(), "agent")
    (container,) = pod(found, "cloudflared")["containers"]

    assert environment(container) == {
        "TUNNEL_TOKEN": {"secretKeyRef": {"name": "cloudflared-credentials", "key": "cloudflared-tunnel-token"}}
    }
    assert [one["remoteRef"]["key"] for one in found["ExternalSecret", "cloudflared"]["spec"]["data"]] == [
        "/demo/demo/tunnel-token"
    ]


def test_cloudflared_is_a_numbered_user_and_no_sidecar() -> None:
    spec = pod(site_objects(world(), "agent"), "cloudflared")

    assert spec["securityContext"]["runAsUser"] == 65532
    assert [one["name"] for one in spec["containers"]] == ["cloudflared"]
    assert spec["automountServiceAccountToken"] is False


def test_on_a_cluster_with_both_families_cloudflared_chooses() -> None:
    found = site_objects(world(platform=demo_platform(on=DUAL_STACK)), "agent")

    assert "--edge-ip-version" not in pod(found, "cloudflared")["containers"][0]["args"]


# --- proxy -----------------------------------------------------------------------------------------------------------


def proxy_config(objects: Objects) -> tuple[Any, Any]:
    data = objects["ConfigMap", "llm-config"]["data"]
    return yaml.safe_load(data["config.yaml"]), json.loads(data["clients.json"])


def test_litellm_loads_its_configuration_and_asks_the_gate() -> None:
    found = proxy_objects(world())
    (container,) = pod(found, "llm")["containers"]
    config, _ = proxy_config(found)

    assert container["args"] == ["--config", "/etc/litellm/config.yaml", "--port", "4000"]
    assert {"name": "config", "mountPath": "/etc/litellm", "readOnly": True} in container["volumeMounts"]
    assert (
        config["general_settings"]["custom_auth"].partition(".")[0] + ".py" in found["ConfigMap", "llm-config"]["data"]
    )
    assert [one["model_name"] for one in config["model_list"]] == ["sonnet-1", "opus-1"]


def test_only_names_of_keys_are_in_the_configuration() -> None:
    config, clients = proxy_config(proxy_objects(world()))

    assert {one["litellm_params"]["api_key"] for one in config["model_list"]} == {"os.environ/ACME_API_KEY"}
    assert config["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"
    assert json.dumps(clients).count("LITELLM_PROXY_KEY") == 1


def test_the_proxy_runs_once_because_limits_are_counted_in_memory() -> None:
    assert proxy_objects(world())["Deployment", "llm"]["spec"]["replicas"] == 1


def test_no_probe_makes_a_paid_request() -> None:
    (container,) = pod(proxy_objects(world()), "llm")["containers"]

    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/health/liveliness", "port": "http"}


def test_a_change_of_configuration_restarts_the_proxy() -> None:
    annotations = []
    for limit in (None, 30):
        built = world(serve=False)
        built.llm.serve(built.agent, key=built.proxy_key, requests_per_minute=limit)
        found = proxy_objects(built)
        annotations.append(
            found["Deployment", "llm"]["spec"]["template"]["metadata"]["annotations"]["agentkeep/config"]
        )

    assert annotations[0] != annotations[1]


def test_two_agents_have_a_key_of_their_own_each_and_only_their_models() -> None:
    built = world()
    second = add_agent(built, "second")
    second_key = SecretParam(built.platform, "SECOND_PROXY_KEY", about="the second agent's own key")
    built.llm.serve(second, key=second_key, models=[SONNET], requests_per_minute=7)
    found = proxy_objects(built)
    _, clients = proxy_config(found)
    by_name = {one["name"]: one for one in clients["clients"]}

    assert by_name["agent"]["models"] == ["sonnet-1", "opus-1"]
    assert by_name["second"]["models"] == ["sonnet-1"]
    assert by_name["second"]["rpm"] == 7
    assert by_name["agent"]["keyEnv"] != by_name["second"]["keyEnv"]
    assert {"LITELLM_PROXY_KEY", "SECOND_PROXY_KEY"} <= environment(pod(found, "llm")["containers"][0]).keys()


def two_providers(acme: IsolatedSecret) -> list[Provider]:
    other = IsolatedSecret(acme.platform, "OTHER_API_KEY", about="key of the other provider")
    haiku = Model(id="haiku-1", upstream="other/haiku-1", alias="Haiku", context_window=100_000, max_output=8_000)
    return [
        Provider("acme", acme, [SONNET, OPUS], RANGES, budget=Budget("acme", 20, "30d")),
        Provider("other", other, [haiku], ("203.0.113.0/24",)),
    ]


def test_several_providers_have_a_key_a_range_and_a_budget_of_their_own() -> None:
    built = world(providers=two_providers)
    config, _ = proxy_config(proxy_objects(built))
    keys = {one["model_name"]: one["litellm_params"]["api_key"] for one in config["model_list"]}
    ranges = [flow.ledger_names for flow in built.model.flows("llm") if isinstance(flow.to, Range)]

    assert keys == {
        "sonnet-1": "os.environ/ACME_API_KEY",
        "opus-1": "os.environ/ACME_API_KEY",
        "haiku-1": "os.environ/OTHER_API_KEY",
    }
    assert sorted(ranges) == [("cidr:198.51.100.0/24",), ("cidr:203.0.113.0/24",)]
    assert config["router_settings"]["provider_budget_config"].keys() == {"acme"}


def test_the_prompt_cache_is_for_models_that_have_one() -> None:
    config, _ = proxy_config(proxy_objects(world()))
    cached = [one["model_name"] for one in config["model_list"] if "cache_control_injection_points" in json.dumps(one)]

    assert cached == ["opus-1"]


# --- agent -----------------------------------------------------------------------------------------------------------


def test_there_is_never_a_second_agent_on_one_volume() -> None:
    found = agent_objects(world())
    spec = found["Deployment", "agent"]["spec"]

    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")
    assert found["PersistentVolumeClaim", "agent-data"]["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_the_claim_is_kept_and_backed_up() -> None:
    claim = agent_objects(world())["PersistentVolumeClaim", "agent-data"]

    assert claim["metadata"]["annotations"][SYNC] == KEPT
    assert claim["metadata"]["labels"]["recurring-job.longhorn.io/source"] == "enabled"
    assert claim["metadata"]["labels"]["recurring-job-group.longhorn.io/default"] == "enabled"
    assert claim["spec"]["storageClassName"] == "demo-retain"
    assert claim["spec"]["resources"]["requests"]["storage"] == "10Gi"


def test_the_configuration_names_the_proxy_and_holds_no_secret() -> None:
    built = world(discord=True)
    built.publish("agent")
    config = json.loads(agent_objects(built)["ConfigMap", "agent-config"]["data"]["openclaw.json"])

    provider = config["models"]["providers"]["litellm"]
    assert provider["baseUrl"] == "http://llm.demo.svc.cluster.local:4000/v1"
    assert config["agents"]["defaults"]["model"] == {"primary": "litellm/sonnet-1", "fallbacks": ["litellm/opus-1"]}
    assert config["gateway"]["trustedProxies"] == ["10.244.0.0/16"]
    assert config["gateway"]["controlUi"]["allowedOrigins"] == ["https://agent.example.com"]
    assert config["channels"]["discord"]["allowFrom"] == ["100000000000000001"]
    assert "${LITELLM_PROXY_KEY}" in json.dumps(provider["apiKey"])


def test_an_agent_that_no_host_leads_to_has_an_origin_that_no_page_can_have() -> None:
    config = json.loads(agent_objects(world())["ConfigMap", "agent-config"]["data"]["openclaw.json"])

    assert config["gateway"]["controlUi"]["allowedOrigins"] == ["https://unpublished.invalid"]


def test_only_the_gateway_reads_the_agents_secrets() -> None:
    spec = pod(agent_objects(world(discord=True)), "agent")
    readers = {one["name"] for one in containers(spec) if "secretKeyRef" in json.dumps(one)}

    assert readers == {"agent"}
    assert all("envFrom" not in one for one in containers(spec))


def test_every_container_but_the_daemon_is_restricted() -> None:
    spec = pod(agent_objects(world()), "agent")
    loose = {one["name"] for one in containers(spec) if one["securityContext"].get("privileged")}

    assert loose == {"dind"}
    assert spec["automountServiceAccountToken"] is False
    for one in containers(spec):
        if one["name"] not in loose:
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
            }


def test_the_daemon_sees_the_same_folders_at_the_same_paths_and_no_others() -> None:
    spec = pod(agent_objects(world()), "agent")
    (daemon,) = [one for one in containers(spec) if one["name"] == "dind"]
    shared = {mount["mountPath"]: mount["subPath"] for mount in daemon["volumeMounts"] if mount["name"] == "data"}

    assert shared == {f"/home/node/.openclaw/{name}": name for name in ("sandbox", "sandboxes", "workspace")}
    assert daemon["restartPolicy"] == "Always"
    assert "secretKeyRef" not in json.dumps(daemon)


def test_the_heap_is_three_quarters_of_the_memory() -> None:
    spec = pod(agent_objects(world()), "agent")

    assert environment(spec["containers"][0])["NODE_OPTIONS"] == "--max-old-space-size=3072"


def test_without_a_sandbox_there_is_no_docker_at_all() -> None:
    found = agent_objects(world(sandbox=Sandbox.off(because="a test")))
    spec = pod(found, "agent")

    assert [one["name"] for one in containers(spec)] == ["install-tools", "prepare-state", "agent", "sync-files"]
    assert "docker" not in json.dumps(spec).replace("docker-cli", "").lower()
    assert not any(one["securityContext"].get("privileged") for one in containers(spec))
    assert "pull-sandbox.sh" not in found["ConfigMap", "agent-scripts"]["data"]


def test_a_secret_as_a_file_is_mounted_read_only_in_the_gateway_alone() -> None:
    built = world()
    key = SecretParam(built.platform, "SIGNING_KEY", about="signs commits")
    built.agent.reads(key, as_file="/run/secrets/signing-key")
    spec = pod(agent_objects(built), "agent")
    mounts = [
        (one["name"], mount) for one in containers(spec) for mount in one["volumeMounts"] if "signing" in str(mount)
    ]
    (volume,) = [one for one in spec["volumes"] if one["name"] == "secret-files"]

    assert mounts == [
        (
            "agent",
            {
                "name": "secret-files",
                "mountPath": "/run/secrets/signing-key",
                "subPath": "SIGNING_KEY",
                "readOnly": True,
            },
        )
    ]
    assert volume["secret"]["secretName"] == "agent-credentials"
    # Owner and group of the pod may read it, and nobody else.
    assert volume["secret"]["defaultMode"] == 0o440
    assert volume["secret"]["items"] == [{"key": "SIGNING_KEY", "path": "SIGNING_KEY"}]
    assert "SIGNING_KEY" not in environment(spec["containers"][0])


def test_an_agent_can_be_kept_to_nodes_of_its_own() -> None:
    placement = Placement(taint=Taint(key="dedicated", value="agents"))
    spec = pod(agent_objects(world(placement=placement)), "agent")

    assert spec["nodeSelector"] == {"kubernetes.io/arch": "amd64"}
    assert spec["tolerations"] == [{"key": "dedicated", "operator": "Equal", "value": "agents", "effect": "NoSchedule"}]


def test_an_agent_tolerates_nothing_unless_told() -> None:
    assert "tolerations" not in pod(agent_objects(world()), "agent")


def test_every_reference_of_the_pod_is_there() -> None:
    found = agent_objects(world())
    spec = pod(found, "agent")
    names = {one["name"] for one in spec["volumes"]}

    assert {mount["name"] for one in containers(spec) for mount in one["volumeMounts"]} == names
    for volume in spec["volumes"]:
        if "configMap" in volume:
            assert ("ConfigMap", volume["configMap"]["name"]) in found
        if "persistentVolumeClaim" in volume:
            assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in found


# --- lockdown --------------------------------------------------------------------------------------------------------


def test_the_whole_namespace_is_closed_both_ways() -> None:
    assert policies(world())["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_policies_come_before_pods() -> None:
    assert {one["metadata"]["annotations"][WAVE] for one in policies(world()).values()} == {"-20"}


def test_a_flow_is_open_at_both_ends_and_nowhere_else() -> None:
    found = policies(world())
    agent = {"app.kubernetes.io/name": "agent", "app.kubernetes.io/part-of": "demo"}
    llm = {"app.kubernetes.io/name": "llm", "app.kubernetes.io/part-of": "demo"}

    assert found["llm"]["spec"]["podSelector"] == {"matchLabels": llm}
    assert found["llm"]["spec"]["ingress"] == [
        {"from": [{"podSelector": {"matchLabels": agent}}], "ports": [{"port": 4000, "protocol": "TCP"}]}
    ]
    assert {"to": [{"podSelector": {"matchLabels": llm}}], "ports": [{"port": 4000, "protocol": "TCP"}]} in found[
        "agent"
    ]["spec"]["egress"]
    assert "ingress" not in found["agent"]["spec"]


def test_no_rule_is_without_peers_or_ports() -> None:
    built = world()
    built.lockdown.allow(built.agent, Internet.https(), because="a test")
    built.publish("agent")

    for policy in policies(built).values():
        for way, peers in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(way, ()):
                assert rule[peers]
                assert rule["ports"]


def test_names_are_asked_of_dns_pods_only() -> None:
    rules = [rule for rule in policies(world())["llm"]["spec"]["egress"] if rule["ports"][0]["port"] == 53]

    assert sorted(rule["ports"][0]["protocol"] for rule in rules) == ["TCP", "UDP"]
    for rule in rules:
        assert rule["to"] == [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ]


def internet_rules(platform: Platform) -> list[Any]:
    built = world(platform=platform)
    built.lockdown.allow(built.agent, Internet.https(), because="a test")
    egress = policies(built)["agent"]["spec"]["egress"]
    return [peer["ipBlock"] for rule in egress if rule["ports"][0]["port"] == 443 for peer in rule["to"]]


def test_the_internet_is_without_the_cluster_and_without_ipv6_on_an_ipv4_cluster() -> None:
    public = DEMO_CLUSTER.model_copy(update={"pod_cidrs": ("192.178.0.0/16",)})
    (block,) = internet_rules(demo_platform(on=public))

    assert block["cidr"] == "0.0.0.0/0"
    assert {"192.178.0.0/16", "10.0.0.0/8", "192.168.0.0/16", "169.254.0.0/16"} <= {*block["except"]}


def test_on_a_cluster_with_both_families_both_are_opened_without_its_own_networks() -> None:
    blocks = {block["cidr"]: block["except"] for block in internet_rules(demo_platform(on=DUAL_STACK))}

    assert blocks.keys() == {"0.0.0.0/0", "2000::/3"}
    assert "2a00:1::/64" in blocks["2000::/3"]
    # Inside of 2001:db8::/32, which is out already.
    assert "2001:db8:1::/64" not in blocks["2000::/3"]


def test_the_reason_of_every_flow_is_in_the_policy() -> None:
    built = world()
    built.lockdown.allow(built.agent, Internet.https(), because="web search and nothing else")
    said = policies(built)["agent"]["metadata"]["annotations"]["agentkeep/flows"]

    assert "to internet TCP 443: web search and nothing else\n" in said
    assert "to llm TCP 4000: model requests, with the agent's own key\n" in said


def test_a_workload_without_flows_keeps_a_policy_that_opens_nothing() -> None:
    built = world()
    Service(built.platform, "idle", image=Image("example.com/idle:1.0.0"), ports={"http": Port.tcp(80)})
    found = policies(built)["idle"]["spec"]

    assert found["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & found.keys()


# --- delivery --------------------------------------------------------------------------------------------------------


def namespace_objects(built: World) -> Objects:
    from agentkeep.delivery.namespace import NamespaceKubernetes

    return synthesized(lambda chart: NamespaceKubernetes(chart, "any", built.platform.seal()))


def test_the_namespace_outlives_the_app_and_is_no_looser_than_needed() -> None:
    with_daemon = namespace_objects(world())["Namespace", "demo"]["metadata"]
    without = namespace_objects(world(sandbox=Sandbox.off(because="a test")))["Namespace", "demo"]["metadata"]

    assert with_daemon["annotations"][SYNC] == without["annotations"][SYNC] == KEPT
    assert with_daemon["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert without["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert with_daemon["labels"]["pod-security.kubernetes.io/warn"] == "restricted"


def test_volumes_outlive_their_claims() -> None:
    found = namespace_objects(world())["StorageClass", "demo-retain"]

    assert found["reclaimPolicy"] == "Retain"
    assert found["provisioner"] == "driver.longhorn.io"
    assert found["parameters"]["numberOfReplicas"] == "2"
    assert found["metadata"]["annotations"][SYNC] == KEPT


def delivery_objects(model: PlatformModel) -> Objects:
    from agentkeep.delivery.argocd.kubernetes import DeliveryKubernetes

    return synthesized(lambda chart: DeliveryKubernetes(chart, "any", model))


def test_no_deletion_of_the_application_reaches_the_data() -> None:
    app = delivery_objects(world().platform.seal())["Application", "demo"]

    assert "finalizers" not in app["metadata"]
    assert app["spec"]["syncPolicy"]["automated"] == {"allowEmpty": False, "prune": False, "selfHeal": True}
    assert "CreateNamespace=false" in app["spec"]["syncPolicy"]["syncOptions"]


def test_the_project_allows_one_repository_one_namespace_and_no_rights() -> None:
    project = delivery_objects(world().platform.seal())["AppProject", "demo"]["spec"]
    kinds = {one["kind"] for one in (*project["namespaceResourceWhitelist"], *project["clusterResourceWhitelist"])}

    assert project["sourceRepos"] == ["https://git.example.com/demo/cluster"]
    assert project["destinations"] == [{"server": "https://kubernetes.default.svc", "namespace": "demo"}]
    assert not kinds & {"*", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Secret", "Pod", "DaemonSet"}


def test_the_project_allows_every_kind_that_the_app_is_made_of(tmp_path: Path) -> None:
    built = world(discord=True)
    built.publish("agent")
    built.lockdown.check_in_cluster(built.agent, image=Image("busybox:1.37.0"))
    tree = {name.rpartition("/")[2]: text for name, text in kubernetes_tree(built.platform.seal(), tmp_path).items()}
    (project,) = yaml.safe_load_all(tree["appproject.yaml"])
    allowed = {
        (one["group"], one["kind"])
        for one in (*project["spec"]["namespaceResourceWhitelist"], *project["spec"]["clusterResourceWhitelist"])
    }
    made = {
        (one["apiVersion"].rpartition("/")[0], one["kind"])
        for name in yaml.safe_load(tree["kustomization.yaml"])["resources"]
        for one in yaml.safe_load_all(tree[name])
    }

    assert ("batch", "Job") in made
    assert made <= allowed


def test_a_platform_of_many_pages_has_a_file_for_each(tmp_path: Path) -> None:
    from agentkeep.targets.kubernetes.synthesis import CHARTS_PER_APP

    built = world()
    for number in range(10):
        agent = add_agent(built, f"agent{number}")
        built.llm.serve(agent, key=SecretParam(built.platform, f"KEY_{number}", about="x"))
    tree = {name.rpartition("/")[2]: text for name, text in kubernetes_tree(built.platform.seal(), tmp_path).items()}

    assert len(tree) > CHARTS_PER_APP
    assert {f"agent{number}-deployment.yaml" for number in range(10)} <= tree.keys()
    for name, text in tree.items():
        assert text.count("\nkind: ") == sum(one is not None for one in yaml.safe_load_all(text)), name


def test_an_image_is_used_as_it_was_declared() -> None:
    spec = pod(agent_objects(world()), "agent")

    assert {Image(one["image"]).reference for one in containers(spec)} == {
        "ghcr.io/openclaw/openclaw:2026.9.6",
        "docker:27.5.1-dind",
        "docker:27.5.1-cli",
    }
