"""The facts of a cluster: no CIDR can be left out, and none can be half right."""

from typing import Any

import pytest

from agentkeep import (
    ArgoCd,
    Aws,
    Chart,
    Cluster,
    ClusterDns,
    DeclarationErrors,
    Longhorn,
    Manifests,
    ParameterStore,
    TerraformModules,
    TerraformState,
    Zone,
)
from agentkeep.core.facts import Fact, networks
from agentkeep.testing import DEMO_ARGOCD, DEMO_AWS, DEMO_CLUSTER, DEMO_STATE, DEMO_STORE, DEMO_TARGETS, DEMO_ZONE
from tests.worlds import DUAL_STACK, fields

GIVEN: dict[str, Any] = {name: getattr(DEMO_CLUSTER, name) for name in Cluster.model_fields}


def problems(**changes: Any) -> list[str]:
    return [problem for problem, _ in Cluster(**(GIVEN | changes)).problems()]


@pytest.mark.parametrize("keyword", ["pod_cidrs", "service_cidrs", "node_cidrs"])
def test_cannot_be_built_without(keyword: str) -> None:
    with pytest.raises(DeclarationErrors) as caught:
        Cluster(**{name: value for name, value in GIVEN.items() if name != keyword})

    assert [fields(error) for error in caught.value.exceptions] == [
        ("Cluster", f"{keyword!r} is missing", f"add {keyword}=... to Cluster(...)")
    ]


@pytest.mark.parametrize(
    "fact",
    [DEMO_CLUSTER, DUAL_STACK, DEMO_AWS, DEMO_STATE, DEMO_ARGOCD, DEMO_ZONE, DEMO_STORE, *DEMO_TARGETS],
    ids=lambda fact: type(fact).__name__,
)
def test_the_invented_facts_are_sound(fact: Fact) -> None:
    assert list(fact.problems()) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"pod_cidrs": ()}, "pod_cidrs has no IPv4 network"),
        ({"service_cidrs": ("10.96.0.1/12",)}, "service_cidrs: '10.96.0.1/12' has host bits set"),
        ({"node_cidrs": ("10.0.0.1",), "ip_families": ("IPv4",)}, None),
        ({"node_cidrs": ("nodes",)}, "node_cidrs: 'nodes' is not a network"),
        ({"pod_cidrs": ("0.0.0.0/0",)}, "pod_cidrs: '0.0.0.0/0' is wider than a cluster"),
        ({"ip_families": ("IPv4", "IPv6")}, "pod_cidrs has no IPv6 network"),
        ({"ip_families": ()}, "ip_families is empty"),
        ({"api_server": "kubernetes.default.svc"}, "api_server='kubernetes.default.svc' is not an address:port"),
        (
            {"api_server": "api.example.com:6443"},
            "api_server='api.example.com:6443' is a name, so its addresses are not known",
        ),
        ({"api_server": "api.example.com:6443", "api_server_cidrs": ("203.0.113.0/28",)}, None),
        ({"api_server": "api.example.com"}, "api_server='api.example.com' is not an address:port"),
        ({"api_server_cidrs": ("203.0.113.1/28",)}, "api_server_cidrs: '203.0.113.1/28' has host bits set"),
        ({"dns": ClusterDns(addresses=("169.254.20.10", "fd00::10"))}, None),
        ({"dns": ClusterDns(addresses=("169.254.20.10/32",))}, "'169.254.20.10/32' is not an address of DNS"),
        ({"dns": ClusterDns(addresses=("resolver",))}, "'resolver' is not an address of DNS"),
        ({"name": "My Cluster"}, "cluster name 'My Cluster' is not a DNS label"),
        ({"dns": ClusterDns(pod_labels=())}, "the DNS pods have no label"),
        ({"dns": ClusterDns(namespace="Kube")}, "namespace of the DNS pods 'Kube' is not a DNS label"),
        ({"storage": Longhorn(replicas=0, backup_groups=("x",))}, "replicas=0 keeps no copy of the data"),
        ({"storage": Longhorn(replicas=2, backup_groups=())}, "no backup group is named"),
    ],
)
def test_judges(changes: dict[str, Any], problem: str | None) -> None:
    assert problem in problems(**changes) if problem else problems(**changes) == []


@pytest.mark.parametrize(
    ("changes", "api"),
    [
        ({}, []),
        ({"api_server": "203.0.113.7:6443"}, ["203.0.113.7/32"]),
        ({"api_server": "api.example.com:6443", "api_server_cidrs": ("203.0.113.0/28",)}, ["203.0.113.0/28"]),
        ({"api_server": "api.example.com:6443", "api_server_cidrs": ("192.168.1.8/29",)}, []),
    ],
)
def test_an_api_server_outside_of_the_nodes_is_one_of_its_own_networks(changes: dict[str, Any], api: list[str]) -> None:
    cluster = Cluster(**(GIVEN | changes))

    assert [*cluster.api_networks] == api
    assert [*cluster.own_networks[3:]] == [*networks(api)]


