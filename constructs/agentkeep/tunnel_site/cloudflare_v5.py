"""The site's resources for the Cloudflare provider ``~> 5``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cdktf import TerraformLocal, Token
from constructs import Construct

from agentkeep.core.edges import Publication
from agentkeep.halves.terraform import address, settle
from agentkeep.tunnel_site.access import Selector
from agentkeep.tunnel_site.declaration import TunnelSite
from agentkeep.tunnel_site.wording import application_name, policy_comment, policy_name
from agentkeep.tunnel_site.zone import Zone
from agentkeep_imports.terraform import cloudflare_v5 as cf

IDENTITY_PROVIDERS = "all"


class CloudflareV5:
    """Makes the resources in *scope*."""

    def __init__(self, scope: Construct, zone: Zone, account_id: str, zone_id: str) -> None:
        self._scope = scope
        self._zone = zone
        self._account_id = account_id
        self._zone_id = zone_id
        self._identity_providers: cf.DataCloudflareZeroTrustAccessIdentityProviders | None = None
        self._named: dict[str, str] = {}
        self._guards: dict[str, tuple[cf.ZeroTrustAccessApplication, cf.ZeroTrustAccessPolicy]] = {}

    def tunnel(self, site: TunnelSite, hosts: Sequence[Publication], name: str, secret: str) -> None:
        """Make the tunnel and its routes."""
        self._tunnel = cf.ZeroTrustTunnelCloudflared(
            self._scope,
            "tunnel",
            account_id=self._account_id,
            name=site.tunnel,
            tunnel_secret=secret,
            config_src="cloudflare",
        )
        settle(self._tunnel, name)
        self._token = cf.DataCloudflareZeroTrustTunnelCloudflaredToken(
            self._scope, "tunnel-token", account_id=self._account_id, tunnel_id=self._tunnel.id
        )
        settle(self._token, name)
        guards = [guard for published in hosts for guard in self._guard(published)]
        rules = [
            cf.ZeroTrustTunnelCloudflaredConfigConfigIngress(
                hostname=published.host, service=published.origin, origin_request=self._origin_request(published)
            )
            for published in hosts
        ]
        # cloudflared refuses a configuration whose last rule is not a catch-all.
        rules.append(cf.ZeroTrustTunnelCloudflaredConfigConfigIngress(service="http_status:404"))
        routes = cf.ZeroTrustTunnelCloudflaredConfigA(
            self._scope,
            "routes",
            account_id=self._account_id,
            tunnel_id=self._tunnel.id,
            config=cf.ZeroTrustTunnelCloudflaredConfigConfig(ingress=rules),
            # Without it a route works, and its guard does not, whenever Cloudflare refuses the calls for Access.
            depends_on=guards,
        )
        settle(routes, name, "Only these hosts reach the cluster; any other name of this tunnel is answered with 404.")

    def host(self, published: Publication) -> None:
        """Make the DNS record, which waits for the guard of its host."""
        record = cf.DnsRecord(
            self._scope,
            f"{published.key}-record",
            zone_id=self._zone_id,
            name=published.host,
            type="CNAME",
            # Version 5 exports no cname.
            content=f"{self._tunnel.id}.cfargotunnel.com",
            proxied=True,
            # 1 means automatic, the only value that a proxied record can have.
            ttl=1,
            # A name that resolves before its guard stands is open to everybody.
            depends_on=list(self._guard(published)),
        )
        settle(record, address(published.key), "Proxied, or the request would go past Access.")

    def token(self) -> str:
        """Refer to the tunnel's token."""
        return self._token.token

    def _guard(self, published: Publication) -> tuple[cf.ZeroTrustAccessApplication, cf.ZeroTrustAccessPolicy]:
        """Make the Access application of a host with its policy, once."""
        if published.host not in self._guards:
            policy = cf.ZeroTrustAccessPolicy(
                self._scope,
                f"{published.key}-policy",
                account_id=self._account_id,
                name=policy_name(published),
                decision="allow",
                # Left out, the provider fails where the API answers with a default of its own.
                session_duration=published.access.session,
                include=self._selectors(published.access.include),
                require=self._selectors(published.access.require) if published.access.require else None,
            )
            settle(policy, address(published.key), policy_comment(published.access))
            identity_providers = [self._identity_provider(name) for name in published.access.identity_providers]
            application = cf.ZeroTrustAccessApplication(
                self._scope,
                f"{published.key}-application",
                zone_id=self._zone_id,
                name=application_name(published),
                domain=published.host,
                type="self_hosted",
                session_duration=published.access.session,
                # As version 4 must have it: no page can copy the login.
                http_only_cookie_attribute=True,
                allowed_idps=[f"${{{reference}}}" for reference in identity_providers] or None,
                # With one way to log in there is nothing to choose.
                auto_redirect_to_identity=len(identity_providers) == 1,
                policies=[cf.ZeroTrustAccessApplicationPolicies(id=policy.id, precedence=1)],
            )
            settle(application, address(published.key))
            self._guards[published.host] = application, policy
        return self._guards[published.host]

    def _origin_request(
        self, published: Publication
    ) -> cf.ZeroTrustTunnelCloudflaredConfigConfigIngressOriginRequest | None:
        if self._zone.team_name is None:
            return None
        return cf.ZeroTrustTunnelCloudflaredConfigConfigIngressOriginRequest(
            access=cf.ZeroTrustTunnelCloudflaredConfigConfigIngressOriginRequestAccess(
                required=True, team_name=self._zone.team_name, aud_tag=[self._guard(published)[0].aud]
            )
        )

    def _identity_provider(self, name: str) -> str:
        """The id of an identity provider, as an expression: version 5 can only list them, so the name is looked up."""
        if self._identity_providers is None:
            self._identity_providers = cf.DataCloudflareZeroTrustAccessIdentityProviders(
                self._scope, "identity-providers", account_id=self._account_id
            )
            settle(self._identity_providers, IDENTITY_PROVIDERS)
        if name not in self._named:
            local = f"identity_provider_{address(name)}"
            found = f"data.cloudflare_zero_trust_access_identity_providers.{IDENTITY_PROVIDERS}.result"
            ids = f"[for found in {found} : found.id if found.name == {json.dumps(name)}]"
            # An API that repeats a page lists the same provider twice; two providers of one name still fail.
            TerraformLocal(self._scope, local, f"${{one(distinct({ids}))}}").override_logical_id(local)
            self._named[name] = f"local.{local}"
        return self._named[name]

    def _selectors(self, selectors: Sequence[Selector]) -> Any:  # a list, or a token that stands for one
        if all(selector.kind != "emails" for selector in selectors):
            return [self._object(selector) for selector in selectors]
        # One expression, because a variable holds the addresses and each needs an object of its own.
        parts = [self._expression(selector) for selector in selectors]
        return Token.as_any(f"${{{parts[0] if len(parts) == 1 else 'concat(' + ', '.join(parts) + ')'}}}")

    def _object(self, selector: Selector) -> dict[str, Any]:
        match selector.kind:
            case "email-domain":
                return {"email_domain": {"domain": selector.value}}
            case "login-method":
                return {"login_method": {"id": f"${{{self._identity_provider(selector.value)}}}"}}
            case "github-organization":
                team = {"team": selector.team} if selector.team else {}
                provider = f"${{{self._identity_provider(selector.value)}}}"
                return {"github_organization": {"identity_provider_id": provider, "name": selector.organization} | team}
            case "everyone":
                return {"everyone": {}}
            case "any-service-token":
                return {"any_valid_service_token": {}}
            case "emails":
                raise ValueError("addresses are an expression")

    def _expression(self, selector: Selector) -> str:
        match selector.kind:
            case "emails":
                return f"[for address in var.{selector.value} : {{ email = {{ email = address }} }}]"
            case "email-domain":
                return f"[{{ email_domain = {{ domain = {json.dumps(selector.value)} }} }}]"
            case "login-method":
                return f"[{{ login_method = {{ id = {self._identity_provider(selector.value)} }} }}]"
            case "github-organization":
                provider = self._identity_provider(selector.value)
                members = f"identity_provider_id = {provider}, name = {json.dumps(selector.organization)}"
                team = f", team = {json.dumps(selector.team)}" if selector.team else ""
                return f"[{{ github_organization = {{ {members}{team} }} }}]"
            case "everyone":
                return "[{ everyone = {} }]"
            case "any-service-token":
                return "[{ any_valid_service_token = {} }]"
