"""What a platform stands on: the cluster, and the interfaces of what vendors bring to it, as facts about the world."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal, NamedTuple

from agentkeep.core.facts import Fact, Network, Problem, dns_label_problems, network_problems, networks

IpFamily = Literal["IPv4", "IPv6"]


class ClusterDns(Fact):
    """
    What answers DNS in the cluster.

    Args:
        namespace: Where its pods run.
        pod_labels: Labels that pick them and nothing else there. Without them, a rule would open port 53 of every pod
            in the namespace.
        addresses: Addresses outside of the pod network where a node-local cache listens, such as ``169.254.20.10``.
    """

    namespace: str = "kube-system"
    pod_labels: tuple[tuple[str, str], ...] = (("k8s-app", "kube-dns"),)
    addresses: tuple[str, ...] = ()

    def problems(self) -> Iterator[Problem]:
        """A namespace, at least one label, and addresses without a prefix."""
        yield from dns_label_problems("namespace of the DNS pods", self.namespace)
        if not self.pod_labels:
            yield Problem("the DNS pods have no label", "give pod_labels=..., such as (('k8s-app', 'kube-dns'),)")
        for address in self.addresses:
            if "/" in address or not networks((address,)):
                yield Problem(f"{address!r} is not an address of DNS", "write it as '169.254.20.10'")


class Workaround(NamedTuple):
    """A line in an object that a reader would ask about, and the answer."""

    key: str
    because: str


class DataKind(NamedTuple):
    """A kind of object that holds or describes data, and the field that says whose."""

    group: str
    plural: str
    #: The field, below the object, that holds the namespace of the data.
    namespace: str = "metadata.namespace"
    #: What such an object is to the data, as the beginning of a sentence that goes on with "the data of ...".
    role: str = "it holds or describes"

    @property
    def definition(self) -> str:
        """Name of the definition of this kind; all its objects would go with that."""
        return f"{self.plural}.{self.group}"


class Protected(NamedTuple):
    """One object that nobody may delete, and why."""

    group: str
    plural: str
    namespace: str
    name: str
    because: str
    #: Finalizers that nobody may put on it: with one, its deletion would delete what it delivered.
    cascades: tuple[str, ...] = ()
    #: Why not.
    cascading: str = ""

    @property
    def definition(self) -> str:
        """Name of the definition of this kind; all its objects would go with that."""
        return f"{self.plural}.{self.group}"


class Storage(Fact, ABC):
    """
    Where volumes come from: the storage of a cluster.

    A platform makes a storage class of its own, whose volumes outlive their claims.
    """

    #: What the ledger calls it.
    provider: ClassVar[str]
    #: What people call it.
    title: ClassVar[str]
    #: The provisioner of its storage class.
    provisioner: ClassVar[str]
    #: ``Immediate``, or ``WaitForFirstConsumer`` where a volume is made on the node of its first pod.
    binding: ClassVar[Literal["Immediate", "WaitForFirstConsumer"]] = "Immediate"
    #: Kinds of its own that hold or describe data: their deletion is refused.
    data_kinds: ClassVar[tuple[DataKind, ...]] = ()
    #: Halves of its own, by target, made where something has a volume; each is called with (scope, id, model), the one
    #: for Kubernetes with pages=... too, and the one for Terraform has a ``root(model)``.
    halves: ClassVar[Mapping[str, str]] = {}
    #: What may be backed up together; empty where backups are made otherwise.
    backup_groups: tuple[str, ...] = ()

    @abstractmethod
    def parameters(self, cluster: str, platform: str) -> dict[str, str]:
        """Parameters of the storage class of *platform* on *cluster*."""

    def claim_labels(self) -> dict[str, str]:
        """Labels that a claim must carry to be backed up."""
        return {}

    def claim_comment(self) -> Workaround | None:
        """Which of these labels a reader would ask about, and the answer."""
        return None


class SecretStore(Fact, ABC):
    """
    Where secrets lie, and how the cluster's operator reads them.

    Args:
        name: Name of the store object in the cluster.
        kind: Whether that object serves every namespace.
    """

    #: What the ledger calls it.
    provider: ClassVar[str]
    #: What people call a secret there.
    noun: ClassVar[str]
    #: The half that makes a secret in the vendor's account, by target; called with (scope, id, secret, model).
    halves: ClassVar[Mapping[str, str]] = {}

    name: str
    kind: Literal["ClusterSecretStore", "SecretStore"] = "ClusterSecretStore"

    @abstractmethod
    def prefix_of(self, platform: str) -> str:
        """What every name of that platform begins with."""

    @abstractmethod
    def name_problems(self, key: str) -> Iterator[Problem]:
        """What is wrong with *key* as the name of a secret there; never repeats it where it could be a value."""

    def address_of(self, secret: str) -> str:
        """What must be unique among the secrets of a platform besides their names, such as a resource's address."""
        return secret

    def about_problems(self, about: str) -> Iterator[Problem]:  # noqa: ARG002 - for those that have a limit
        """What is wrong with *about* as a description there."""
        return iter(())

    def problems(self) -> Iterator[Problem]:
        """A name that the cluster takes."""
        for label in self.name.split("."):
            yield from dns_label_problems(f"part of secret store {self.name!r}:", label)


