"""AWS Systems Manager Parameter Store: one SecureString for each secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from agentkeep.core.cluster import SecretStore
from agentkeep.core.facts import Problem, address_name
from agentkeep.secret_param.stores.aws import Aws

# SSM: letters, digits, "_.-" in at most 15 levels; 1011 characters with the ARN's own prefix counted in.
_NAME = re.compile(r"(/[A-Za-z0-9_.-]+){1,15}")
_LENGTH = 900


class ParameterStore(SecretStore):
    """
    AWS SSM Parameter Store.

    Args:
        aws: The account.
        prefix: Every parameter of a platform is below ``<prefix>/<platform>/``; the cluster's store object may be
            allowed to read that prefix and nothing else.
    """

    provider: ClassVar[str] = "aws-parameter-store"
    noun: ClassVar[str] = "SSM"
    halves: ClassVar[Mapping[str, str]] = {
        "terraform": "agentkeep.secret_param.stores.parameter_store.terraform:ParameterTerraform"
    }

    aws: Aws
    prefix: str

    def prefix_of(self, platform: str) -> str:
        """``<prefix>/<platform>/``."""
        return f"{self.prefix}/{platform}/"

    def address_of(self, secret: str) -> str:
        """The name of its resource, which knows neither case nor punctuation."""
        return address_name(secret)

    def name_problems(self, key: str) -> Iterator[Problem]:
        """A path of at most fifteen levels."""
        if not _NAME.fullmatch(key) or len(key) > _LENGTH:
            # Not repeated: whoever mixes up name and value has just typed the value.
            yield Problem(
                "key= is not an SSM parameter name", f"write it as '{self.prefix}/PLATFORM/NAME'; never the value"
            )

    def about_problems(self, about: str) -> Iterator[Problem]:
        """The provider and the console accept more than the API does; 1024 plain characters are always fine."""
        if len(about) > 1024 or re.search(r"[^\x20-\x7e]", about):
            yield Problem("about= is not an SSM description", "use at most 1024 printable ASCII characters")

    def problems(self) -> Iterator[Problem]:
        """An account, and a prefix such as ``/lolice``."""
        yield from super().problems()
        yield from self.aws.problems()
        if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", self.prefix):
            yield Problem(
                f"prefix={self.prefix!r} is not a parameter path", "write it as '/name', without a '/' at the end"
            )
        elif re.match(r"/(aws|ssm)", self.prefix, re.IGNORECASE):
            yield Problem(f"prefix={self.prefix!r} begins with a word that AWS keeps", "begin it otherwise")
