"""One case to decide: the artifacts, what was declared about them, and what several rules derive from both."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import (
    Artifacts,
    Container,
    Object,
    Place,
    Workload,
    claims_of,
    mapping,
    mappings,
    text,
    texts,
)
from agentkeep.verify.documents import Node, parse_json, parse_yaml
from agentkeep.verify.images import parse_image
from agentkeep.verify.ledger import DeclaredWorkload, Ledger
from agentkeep.verify.reachability import Fault, Pod, Reach, world
from agentkeep.verify.secret_flow import SecretFlow, follow
from agentkeep.verify.selectors import Selector, parse_selector
from agentkeep.verify.vendors import found_in, of_kind
from agentkeep.verify.vendors.secret_stores import Entry, SecretStore

UNREAD_POLICIES: Final = (
    "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "GlobalNetworkPolicy", "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy", "AuthorizationPolicy", "NetworkSet", "GlobalNetworkSet",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """What a rule is given."""

    artifacts: Artifacts
    ledger: Ledger

    @property
    def namespace(self) -> str:
        """The platform's namespace."""
        return self.ledger.namespace

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Everything that makes pods in the platform's namespace."""
        return tuple(w for w in self.artifacts.workloads if w.namespace == self.namespace)

    @cached_property
    def by_name(self) -> Mapping[str, Workload]:
        """Workloads of the platform's namespace by name."""
        return {w.name: w for w in self.workloads}

    def declared(self, workload: Workload) -> DeclaredWorkload | None:
        """The declaration that *workload* answers to."""
        return self.ledger.by_deployment.get(workload.name) if workload.namespace == self.namespace else None

    def role(self, workload: Workload) -> str:
        """The declared role; ``""`` for a workload that nobody declared."""
        found = self.declared(workload)
        return found.role if found else ""

    def program(self, workload: Workload) -> str:
        """The declared program; ``""`` for a workload that nobody declared."""
        found = self.declared(workload)
        return found.program if found else ""

    def with_program(self, program: str) -> tuple[Workload, ...]:
        """Workloads found in the artifacts whose declared program is *program*."""
        return self._by_program.get(program, ())

    @cached_property
    def _by_program(self) -> Mapping[str, tuple[Workload, ...]]:
        found: dict[str, list[Workload]] = {}
        for workload in self.workloads:
            found.setdefault(self.program(workload), []).append(workload)
        return {program: tuple(listed) for program, listed in found.items()}

    def with_role(self, *roles: str) -> tuple[Workload, ...]:
        """Workloads found in the artifacts whose declared role is one of *roles*."""
        if len(roles) == 1:
            return self._by_role.get(roles[0], ())
        return tuple(w for w in self.workloads if self.role(w) in roles)

    @cached_property
    def _by_role(self) -> Mapping[str, tuple[Workload, ...]]:
        found: dict[str, list[Workload]] = {}
        for workload in self.workloads:
            found.setdefault(self.role(workload), []).append(workload)
        return {role: tuple(listed) for role, listed in found.items()}

    @cached_property
    def _by_label(self) -> Mapping[tuple[str, str], tuple[Workload, ...]]:
        found: dict[tuple[str, str], list[Workload]] = {}
        for workload in self.workloads:
            for pair in workload.labels.items():
                found.setdefault(pair, []).append(workload)
        return {pair: tuple(listed) for pair, listed in found.items()}

    def labelled(self, labels: Mapping[str, Any]) -> tuple[Workload, ...]:
        """Workloads of the platform's namespace whose pods carry all of *labels*, as a Service selects them."""
        if not labels:
            return self.workloads
        if not all(isinstance(value, str) for value in labels.values()):
            # A label is text, so nothing carries this.
            return ()
        fewest = min((self._by_label.get(pair, ()) for pair in labels.items()), key=len)
        return tuple(w for w in fewest if labels.items() <= w.labels.items())

    @cached_property
    def _network(self) -> tuple[Reach, dict[str, Pod], tuple[Fault, ...]]:
        return world(self.artifacts, self.ledger.cluster.pod_cidrs, self.ledger.cluster.node_cidrs)

    @property
    def reach(self) -> Reach:
        """The network."""
        return self._network[0]

    @property
    def pods(self) -> Mapping[str, Pod]:
        """Pods by ``namespace/name``."""
        return self._network[1]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Policies that could not be understood."""
        return self._network[2]

    def pod(self, workload: Workload) -> Pod:
        """The pod of *workload*."""
        return self.pods[str(workload)]

    @cached_property
    def flow(self) -> SecretFlow:
        """Every read of a secret."""
        return follow(self.artifacts)

    @cached_property
    def vendors(self) -> frozenset[str]:
        """Vendors that the ledger declares, and those of which the artifacts hold something."""
        return self.ledger.vendors.names | self.vendors_found.keys()

    @cached_property
    def vendors_found(self) -> Mapping[str, tuple[tuple[str, Place], ...]]:
        """What the artifacts hold of each vendor."""
        return found_in(self.artifacts)

    @cached_property
    def entries(self) -> tuple[tuple[SecretStore, Entry], ...]:
        """Every key that Terraform makes, with the store that it is kept in."""
        stores = [one for one in of_kind("secretStore") if isinstance(one, SecretStore) and one.name in self.vendors]
        return tuple((store, entry) for store in stores for entry in store.entries(self.artifacts))

    @cached_property
    def entry_of(self) -> Mapping[str, tuple[SecretStore, Entry]]:
        """Keys that Terraform makes, by name."""
        return {entry.key: (store, entry) for store, entry in self.entries}

    @cached_property
    def claims(self) -> tuple[Object, ...]:
        """Every claim: those written as such, and those that a StatefulSet makes for each of its pods."""
        made = [claim for workload in self.workloads for claim in claims_of(workload)]
        return (*self.own("PersistentVolumeClaim"), *made)

    @cached_property
    def unread_policies(self) -> tuple[Object, ...]:
        """Policies of a kind that is not evaluated: while there is one, nothing definite can be said of the network."""
        return self.artifacts.kind(*UNREAD_POLICIES)

    def image_of(self, container: Container) -> str:
        """The image that a container runs: what it says, or what the delivery puts in its place."""
        written = text(container.body.get("image"))
        image = parse_image(written)
        return self._replaced.get(image.repository, written) if image else written

    @cached_property
    def _replaced(self) -> Mapping[str, str]:
        """Images by the repository that they take the place of, as files beside the manifests say."""
        found: dict[str, str] = {}
        for document in self.artifacts.overrides:
            for entry in texts(mapping(document.root.get("kustomize")).get("images")):
                old, equals, new = entry.partition("=")
                image = parse_image(new if equals else old)
                before = parse_image(old)
                if image and before:
                    found[before.repository] = new if equals else old
        return found

    @cached_property
    def _identities(self) -> Mapping[str, Selector]:
        return {workload.name: self._adopted(workload) for workload in self.workloads}

    def _adopted(self, workload: Workload) -> Selector:
        if workload.object.kind not in ("CronJob", "Job"):
            return parse_selector(dict(workload.selector))
        # A Job makes a selector of its own, which nobody can write down; its pods are known by their declared labels.
        declared = self.declared(workload)
        labels = dict(workload.labels)
        known = dict(declared.pod_labels) if declared else {}
        return parse_selector({"matchLabels": known if known.items() <= labels.items() and known else labels})

    def identity(self, workload: Workload) -> Selector:
        """What makes a pod one of *workload*: the selector by which its controller adopts it."""
        return self._identities[workload.name]

    @cached_property
    def _by_rarest_pair(self) -> Mapping[tuple[str, str] | None, tuple[Workload, ...]]:
        """Workloads by the least common label that their identity demands; those that demand none under ``None``."""
        common = Counter(pair for identity in self._identities.values() for pair in identity.pinned().items())
        found: dict[tuple[str, str] | None, list[Workload]] = {}
        for workload in self.workloads:
            pairs = self._identities[workload.name].pinned().items()
            rarest = min(pairs, key=lambda pair: (common[pair], pair), default=None)
            found.setdefault(rarest, []).append(workload)
        return {pair: tuple(listed) for pair, listed in found.items()}

    def possible_owners(self, pods: Selector) -> list[Workload]:
        """Every workload that could own all pods that *pods* selects: a short list, looked up by label."""
        pairs: list[tuple[str, str] | None] = [*pods.pinned().items(), None]
        return [workload for pair in pairs for workload in self._by_rarest_pair.get(pair, ())]

    def own(self, *kinds: str) -> tuple[Object, ...]:
        """Objects of *kinds* in the platform's namespace, or without a namespace."""
        return tuple(item for item in self.artifacts.kind(*kinds) if item.namespace in ("", self.namespace))

    def config_map(self, name: str) -> Mapping[str, str]:
        """The texts of a ConfigMap in the platform's namespace."""
        item = self.artifacts.index.get(("ConfigMap", self.namespace, name))
        return {k: v for k, v in mapping(item.body.get("data")).items() if isinstance(v, str)} if item else {}

    def _mounted(self, workload: Workload) -> Iterator[tuple[Object, str]]:
        """(ConfigMap, key) of every text in a ConfigMap that *workload* mounts."""
        for volume in workload.volumes:
            sources = mappings(mapping(volume.get("projected")).get("sources"))
            for one in (volume, *sources):
                name = text(mapping(one.get("configMap")).get("name"))
                item = self.artifacts.index.get(("ConfigMap", workload.namespace, name)) if name else None
                for key, value in mapping(item.body.get("data")).items() if item else ():
                    if item is not None and isinstance(value, str):
                        yield item, key

    def files_of(self, workload: Workload) -> Mapping[str, tuple[Object, str]]:
        """Texts of every ConfigMap that *workload* mounts, by key: (ConfigMap, text)."""
        return {key: (item, mapping(item.body["data"])[key]) for item, key in self._mounted(workload)}

    @cached_property
    def _configs(self) -> dict[tuple[str, str], tuple[Object, Node] | None]:
        return {}

    def config(self, workload: Workload, key: str) -> tuple[Object, Node] | None:
        """
        The configuration file *key* of *workload*, parsed; ``None`` if it is not mounted.

        Raises:
            ProofError: it is not what its name says.
        """
        asked = (str(workload), key)
        if asked not in self._configs:
            # Eight rules read the same file.
            self._configs[asked] = self._parsed(workload, key)
        return self._configs[asked]

    def _parsed(self, workload: Workload, key: str) -> tuple[Object, Node] | None:
        holders = {item.name for item, k in self._mounted(workload) if k == key}
        if len(holders) > 1:
            raise ProofError(str(workload), f"mounts {key} from {', '.join(sorted(holders))}", "mount one of them")
        found = self.files_of(workload).get(key)
        if found is None:
            return None
        item, content = found
        where = f"{item.place.file}#{key}"
        if key.endswith(".json"):
            return item, parse_json(content, where)
        parsed = parse_yaml(content, where)
        return item, parsed[0] if parsed else Node()