def test_the_clusters_own_networks_are_pods_services_and_nodes() -> None:
    assert [str(network) for network in DEMO_CLUSTER.own_networks] == [
        "10.244.0.0/16",
        "10.96.0.0/12",
        "192.168.1.0/24",
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"account_id": "12345678901"}, "account_id is not twelve digits"),
        ({"account_id": "١٢٣٤٥٦٧٨٩٠١٢"}, "account_id is not twelve digits"),
        ({"region": "Tokyo"}, "region='Tokyo' is not an AWS region"),
    ],
)
def test_judges_an_account(changes: dict[str, str], problem: str) -> None:
    assert [found for found, _ in Aws(**(DEMO_AWS.model_dump() | changes)).problems()] == [problem]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"prefix": "demo"}, "prefix='demo' is not a parameter path"),
        ({"prefix": "/demo/"}, "prefix='/demo/' is not a parameter path"),
        ({"prefix": "/AWS-keys"}, "prefix='/AWS-keys' begins with a word that AWS keeps"),
        ({"name": "My Store"}, "part of secret store 'My Store': 'My Store' is not a DNS label"),
        ({"aws": Aws(account_id="12", region="eu-central-1")}, "account_id is not twelve digits"),
    ],
)
def test_judges_a_store(changes: dict[str, Any], problem: str) -> None:
    given: dict[str, Any] = {"name": DEMO_STORE.name, "aws": DEMO_AWS, "prefix": DEMO_STORE.prefix} | changes

    assert [found for found, _ in ParameterStore(**given).problems()] == [problem]


STATE = TerraformState(bucket="demo-state", region="eu-central-1")


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        (Manifests(folder="../cluster"), "folder='../cluster' is not a folder name"),
        (Chart(folder=""), "folder='' is not a folder name"),
        (TerraformModules(folder="a/b", state=STATE), "folder='a/b' is not a folder name"),
        (
            TerraformModules(folder="tf", state=STATE, modules="{module}"),
            "modules='{module}' gives two root modules one folder",
        ),
        (
            TerraformModules(folder="tf", state=STATE, modules="../{module}/{platform}"),
            "modules='../{module}/{platform}' gives two root modules one folder",
        ),
        (
            TerraformModules(folder="tf", state=STATE, files={"../x": ""}),
            "files: '../x' is not a file of a root module",
        ),
        (
            TerraformModules(folder="tf", state=STATE, files={"cdk.tf.json": "{}"}),
            "files: 'cdk.tf.json' is not a file of a root module",
        ),
        (
            TerraformModules(folder="tf", state=STATE.model_copy(update={"region": "Tokyo"})),
            "region='Tokyo' is not an AWS region",
        ),
    ],
)
def test_judges_a_target(target: Fact, problem: str) -> None:
    assert [found for found, _ in target.problems()] == [problem]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"domain": "Example.com"}, "part of domain 'Example.com': 'Example' is not a DNS label"),
        ({"account_id": "x"}, "account_id is not 32 hex digits"),
        ({"zone_id": "A" * 32}, "zone_id is not 32 hex digits"),
        ({"team_name": "my.team"}, "team_name 'my.team' is not a DNS label"),
    ],
)
def test_judges_a_zone(changes: dict[str, str], problem: str) -> None:
    given: dict[str, Any] = DEMO_ZONE.model_dump() | changes

    assert [found for found, _ in Zone(**given).problems()] == [problem]


def test_a_zone_names_one_of_two_provider_generations() -> None:
    with pytest.raises(DeclarationErrors) as caught:
        Zone.model_validate(DEMO_ZONE.model_dump() | {"provider": "~> 3"})

    assert [fields(error)[1] for error in caught.value.exceptions] == [
        "'provider': input should be '~> 4.52' or '~> 5'"
    ]


@pytest.mark.parametrize("bucket", ["", "My-State", "a", "state_1"])
def test_judges_a_bucket(bucket: str) -> None:
    ((problem, _),) = TerraformState(bucket=bucket, region="eu-central-1").problems()

    assert problem == f"bucket={bucket!r} is not an S3 bucket"


@pytest.mark.parametrize(
    "repository", ["https://git.example.com/a/b", "git@git.example.com:a/b.git", "ssh://git@git.example.com/a/b"]
)
def test_takes_a_clone_url(repository: str) -> None:
    assert list(ArgoCd(repository=repository).problems()) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"repository": ""}, "repository is not a clone URL"),
        ({"repository": "https://user:hunter2@git.example.com/a/b"}, "repository holds a user or a password"),
        ({"folder": "/argoproj"}, "folder='/argoproj' is not a folder of the repository"),
        ({"folder": "../argoproj"}, "folder='../argoproj' is not a folder of the repository"),
        ({"revision": " "}, "revision is empty"),
        ({"namespace": "Argo"}, "namespace of ArgoCD 'Argo' is not a DNS label"),
    ],
)
def test_judges_a_repository(changes: dict[str, str], problem: str) -> None:
    given: dict[str, Any] = {"repository": DEMO_ARGOCD.repository} | changes

    assert [found for found, _ in ArgoCd(**given).problems()] == [problem]