class Delivery(Fact, ABC):
    """
    What brings the manifests into the cluster, and keeps them there.

    Args:
        folder: Folder of apps in the repository that it follows; a platform is ``<folder>/<platform>``.
    """

    #: What the ledger calls it.
    provider: ClassVar[str]
    #: What people call it.
    title: ClassVar[str]
    #: Halves of its own, by target; each is called with (scope, id, model, pages=...).
    halves: ClassVar[Mapping[str, str]] = {}
    #: Pages that an administrator applies, and not the delivery itself: it must not be able to change its own limits.
    #: What is in no namespace is the administrator's in any case.
    bootstrap: ClassVar[tuple[str, ...]] = ()
    #: Its own command line, which an agent is told not to use.
    commands: ClassVar[tuple[str, ...]] = ()
    #: A namespace of its own, which no platform may have.
    reserved_namespaces: ClassVar[tuple[str, ...]] = ()

    folder: str

    def kept(self) -> Mapping[str, str]:
        """Annotations of what it must never delete."""
        return {}

    def kept_comments(self) -> tuple[tuple[str, str], ...]:
        """Which of these a reader would ask about, and the answer."""
        return ()

    def after(self) -> Mapping[str, str]:
        """Annotations of what runs once after each delivery."""
        return {}

    def wave(self, number: int) -> Mapping[str, str]:  # noqa: ARG002 - for those that know an order
        """Annotations of what it applies in the order of *number*."""
        return {}

    def protected(self, platform: str) -> tuple[Protected, ...]:  # noqa: ARG002 - for those that have such objects
        """What delivers *platform* or limits it, and must not be deleted."""
        return ()

    def listed(self, pages: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
        """The names of *pages*, each given with the kinds on it, as the kustomization lists them."""
        return tuple(sorted(pages))

    def kustomization_fields(self) -> tuple[str, ...]:
        """Further lines of the kustomization."""
        return ()

    def about_app(self, platform: str) -> str:
        """The first line of the kustomization."""
        return f"what {platform} consists of"

    def kustomization_notes(self, pages: tuple[str, ...]) -> tuple[str, ...]:
        """Lines of comment in the kustomization: who applies *pages*, which are not listed there."""
        listed = ", ".join(f"{name}.yaml" for name in pages)
        return (
            f"Not here: {listed}.",
            "An administrator applies them first, so that nothing here can change its own limits, or the cluster.",
        )

    def problems(self) -> Iterator[Problem]:
        """A folder inside the repository."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*", self.folder):
            yield Problem(f"folder={self.folder!r} is not a folder of the repository", "write it as 'apps'")


class Target(Fact, ABC):
    """
    One output of a platform: a repository, or a form that it is delivered in.

    Args:
        folder: Its folder in ``dist/``; the name of the repository that it is copied to.
    """

    #: The name by which parts name their halves for it.
    name: ClassVar[str]
    #: ``module:function`` that makes it; called with (model, target, scratch folder, files of targets before it).
    maker: ClassVar[str]
    #: Whether it is made from what an earlier target wrote, and always together with that.
    follows: ClassVar[str | None] = None

    folder: str

    def problems(self) -> Iterator[Problem]:
        """A plain name of a folder."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", self.folder):
            yield Problem(f"folder={self.folder!r} is not a folder name", "write the name of the repository")


