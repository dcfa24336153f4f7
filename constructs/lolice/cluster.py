"""Facts of the lolice cluster, the AWS account and the Cloudflare zone. Each was read off the real thing."""

from agentkeep.cluster import ArgoCd, Aws, Cluster, LonghornStorage, SecretStore, TerraformState, Zone

LOLICE = Cluster(
    name="lolice",
    # Public space, not RFC 1918: "everything but private addresses" would include every pod.
    pod_cidrs=("192.178.0.0/16",),
    service_cidrs=("10.96.0.0/12",),
    node_cidrs=("192.168.10.0/24",),
    api_server="192.168.10.99:6443",
    cni="calico",
    secret_store=SecretStore(name="parameterstore"),
    storage=LonghornStorage(replicas=3, backup_groups=("default",)),
)

ARCH_AWS = Aws(account_id="839695154978", region="ap-northeast-1", ssm_prefix="/lolice")
ARCH_STATE = TerraformState(bucket="tfaction-state", region="ap-northeast-1")

B0XP_IO = Zone(
    domain="b0xp.io",
    account_id="1984a4314b3e75f3bedce97c7a8e0c81",
    zone_id="ec593206d0ef695c3aae3a4cb3173264",
    # "~> 5" is where arch is now; docs/cloudflare-provider-v5.md tells how to move.
    provider="~> 4.52",
)

LOLICE_ARGOCD = ArgoCd(repository="https://github.com/boxp/lolice")
