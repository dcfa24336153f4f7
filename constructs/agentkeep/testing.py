"""Facts of an invented cluster, for examples and tests: every address and domain is reserved for documentation."""

from __future__ import annotations

from agentkeep.core.cluster import ArgoCd, Aws, Cluster, LonghornStorage, SecretStore, TerraformState, Zone
from agentkeep.core.facts import Image
from agentkeep.core.platform import Platform
from agentkeep.sandboxed_agent.declaration import Tools

DEMO_CLUSTER = Cluster(
    name="demo",
    pod_cidrs=("10.244.0.0/16",),
    service_cidrs=("10.96.0.0/12",),
    node_cidrs=("192.168.1.0/24",),
    api_server="192.168.1.10:6443",
    secret_store=SecretStore(name="parameterstore"),
    storage=LonghornStorage(replicas=2, backup_groups=("default",)),
)
DEMO_AWS = Aws(account_id="123456789012", region="eu-central-1", ssm_prefix="/demo")
DEMO_STATE = TerraformState(bucket="demo-state", region="eu-central-1")
DEMO_ARGOCD = ArgoCd(repository="https://git.example.com/demo/cluster")
DEMO_ZONE = Zone(domain="example.com", account_id="a" * 32, zone_id="b" * 32, provider="~> 5")
DEMO_TOOLS = Tools(
    codex="0.98.0", codex_sha512="0" * 128, gh="2.97.0", gh_sha256="0" * 64, docker_cli=Image("docker:27.5.1-cli")
)


def demo_platform(id: str = "demo", *, cluster: Cluster = DEMO_CLUSTER, zone: Zone | None = DEMO_ZONE) -> Platform:  # noqa: A002
    """An empty platform on the invented cluster."""
    return Platform(id, cluster=cluster, aws=DEMO_AWS, state=DEMO_STATE, argocd=DEMO_ARGOCD, zone=zone)
