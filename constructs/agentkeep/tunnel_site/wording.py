"""What both generations of the Cloudflare provider call things, and the comments they put beside them."""

from __future__ import annotations

from agentkeep.core.edges import Publication
from agentkeep.tunnel_site.access import Access


def application_name(published: Publication) -> str:
    """What Cloudflare's dashboard calls the application of a host."""
    return f"Access application for {published.host}"


def policy_name(published: Publication) -> str:
    """What Cloudflare's dashboard calls the policy of a host."""
    return f"People of {published.host}"


def policy_comment(access: Access) -> str:
    """Why the policy of a host is as it is."""
    if access.because:
        return f"Admits whoever the identity provider lets in. Accepted because: {access.because}"
    return "include means any of these, require means all of these: a login method alone would admit every account."
