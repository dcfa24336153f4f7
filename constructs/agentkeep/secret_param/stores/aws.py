"""The AWS account that a store is in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentkeep.core.facts import Fact, Problem

REGION = r"[a-z]{2}(-[a-z]+)+-[0-9]"


class Aws(Fact):
    """
    An AWS account.

    Args:
        account_id: Twelve digits; the provider refuses to touch any other account.
        region: Where the secrets live.
    """

    account_id: str
    region: str

    @property
    def partition(self) -> str:
        """What the names of everything in that region begin with."""
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(re.sub(r"-[a-z]+-[0-9]$", "", self.region), "aws")

    def problems(self) -> Iterator[Problem]:
        """Twelve digits, and a region."""
        if not re.fullmatch(r"[0-9]{12}", self.account_id):
            yield Problem("account_id is not twelve digits", "copy it from 'aws sts get-caller-identity'")
        if not re.fullmatch(REGION, self.region):
            yield Problem(f"region={self.region!r} is not an AWS region", "write it as 'ap-northeast-1'")
