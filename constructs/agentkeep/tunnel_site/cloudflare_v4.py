"""The site's resources for the Cloudflare provider ``~> 4.52``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from constructs import Construct

from agentkeep.core.edges import Publication
from agentkeep.halves.terraform import address, settle
from agentkeep.tunnel_site.access import Selector
from agentkeep.tunnel_site.declaration import TunnelSite
from agentkeep.tunnel_site.wording import application_name, policy_comment, policy_name
from agentkeep.tunnel_site.zone import Zone
from agentkeep_imports.terraform import cloudflare_v4 as cf

SelectorBlock = TypeVar("SelectorBlock", cf.ZeroTrustAccessPolicyInclude, cf.ZeroTrustAccessPolicyRequire)


class CloudflareV4:
    """Makes the resources in *scope*."""

    def __init__(self, scope: Construct, zone: Zone, account_id: str, zone_id: str) -> None:
        self._scope = scope
        self._zone = zone
        self._account_id = account_id
        self._zone_id = zone_id
        self._identity_providers: dict[str, cf.DataCloudflareZeroTrustAccessIdentityProvider] = {}
        self._guards: dict[str, tuple[cf.ZeroTrustAccessApplication, cf.ZeroTrustAccessPolicy]] = {}

    def tunnel(self, site: TunnelSite, hosts: Sequence[Publication], name: str, secret: str) -> None:
        """Make the tunnel and its routes."""
        self._tunnel = cf.ZeroTrustTunnelCloudflared(
            self._scope, "tunnel", account_id=self._account_id, name=site.tunnel, secret=secret, config_src="cloudflare"
        )
        settle(self._tunnel, name)
        guards = [guard for published in hosts for guard in self._guard(published)]
        rules = [
            cf.ZeroTrustTunnelCloudflaredConfigConfigIngressRule(
                hostname=published.host, service=published.origin, origin_request=self._origin_request(published)
            )
            for published in hosts
        ]
        # cloudflared refuses a configuration whose last rule is not a catch-all.
        rules.append(cf.ZeroTrustTunnelCloudflaredConfigConfigIngressRule(service="http_status:404"))
        routes = cf.ZeroTrustTunnelCloudflaredConfigA(
            self._scope,
            "routes",
            account_id=self._account_id,
            tunnel_id=self._tunnel.id,
            config=cf.ZeroTrustTunnelCloudflaredConfigConfig(ingress_rule=rules),
            # Without it a route works, and its guard does not, whenever Cloudflare refuses the calls for Access.
            depends_on=guards,
        )
        settle(routes, name, "Only these hosts reach the cluster; any other name of this tunnel is answered with 404.")

    def host(self, published: Publication) -> None:
        """Make the DNS record, which waits for the guard of its host."""
        record = cf.Record(
            self._scope,
            f"{published.key}-record",
            zone_id=self._zone_id,
            name=published.key,
            type="CNAME",
            content=self._tunnel.cname,
            proxied=True,
            # A name that resolves before its guard stands is open to everybody.
            depends_on=list(self._guard(published)),
        )
        settle(record, address(published.key), "Proxied, or the request would go past Access.")

    def token(self) -> str:
        """Refer to the tunnel's token."""
        return self._tunnel.tunnel_token

    def _guard(self, published: Publication) -> tuple[cf.ZeroTrustAccessApplication, cf.ZeroTrustAccessPolicy]:
        """Make the Access application of a host with its policy, once."""
        if published.host not in self._guards:
            application = self._application(published)
            policy = cf.ZeroTrustAccessPolicy(
                self._scope,
                f"{published.key}-policy",
                application_id=application.id,
                zone_id=self._zone_id,
                name=policy_name(published),
                precedence=1,
                decision="allow",
                include=[
                    self._block(selector, cf.ZeroTrustAccessPolicyInclude) for selector in published.access.include
                ],
                require=[
                    self._block(selector, cf.ZeroTrustAccessPolicyRequire) for selector in published.access.require
                ]
                or None,
            )
            settle(policy, address(published.key), policy_comment(published.access))
            self._guards[published.host] = application, policy
        return self._guards[published.host]

    def _application(self, published: Publication) -> cf.ZeroTrustAccessApplication:
        identity_providers = [self._identity_provider(name) for name in published.access.identity_providers]
        application = cf.ZeroTrustAccessApplication(
            self._scope,
            f"{published.key}-application",
            zone_id=self._zone_id,
            name=application_name(published),
            domain=published.host,
            type="self_hosted",
            session_duration=published.access.session,
            # Version 4 sends false where it is left out, and a page could copy the login.
            http_only_cookie_attribute=True,
            allowed_idps=identity_providers or None,
            # With one way to log in there is nothing to choose.
            auto_redirect_to_identity=len(identity_providers) == 1,
        )
        settle(application, address(published.key))
        return application

    def _origin_request(
        self, published: Publication
    ) -> cf.ZeroTrustTunnelCloudflaredConfigConfigIngressRuleOriginRequest | None:
        if self._zone.team_name is None:
            return None
        return cf.ZeroTrustTunnelCloudflaredConfigConfigIngressRuleOriginRequest(
            access=cf.ZeroTrustTunnelCloudflaredConfigConfigIngressRuleOriginRequestAccess(
                required=True, team_name=self._zone.team_name, aud_tag=[self._guard(published)[0].aud]
            )
        )

    def _identity_provider(self, name: str) -> str:
        if name not in self._identity_providers:
            found = cf.DataCloudflareZeroTrustAccessIdentityProvider(
                self._scope, f"identity-provider-{address(name)}", account_id=self._account_id, name=name
            )
            settle(found, address(name))
            self._identity_providers[name] = found
        return self._identity_providers[name].id

    def _block(self, selector: Selector, block: type[SelectorBlock]) -> SelectorBlock:
        match selector.kind:
            case "emails":
                # As an expression, because the list is the variable itself and not a list with the variable in it.
                return block(email=f"${{var.{selector.value}}}")
            case "email-domain":
                return block(email_domain=[selector.value])
            case "login-method":
                return block(login_method=[self._identity_provider(selector.value)])
            case "github-organization":
                github = (
                    cf.ZeroTrustAccessPolicyIncludeGithub
                    if block is cf.ZeroTrustAccessPolicyInclude
                    else cf.ZeroTrustAccessPolicyRequireGithub
                )
                member = github(
                    identity_provider_id=self._identity_provider(selector.value),
                    name=selector.organization or "",
                    teams=[selector.team] if selector.team else None,
                )
                return block(github=[member])  # type: ignore[list-item]  # the class was chosen to fit the block
            case "everyone":
                return block(everyone=True)
            case "any-service-token":
                return block(any_valid_service_token=True)
