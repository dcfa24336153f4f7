"""What a platform stands on: its vendors, and facts of its cluster that no manifest holds."""

from typing import Any

from agentkeep.verify.ledger.fields import Fields, Path
from agentkeep.verify.ledger.model import Cluster, Store, Vendors, is_address
from agentkeep.verify.vendors import VENDORS


def read_vendors(read: Fields, root: Any, *, by_hand: bool) -> Vendors:
    """Who stands at the edges; a policy file need not say."""
    if by_hand and "vendors" not in root:
        return Vendors()
    body, path = read.get(root, (), "vendors", dict), ("vendors",)
    words = {}
    for kind in ("delivery", "secretStore", "storage", "publishing"):
        if kind not in body and not by_hand:
            raise read.refuse((*path, kind), "is missing; write null for none")
        known = {vendor.name for vendor in VENDORS.values() if vendor.kind == kind}
        words[kind] = "" if body.get(kind) is None else read.choice(body, path, kind, known)
    return Vendors(words["delivery"], words["secretStore"], words["storage"], words["publishing"])


def read_cluster(read: Fields, body: Any, vendors: Vendors, *, by_hand: bool) -> Cluster:
    """The facts of the cluster."""
    path: Path = ("cluster",)
    dns = read.get(body, path, "dns", dict)
    families = read.texts(body, path, "ipFamilies", ["IPv4"])
    if not families or set(families) - {"IPv4", "IPv6"}:
        raise read.refuse((*path, "ipFamilies"), "holds something other than IPv4 and IPv6")
    labels = read.labels(dns, (*path, "dns"), "podLabels", {})
    addresses = read.texts(dns, (*path, "dns"), "addresses", [])
    for address in addresses:
        if not is_address(address):
            raise read.refuse((*path, "dns", "addresses"), f"{address[:60]!r} is not an address")
    if not labels and not addresses:
        raise read.refuse((*path, "dns", "podLabels"), "is empty; every pod of that namespace would count as DNS")
    return Cluster(
        pod_cidrs=read.cidrs(body, path, "podCidrs"),
        service_cidrs=read.cidrs(body, path, "serviceCidrs"),
        node_cidrs=read.cidrs(body, path, "nodeCidrs"),
        ip_families=families,
        dns_namespace=read.get(dns, (*path, "dns"), "namespace", str),
        dns_labels=labels,
        dns_addresses=addresses,
        secret_store=_store(read, body, vendors, by_hand=by_hand),
        **_api(read, body, path, by_hand=by_hand),
    )


def _store(read: Fields, body: Any, vendors: Vendors, *, by_hand: bool) -> Store | None:
    path: Path = ("cluster", "secretStore")
    if not isinstance(body, dict) or body.get("secretStore") is None:
        if vendors.secret_store:
            raise read.refuse(path, f"is missing, though vendors.secretStore is {vendors.secret_store}")
        return None
    if by_hand and isinstance(body["secretStore"], str):
        return Store(body["secretStore"], "ClusterSecretStore", "")
    store = read.get(body, ("cluster",), "secretStore", dict)
    found = Store(
        read.get(store, path, "name", str),
        read.choice(store, path, "kind", ("ClusterSecretStore", "SecretStore"), "ClusterSecretStore"),
        read.get(store, path, "provider", str, ""),
    )
    if found.provider != vendors.secret_store and not by_hand:
        raise read.refuse((*path, "provider"), f"is not vendors.secretStore, {vendors.secret_store or 'which is null'}")
    return found


def _api(read: Fields, body: Any, path: Path, *, by_hand: bool) -> dict[str, Any]:
    server: str = read.get(body, path, "apiServer", str, "" if by_hand else None)
    given = isinstance(body, dict) and bool(body.get("apiServerCidrs"))
    cidrs = read.cidrs(body, path, "apiServerCidrs") if given else ()
    host, _, port = server.rpartition(":")
    if server and not (host and port.isdigit() and 1 <= int(port) <= 65535):
        raise read.refuse((*path, "apiServer"), "is not a host and a port, such as 192.0.2.1:6443")
    if server and not is_address(host.strip("[]")) and not cidrs:
        raise read.refuse((*path, "apiServerCidrs"), "is empty, though apiServer is a name; name its addresses' ranges")
    return {"api_server": server, "api_server_cidrs": cidrs}
