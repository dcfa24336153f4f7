"""Facts of the lolice cluster, the AWS account and the repositories. Each was read off the real thing."""

from agentkeep import (
    ArgoCd, Aws, Chart, Cluster, Longhorn, Manifests, ParameterStore, TerraformModules, TerraformState, Zone,
)  # fmt: skip

LOLICE = Cluster(
    name="lolice",
    # Public space, not RFC 1918: "everything but private addresses" would include every pod.
    pod_cidrs=("192.178.0.0/16",),
    service_cidrs=("10.96.0.0/12",),
    node_cidrs=("192.168.10.0/24",),
    api_server="192.168.10.99:6443",
    cni="calico",
    storage=Longhorn(replicas=3, backup_groups=("default",)),
)

ARCH_PARAMETERS = ParameterStore(
    name="parameterstore", aws=Aws(account_id="839695154978", region="ap-northeast-1"), prefix="/lolice"
)

LOLICE_ARGOCD = ArgoCd(repository="https://github.com/boxp/lolice")

B0XP_IO = Zone(
    domain="b0xp.io",
    account_id="1984a4314b3e75f3bedce97c7a8e0c81",
    zone_id="ec593206d0ef695c3aae3a4cb3173264",
    # "~> 5" is where arch is now; docs/cloudflare-provider-v5.md tells how to move.
    provider="~> 4.52",
)

# Packages come from imports/, registries and checksums are required: what CI runs is what was reviewed.
AQUA = """---
# Packages come from imports/, registries and checksums are required: what CI runs is what was reviewed.
checksum:
  enabled: true
  require_checksum: true
registries:
  - type: standard
    ref: v4.465.0 # renovate: depName=aquaproj/aqua-registry
packages:
  - import: imports/*.yaml
"""

# The repositories: arch, which TFAction applies with tools of aqua, and lolice, which ArgoCD follows.
ARCH = TerraformModules(
    folder="arch",
    state=TerraformState(bucket="tfaction-state", region="ap-northeast-1"),
    modules="terraform/{module}/{platform}",
    files={"tfaction.yaml": "{}\n", "aqua/aqua.yaml": AQUA},
)
REPOSITORIES = (ARCH, Manifests(folder="lolice"), Chart())
