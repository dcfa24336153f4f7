"""
The Terraform half of a site: tunnel, hosts and Access in Cloudflare, and the tunnel's token in SSM.

What both generations of the Cloudflare provider share is here; what they do differently is in `cloudflare_v4` and
`cloudflare_v5`, which define the same things under the same names, so that a state can be moved from one to the other
(docs/cloudflare-provider-v5.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Protocol

from cdktf import TerraformStack, TerraformVariable, TerraformVariableValidationConfig
from constructs import Construct

from agentkeep.core.edges import Publication
from agentkeep.core.model import Model, model_of
from agentkeep.halves.terraform import Root, address, settle, store_half
from agentkeep.tunnel_site.declaration import TunnelSite
from agentkeep.tunnel_site.zone import Zone
from agentkeep_imports.terraform.random import Bytes, RandomProvider

RANDOM_VERSION = "3.8.1"
# One whole address, as an HCL string; no "*" that a reader might take for a pattern.
_ADDRESS = '"^[^@*\\\\s]+@[^@*\\\\s]+$"'


class Generation(Protocol):
    """What a generation of the Cloudflare provider must be able to make."""

    def tunnel(self, site: TunnelSite, hosts: Sequence[Publication], name: str, secret: str) -> None:
        """Make the tunnel and its routes: every host to its origin, once its guard stands; everything else to 404."""
        ...

    def host(self, published: Publication) -> None:
        """Make the DNS record of one host, once its Access application and policy stand."""
        ...

    def token(self) -> str:
        """Refer to the tunnel's token."""
        ...


class TunnelSiteTerraform(Construct):
    """
    A tunnel, its hosts, their Access applications, and the token in SSM.

    Args:
        scope: A `cdktf.TerraformStack` with providers for Cloudflare (of the generation that the zone names), AWS and
            random.
        id: Construct id.
        site: What was declared.
    """

    def __init__(self, scope: Construct, id: str, site: TunnelSite, *, model: Model | None = None) -> None:  # noqa: A002 - the CDK's own word
        super().__init__(scope, id)
        model = model or model_of(site)
        zone, hosts = site.zone, site.hosts(model)
        name = address(site.platform.id)
        # The variables are the root module's, shared by every site of the stack.
        stack = TerraformStack.of(self)
        account_id = variable(
            stack,
            "account_id",
            lambda: TerraformVariable(
                stack, "account_id", type="string", default=zone.account_id, description="Cloudflare account"
            ),
        )
        zone_id = variable(
            stack,
            "zone_id",
            lambda: TerraformVariable(
                stack, "zone_id", type="string", default=zone.zone_id, description=f"Cloudflare zone of {zone.domain}"
            ),
        )
        for published in hosts:
            for emails in published.access.emails_variables:
                variable(stack, emails, lambda emails=emails: emails_variable(stack, emails))  # type: ignore[misc]  # mypy cannot type a default in a lambda
        secret = Bytes(self, "secret", length=32)
        settle(secret, name, "What cloudflared proves to Cloudflare; part of the tunnel's token.")
        generation = self._generation(zone, account_id.string_value, zone_id.string_value)
        generation.tunnel(site, hosts, name, secret.base64)
        for published in hosts:
            generation.host(published)
        store_half(model.store).written(
            self,
            "token",
            f"{name}_tunnel_token",
            site.token,
            value=generation.token(),
            comment=f"Read by {site.id} only. It also lies in this state, which is encrypted.",
        )

    @staticmethod
    def root(site: TunnelSite, model: Model) -> Root:
        """A root module for each zone; the store's own providers are in it, because the token is written there."""
        store = store_half(model.store)
        versions = {**store.VERSIONS, "cloudflare": site.zone.provider, "random": RANDOM_VERSION}
        return Root(f"cloudflare/{site.zone.domain}", "cloudflare", versions, partial(providers, site.zone))

    def _generation(self, zone: Zone, account_id: str, zone_id: str) -> Generation:
        # Each import costs start-up time, and only one of the two is ever needed.
        if zone.provider == "~> 4.52":
            from agentkeep.tunnel_site.cloudflare_v4 import CloudflareV4  # noqa: PLC0415

            return CloudflareV4(self, zone, account_id, zone_id)
        from agentkeep.tunnel_site.cloudflare_v5 import CloudflareV5  # noqa: PLC0415

        return CloudflareV5(self, zone, account_id, zone_id)


def providers(zone: Zone, stack: TerraformStack, model: Model) -> None:
    """Put every provider of a site's root module into *stack*."""
    store_half(model.store).provider(stack, model)
    RandomProvider(stack, "random")
    # Its token comes from the environment (CLOUDFLARE_API_TOKEN); nothing of it is ever in the output.
    generation = "cloudflare_v4" if zone.provider == "~> 4.52" else "cloudflare_v5"
    import_module(f"agentkeep_imports.terraform.{generation}").CloudflareProvider(stack, "cloudflare")


def variable(stack: TerraformStack, name: str, make: Callable[[], TerraformVariable]) -> TerraformVariable:
    """The variable *name* of *stack*, made when it is asked for first."""
    known = stack.node.try_find_child(name)
    return known if isinstance(known, TerraformVariable) else make()


def emails_variable(stack: TerraformStack, name: str) -> TerraformVariable:
    """A list of e-mail addresses without a default: who may come in is personal data and stays out of git."""
    return TerraformVariable(
        stack,
        name,
        type="list(string)",
        nullable=False,
        description="E-mail addresses of the people who may open the site. Give it in CI as TF_VAR_" + name,
        validation=[
            TerraformVariableValidationConfig(
                condition=f"${{length(var.{name}) > 0 && alltrue([for a in var.{name} : can(regex({_ADDRESS}, a))])}}",
                error_message="Name at least one person, each by a whole e-mail address.",
            )
        ],
    )
