"""
What a user declares about publishing: which workload is reachable under which host, and for whom.

A host cannot be published without an Access rule, and cannot be reached any other way: cloudflared connects outward, so
the cluster opens no port to the world.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from agentkeep.core.edges import Flow, Inward, Publication, Range
from agentkeep.core.facts import (
    Image,
    Port,
    Problem,
    Resources,
    address_name,
    dns_label_problems,
    expect,
    named,
    text_problems,
)
from agentkeep.core.model import Model
from agentkeep.core.part import Records
from agentkeep.core.pod import Container, Pod, Probe
from agentkeep.core.workload import Workload
from agentkeep.errors import DeclarationError
from agentkeep.secret_param.declaration import Parameter
from agentkeep.tunnel_site.access import Access
from agentkeep.tunnel_site.zone import Zone

METRICS_PORT = Port.tcp(2000)
# Where cloudflared finds Cloudflare's edge (region1 and region2.v2.argotunnel.com); 7844 over QUIC and over HTTP/2.
EDGE_IPV4 = ("198.41.192.0/24", "198.41.200.0/24")
EDGE_IPV6 = ("2606:4700:a0::/48", "2606:4700:a8::/48")
EDGE_PORTS = (Port.udp(7844), Port.tcp(7844))
# Cloudflare's published ranges that serve <team>.cloudflareaccess.com, for the keys of Access tokens.
ACCESS_KEYS_IPV4 = ("104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13")
ACCESS_KEYS_IPV6 = ("2606:4700::/32",)
# Older images name their user instead of numbering it, and Kubernetes refuses those when it must not run as root.
OLDEST_NUMERIC_USER = (2025, 7, 0)
RESOURCES = Resources(cpu="50m", memory="64Mi", cpu_limit="200m", memory_limit="128Mi")


# The image's own user; numeric, because Kubernetes cannot tell whether a name is root.
UID = 65532


class TunnelToken(Parameter):
    """The token that cloudflared logs in with. Terraform makes it and writes it to the store; no person handles it."""

    filled_by = "machine"


class TunnelSite(Workload):
    """
    A Cloudflare tunnel with its hosts, and the cloudflared that serves it.

    Args:
        platform: What it belongs to.
        id: Name of the cloudflared Deployment.
        zone: Where the hosts live.
        image: cloudflared at a fixed version, 2025.7.0 or newer.
        tunnel: What Cloudflare calls the tunnel.
        token_key: Where in the store Terraform writes the tunnel's token.
        replicas: Two, so that a restart does not close the way in.
        resources: What each may use.
    """

    role = "tunnel"
    program = "cloudflared"
    construct = "TunnelSite"
    vendor: ClassVar[str | None] = "cloudflare"
    halves: ClassVar[Mapping[str, str]] = {
        "kubernetes": "agentkeep.tunnel_site.kubernetes:TunnelSiteKubernetes",
        "terraform": "agentkeep.tunnel_site.terraform:TunnelSiteTerraform",
    }

    def __init__(
        self,
        platform: Records,
        id: str = "cloudflared",  # noqa: A002 - the CDK's own word
        *,
        zone: Zone,
        image: Image,
        tunnel: str,
        token_key: str | None = None,
        replicas: int = 2,
        resources: Resources = RESOURCES,
    ) -> None:
        super().__init__(platform, id, ports={"metrics": METRICS_PORT})
        expect(
            self.path,
            zone=(zone, Zone),
            image=(image, Image),
            tunnel=(tunnel, str),
            token_key=(token_key, str | None),
            replicas=(replicas, int),
            resources=(resources, Resources),
        )
        if len(platform.parts(TunnelSite)) > 1:
            # Two would share the addresses of their Terraform resources.
            self.refuse("a second TunnelSite", "keep one; it publishes any number of hosts")
        self.refuse_all(text_problems("tunnel=", tunnel))
        self.zone = zone
        self.image = image
        self.tunnel = tunnel
        self.replicas = replicas
        self.resources = resources
        self.refuse_all(image.problems())
        self.refuse_all(resources.problems())
        for problem, fix in zone.problems():
            self.platform.refuse(f"{self.path}/zone", problem, fix)
        if image.version and image.version < OLDEST_NUMERIC_USER:
            self.refuse(
                f"image {image.reference!r} names its user, and Kubernetes cannot tell that it is not root",
                "use cloudflared 2025.7.0 or newer",
            )
        if replicas < 1:
            self.refuse(f"replicas={replicas} publishes nothing", "use 2")
        if not re.fullmatch(r"[ -~]{1,100}", tunnel):
            self.refuse("the tunnel has no name", "give tunnel='...', printable and at most 100 characters")
        self.token = TunnelToken(
            platform,
            f"{id}-tunnel-token",
            about="Cloudflare tunnel token of cloudflared; written by Terraform",
            key=token_key or f"{platform.store.prefix_of(platform.id)}tunnel-token",
        )
        self.deliver(self.token, as_env="TUNNEL_TOKEN", as_file=None, use="tunnel-token")
        edge = EDGE_IPV4 + (EDGE_IPV6 if "IPv6" in platform.cluster.ip_families else ())
        for port in EDGE_PORTS:
            transport = "QUIC" if port.protocol == "UDP" else "HTTP/2"
            platform.connect(Flow(self.id, Range(cidrs=edge, port=port), f"the tunnel itself, over {transport}"))
        platform.resolve_names(self.id)
        if zone.team_name is not None:
            keys = ACCESS_KEYS_IPV4 + (ACCESS_KEYS_IPV6 if "IPv6" in platform.cluster.ip_families else ())
            platform.connect(
                Flow(
                    self.id,
                    Range(cidrs=keys, port=Port.tcp(443)),
                    f"keys of {zone.team_name}.cloudflareaccess.com, to verify Access tokens at the origin",
                )
            )

    def publish(self, workload: Workload, *, host: str, allow: Access, port: str | int | None = None) -> Publication:
        """
        Make *workload* reachable as *host*, for those whom *allow* admits.

        Args:
            workload: What is behind the host.
            host: Its name in the zone: ``openclaw``, or in full ``openclaw.b0xp.io``.
            allow: Who may come in. There is no default.
            port: Name or number of the workload's port; needed when it has several.

        Returns:
            What was recorded.

        Raises:
            DeclarationError: *workload* or *allow* is of the wrong type.
        """
        if not isinstance(workload, Workload):
            raise DeclarationError(self.path, f"publish() was given {named(workload)}", "pass a workload")
        if not isinstance(allow, Access):
            raise DeclarationError(
                self.path, f"publish() was given {named(allow)} as rule", "pass allow=Access.github(...)"
            )
        expect(self.path, host=(host, str), port=(port, str | int | None))
        own = workload.platform is self.platform
        if not own:
            self.refuse(f"cannot publish {workload.path!r} of another platform", "publish it there")
        domain = self.zone.domain
        name = host if "." in host else f"{host}.{domain}"
        if not name.endswith(f".{domain}") or "." in name.removesuffix(f".{domain}"):
            # Deeper names need a certificate of their own, and would be published without one.
            self.refuse(
                f"host {host!r} is not directly in the zone {domain!r}", f"write it as 'name' or 'name.{domain}'"
            )
        for label in name.split("."):
            self.refuse_all(dns_label_problems(f"part of host {host!r}:", label))
        self.refuse_all(allow.problems())
        if port is None and len(workload.ports) != 1:
            self.refuse(f"{workload.id!r} has several ports", f"give port=, one of {sorted(workload.ports)}")
        target = workload.port(port) if port is not None else next(iter(workload.ports.values()), None)
        if target is None:
            self.refuse(f"{workload.id!r} has no port {port!r}", f"use one of {sorted(workload.ports)}")
            target = Port.tcp(1)
        elif target.protocol != "TCP":
            self.refuse(f"port {target.number} of {workload.id!r} is {target.protocol}", "publish a TCP port")
        published = Publication(name, workload.id, target, self.id, allow, f"http://{workload.host}:{target.number}")
        if own:
            self.platform.publish(published)
            self.platform.connect(
                Flow(self.id, Inward(workload.id, target), "requests of people whom Cloudflare Access admitted")
            )
        return published

    def hosts(self, model: Model) -> tuple[Publication, ...]:
        """Every host that it publishes, by name."""
        return tuple(one for one in model.publications if one.site == self.id)

    def plan(self, model: Model) -> Pod:
        """cloudflared, and nothing beside it."""
        edge = () if "IPv6" in model.cluster.ip_families else ("--edge-ip-version", "4")
        return Pod(
            user=UID,
            replicas=self.replicas,
            spread=True,
            containers=(
                Container(
                    name=self.main_container,
                    image=self.image,
                    args=("tunnel", "--no-autoupdate", "--metrics", f"0.0.0.0:{METRICS_PORT.number}", *edge, "run"),
                    secrets=model.variables(self.id),
                    ports=(("metrics", METRICS_PORT),),
                    readiness=Probe.get("/ready", "metrics", period=10, failures=3),
                    # Five minutes without an edge connection: a restart is cheap, and may find another edge.
                    liveness=Probe.get("/ready", "metrics", period=30, failures=10),
                    resources=self.resources,
                    because={
                        "args": "/ready exists only with --metrics. The token comes by env: arguments are "
                        "world-readable in /proc."
                    },
                ),
            ),
        )

    def unfinished(self, model: Model) -> Iterator[Problem]:
        """A tunnel to nothing is a way in that nobody watches."""
        hosts = self.hosts(model)
        if not hosts:
            yield Problem("publishes no host", "call publish(workload, host=..., allow=...), or delete it")
        names = sorted({name for published in hosts for name in published.access.identity_providers})
        for name, twin in itertools.combinations(names, 2):
            # In Terraform the one would replace the other.
            if address_name(name) == address_name(twin):
                yield Problem(f"identity providers {name!r} and {twin!r} share one Terraform address", "rename one")