class Cluster(Fact):
    """
    One cluster.

    The three lists of CIDRs are required because no safe default exists: a rule "the internet, but nothing private"
    must take them out, and a cluster may well use public space for its pods. ``kubectl cluster-info dump`` shows the
    pod and service CIDRs (``cluster-cidr``, ``service-cluster-ip-range``); ``kubectl get nodes -o wide`` shows the
    nodes.

    Args:
        name: What people call it.
        pod_cidrs: Where pod addresses come from.
        service_cidrs: Where ClusterIPs come from.
        node_cidrs: Where the nodes and the API server are.
        api_server: ``address:port`` of the API server, or ``name:port`` where it is only known by name; the in-cluster
            check tries that it cannot be reached.
        api_server_cidrs: The networks that its name resolves to; required with a name, and out of reach of everybody.
        ip_families: IPv6 is opened to nobody unless it is named here.
        cni: Name of the network plugin, in lower case: implementations differ in whether an ipBlock matches pods.
    """

    name: str
    pod_cidrs: tuple[str, ...]
    service_cidrs: tuple[str, ...]
    node_cidrs: tuple[str, ...]
    api_server: str
    storage: Storage
    api_server_cidrs: tuple[str, ...] = ()
    ip_families: tuple[IpFamily, ...] = ("IPv4",)
    cni: str = "other"
    dns: ClusterDns = ClusterDns()

    def problems(self) -> Iterator[Problem]:
        """CIDRs parse, have no host bits set, and cover each address family in use."""
        yield from dns_label_problems("cluster name", self.name)
        for fact in (self.storage, self.dns):
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
        yield from self._api_server_problems()

    def _api_server_problems(self) -> Iterator[Problem]:
        yield from network_problems("api_server_cidrs", self.api_server_cidrs)
        if re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[0-9.]+):[0-9]{1,5}", self.api_server):
            return
        if not re.fullmatch(r"(?=.{1,253}:)([a-z0-9-]+\.)+[a-z]+:[0-9]{1,5}", self.api_server, re.IGNORECASE):
            yield Problem(f"api_server={self.api_server!r} is not an address:port", "write it as '192.0.2.1:6443'")
        elif not self.api_server_cidrs:
            yield Problem(
                f"api_server={self.api_server!r} is a name, so its addresses are not known",
                "give api_server_cidrs=..., the networks that it resolves to",
            )

    @property
    def own_networks(self) -> tuple[Network, ...]:
        """Pods, services, nodes and the API server: what "the internet" must never include."""
        return networks((*self.pod_cidrs, *self.service_cidrs, *self.node_cidrs, *self.api_networks))

    @property
    def api_networks(self) -> tuple[str, ...]:
        """The API server's own addresses, where they are outside of the nodes' networks."""
        host = self.api_server.rpartition(":")[0].strip("[]")
        nodes = networks(self.node_cidrs)
        given = (*self.api_server_cidrs, *(str(one) for one in networks((host,))))
        return tuple(
            cidr
            for cidr in dict.fromkeys(given)
            if not any(own.version == n.version and n.subnet_of(own) for n in networks((cidr,)) for own in nodes)  # type: ignore[arg-type]  # one version each
        )
