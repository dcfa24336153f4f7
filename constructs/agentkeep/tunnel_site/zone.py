"""The Cloudflare zone that hosts live in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from agentkeep.core.facts import Fact, Problem, dns_label_problems

CloudflareProvider = Literal["~> 4.52", "~> 5"]


class Zone(Fact):
    """
    The Cloudflare zone that hosts live in.

    Args:
        domain: The zone's name, such as ``example.com``.
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
