"""AWS Secrets Manager: one secret for each, with one version that a person fills."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from agentkeep.core.cluster import SecretStore
from agentkeep.core.facts import Problem, address_name
from agentkeep.secret_param.stores.aws import Aws

# Secrets Manager takes "/_+=.@-" besides letters and digits, and 512 characters. An External Secrets key that begins
# with "/" is taken as it stands.
_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
# It puts a hyphen and six characters behind every name in the ARN, so a name that ends like that is taken for another.
_LIKE_AN_ARN = re.compile(r".*-[A-Za-z0-9]{6}")
_SHORTEST_WINDOW, _LONGEST_WINDOW = 7, 30


class SecretsManager(SecretStore):
    """
    AWS Secrets Manager.

    Args:
        aws: The account.
        prefix: Every secret of a platform is below ``<prefix>/<platform>/``; the cluster's store object may be allowed
            to read that prefix and nothing else.
        recovery_days: How long a deleted secret can be had back; its name stays taken for as long.
    """

    provider: ClassVar[str] = "aws-secrets-manager"
    noun: ClassVar[str] = "Secrets Manager"
    halves: ClassVar[Mapping[str, str]] = {
        "terraform": "agentkeep.secret_param.stores.secrets_manager.terraform:SecretTerraform"
    }

    aws: Aws
    prefix: str
    recovery_days: int = _LONGEST_WINDOW

    def prefix_of(self, platform: str) -> str:
        """``<prefix>/<platform>/``."""
        return f"{self.prefix}/{platform}/"

    def address_of(self, secret: str) -> str:
        """The name of its resource, which knows neither case nor punctuation."""
        return address_name(secret)

    def name_problems(self, key: str) -> Iterator[Problem]:
        """Characters that it takes, and no end that is taken for a part of an ARN."""
        fix = f"write it as '{self.prefix}/PLATFORM/NAME'; never the value"
        # Not repeated: whoever mixes up name and value has just typed the value.
        if not _NAME.fullmatch(key) or "//" in key or key.endswith("/"):
            yield Problem("key= is not a Secrets Manager name", fix)
        elif _LIKE_AN_ARN.fullmatch(key):
            yield Problem(
                "key= ends with a hyphen and six characters, as the ARNs of Secrets Manager do", "end it otherwise"
            )

    def about_problems(self, about: str) -> Iterator[Problem]:
        """A description of at most 2048 characters."""
        if len(about) > 2048:
            yield Problem("about= is longer than a description of Secrets Manager", "use at most 2048 characters")

    def problems(self) -> Iterator[Problem]:
        """An account, a prefix such as ``agents``, a window in which a mistake can be undone."""
        yield from super().problems()
        yield from self.aws.problems()
        if not re.fullmatch(r"/?[A-Za-z0-9_+=.@-]+(/[A-Za-z0-9_+=.@-]+)*", self.prefix):
            yield Problem(f"prefix={self.prefix!r} is not a path", "write it as 'agents', without a '/' at the end")
        if not _SHORTEST_WINDOW <= self.recovery_days <= _LONGEST_WINDOW:
            yield Problem(
                f"recovery_days={self.recovery_days} is not a window of Secrets Manager",
                f"use {_SHORTEST_WINDOW} to {_LONGEST_WINDOW}; without one, a deleted secret is gone at once",
            )
