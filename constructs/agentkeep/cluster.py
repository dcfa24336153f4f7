"""What a platform stands on: the cluster, the cloud accounts and the two repositories, as facts about the world."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from agentkeep.facts import Fact, Network, Problem, dns_label_problems, network_problems, networks

_REGION = r"[a-z]{2}(-[a-z]+)+-[0-9]"

IpFamily = Literal["IPv4", "IPv6"]
CloudflareProvider = Literal["~> 4.52", "~> 5"]


class ClusterDns(Fact):
    """
    The pods that answer DNS in the cluster.

    Args:
        namespace: Where they run.
        pod_labels: Labels that pick them and nothing else there. Without them, a rule would open port 53 of every pod
            in the namespace.
    """

    namespace: str = "kube-system"
    pod_labels: tuple[tuple[str, str], ...] = (("k8s-app", "kube-dns"),)

    def problems(self) -> Iterator[Problem]:
        """A namespace, and at least one label."""
        yield from dns_label_problems("namespace of the DNS pods", self.namespace)
        if not self.pod_labels:
            yield Problem("the DNS pods have no label", "give pod_labels=..., such as (('k8s-app', 'kube-dns'),)")


class SecretStore(Fact):
    """The External Secrets store that reads AWS SSM Parameter Store."""

    name: str
    kind: Literal["ClusterSecretStore", "SecretStore"] = "ClusterSecretStore"

    def problems(self) -> Iterator[Problem]:
        """A name that Kubernetes takes."""
        for label in self.name.split("."):
            yield from dns_label_problems(f"part of secret store {self.name!r}:", label)


class LonghornStorage(Fact):
    """
    Longhorn, as the cluster has it.

    Args:
        replicas: How many copies of a volume Longhorn keeps on different nodes.
        backup_groups: Recurring-job groups whose backups cover the volumes of this platform.
    """

    replicas: int
    backup_groups: tuple[str, ...]

    def problems(self) -> Iterator[Problem]:
        """At least one copy, and at least one backup group."""
        if self.replicas < 1:
            yield Problem(f"replicas={self.replicas} keeps no copy of the data", "keep at least one")
        if not self.backup_groups:
            yield Problem("no backup group is named", "name the Longhorn recurring-job groups, such as 'default'")


class Cluster(Fact):
    """
    One Kubernetes cluster.

    The three lists of CIDRs are required because no safe default exists: a rule "the internet, but nothing private"
    must take them out, and a cluster may well use public space for its pods. ``kubectl cluster-info dump`` shows the
    pod and service CIDRs (``cluster-cidr``, ``service-cluster-ip-range``); ``kubectl get nodes -o wide`` shows the
    nodes.

    Args:
        name: What people call it.
        pod_cidrs: Where pod addresses come from.
        service_cidrs: Where ClusterIPs come from.
        node_cidrs: Where the nodes and the API server are.
        api_server: ``address:port`` of the API server; the in-cluster check tries that it cannot be reached.
        ip_families: IPv6 is opened to nobody unless it is named here.
        cni: The network plugin, because implementations differ in whether an ipBlock matches pods.
    """

    name: str
    pod_cidrs: tuple[str, ...]
    service_cidrs: tuple[str, ...]
    node_cidrs: tuple[str, ...]
    api_server: str
    secret_store: SecretStore
    storage: LonghornStorage
    ip_families: tuple[IpFamily, ...] = ("IPv4",)
    cni: Literal["calico", "cilium", "other"] = "other"
    dns: ClusterDns = ClusterDns()

    def problems(self) -> Iterator[Problem]:
        """CIDRs parse, have no host bits set, and cover each address family in use."""
        yield from dns_label_problems("cluster name", self.name)
        for fact in (self.storage, self.dns, self.secret_store):
            yield from fact.problems()
        if not self.ip_families:
            yield Problem("ip_families is empty", "name 'IPv4', 'IPv6' or both")
        for keyword in ("pod_cidrs", "service_cidrs", "node_cidrs"):
            cidrs: tuple[str, ...] = getattr(self, keyword)
            yield from network_problems(keyword, cidrs)
            for network in networks(cidrs):
                if network.prefixlen < 8:
                    # Taken out of "the internet" it would leave next to nothing.
                    yield Problem(f"{keyword}: '{network}' is wider than a cluster", "copy the cluster's own value")
            versions = {network.version for network in networks(cidrs)}
            for family in self.ip_families:
                if {"IPv4": 4, "IPv6": 6}[family] not in versions:
                    yield Problem(
                        f"{keyword} has no {family} network", f"name the cluster's {family} {keyword.replace('_', ' ')}"
                    )
        if not re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[0-9.]+):[0-9]{1,5}", self.api_server):
            yield Problem(f"api_server={self.api_server!r} is no address:port", "write it as '192.0.2.1:6443'")

    @property
    def own_networks(self) -> tuple[Network, ...]:
        """Pods, services and nodes: what "the internet" must never include."""
        return networks((*self.pod_cidrs, *self.service_cidrs, *self.node_cidrs))


class Aws(Fact):
    """
    The AWS account that holds the parameters.

    Args:
        account_id: Twelve digits; the provider refuses to touch any other account.
        region: Where the parameters live.
        ssm_prefix: Every parameter of a platform is below ``<ssm_prefix>/<platform>/``; the cluster's secret store
            may be allowed to read that prefix and nothing else.
    """

    account_id: str
    region: str
    ssm_prefix: str

    def problems(self) -> Iterator[Problem]:
        """Twelve digits, a region, and a prefix such as ``/lolice``."""
        if not re.fullmatch(r"[0-9]{12}", self.account_id):
            yield Problem("account_id is not twelve digits", "copy it from 'aws sts get-caller-identity'")
        if not re.fullmatch(_REGION, self.region):
            yield Problem(f"region={self.region!r} is no AWS region", "write it as 'ap-northeast-1'")
        if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", self.ssm_prefix):
            yield Problem(
                f"ssm_prefix={self.ssm_prefix!r} is no parameter path", "write it as '/name', without a '/' at the end"
            )
        elif re.match(r"/(aws|ssm)", self.ssm_prefix, re.IGNORECASE):
            yield Problem(f"ssm_prefix={self.ssm_prefix!r} begins with a word that AWS keeps", "begin it otherwise")


class Zone(Fact):
    """
    The Cloudflare zone that hosts live in.

    Args:
        domain: The zone's name, such as ``b0xp.io``.
        account_id: Default of the Terraform variable ``account_id``.
        zone_id: Default of the Terraform variable ``zone_id``.
        provider: The generation of the Cloudflare provider. The two need different resources; both are synthesized
            from the same declaration.
        team_name: The Zero Trust team (``<team>.cloudflareaccess.com``). When given, cloudflared verifies the Access
            token of every request at the origin.
    """

    domain: str
    account_id: str
    zone_id: str
    provider: CloudflareProvider
    team_name: str | None = None

    def problems(self) -> Iterator[Problem]:
        """A domain of DNS labels, ids of 32 hex digits."""
        for label in self.domain.split("."):
            yield from dns_label_problems(f"part of domain {self.domain!r}:", label)
        for keyword in ("account_id", "zone_id"):
            if not re.fullmatch(r"[0-9a-f]{32}", getattr(self, keyword)):
                yield Problem(f"{keyword} is not 32 hex digits", "copy it from the zone's overview page")
        if self.team_name is not None:
            yield from dns_label_problems("team_name", self.team_name)


class TerraformState(Fact):
    """The S3 bucket that holds Terraform's state. The tunnel token lands in it, so it is always encrypted."""

    bucket: str
    region: str

    def problems(self) -> Iterator[Problem]:
        """Names that AWS takes."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", self.bucket):
            yield Problem(f"bucket={self.bucket!r} is no S3 bucket", "use 3 to 63 lower-case letters, digits, '.', '-'")
        if not re.fullmatch(_REGION, self.region):
            yield Problem(f"region={self.region!r} is no AWS region", "write it as 'ap-northeast-1'")


class AgentChart(Fact):
    """
    The public Helm chart that renders an agent's pod when the chart is used: OpenClaw's own, by default.

    ``values.yaml`` is written in the keys of 1.5, which wraps bjw-s' app-template 4.6.2; a 1.6 may read other ones.

    Args:
        version: One exact version; a range would deploy what nobody rendered.
        repository: Where helm finds it: ``https://``, ``oci://``, or ``file://`` for a copy in the same repository.
        name: Its name there.
    """

    version: str = "1.5.37"
    repository: str = "https://serhanekicii.github.io/openclaw-helm"
    name: str = "openclaw"

    def problems(self) -> Iterator[Problem]:
        """A version that the values are written for, and a repository that helm can ask without being overheard."""
        yield from dns_label_problems("chart name", self.name)
        found = re.fullmatch(r"1\.5\.([0-9]+)", self.version)
        if not found or int(found[1]) < 37:
            yield Problem(
                f"chart version={self.version!r} reads other values than those that are written",
                "use 1.5.37 or a later 1.5",
            )
        if not re.fullmatch(r"(https|oci|file)://\S+|http://127\.0\.0\.1(:[0-9]+)?(/\S*)?", self.repository):
            yield Problem(
                f"chart repository={self.repository!r} is no repository", "write it as https://, oci:// or file://"
            )


class ArgoCd(Fact):
    """
    The repository and the ArgoCD that deliver the manifests.

    Args:
        repository: Clone URL of the repository that the output is committed to.
        folder: Folder of apps in it; a platform is ``<folder>/<platform>``.
        revision: Branch that ArgoCD follows.
        namespace: Where ArgoCD runs.
        source: Which of the two forms ArgoCD deploys: the plain manifests, or the Helm chart, which is synthesized to
            ``dist/helm/<platform>`` and committed as ``<folder>/<platform>-chart``.
        chart: The chart that renders agents in that form.
    """

    repository: str
    folder: str = "argoproj"
    revision: str = "main"
    namespace: str = "argocd"
    source: Literal["manifests", "chart"] = "manifests"
    chart: AgentChart = AgentChart()

    def source_path(self, platform: str) -> str:
        """The folder, in the repository, that the Application of *platform* deploys."""
        return f"{self.folder}/{platform}-chart" if self.source == "chart" else f"{self.folder}/{platform}"

    def problems(self) -> Iterator[Problem]:
        """A URL without credentials, a folder inside the repository, a namespace."""
        if re.match(r"[a-z]+://[^/]*@", self.repository) and not self.repository.startswith("ssh://"):
            yield Problem("repository holds a user or a password", "remove it; ArgoCD keeps credentials in a Secret")
        elif not re.fullmatch(r"(https://|ssh://|git@)[^\s@]+(@[^\s@]+)?", self.repository):
            yield Problem("repository is no clone URL", "write it as 'https://github.com/owner/name'")
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*", self.folder):
            yield Problem(f"folder={self.folder!r} is no folder of the repository", "write it as 'argoproj'")
        if not self.revision.strip():
            yield Problem("revision is empty", "name a branch")
        yield from dns_label_problems("namespace of ArgoCD", self.namespace)
        yield from self.chart.problems()
