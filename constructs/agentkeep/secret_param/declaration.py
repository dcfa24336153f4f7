"""
What a user declares about a secret: its name and what it is for. Never its value.

A secret is never a ``str`` and its value never enters this process: Terraform creates the parameter with a
placeholder, a person (or Terraform itself, for a tunnel token) fills it, and External Secrets copies it to the Secret
of each reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from agentkeep.facts import Problem, expect, text_problems
from agentkeep.platform import Platform
from agentkeep.workload import Part

if TYPE_CHECKING:
    from agentkeep.workload import Workload

SecretRole = Literal["provider-key", "master-key", "proxy-key", "tunnel-token", "gateway-token", "generic"]
Filler = Literal["operator", "terraform"]

# SSM: letters, digits, "_.-" in at most 15 levels; 1011 characters with the ARN's own prefix counted in.
_SSM_NAME = re.compile(r"(/[A-Za-z0-9_.-]+){1,15}")
_SSM_NAME_LENGTH = 900
# A Secret's keys, and the length of a file name.
_SECRET_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


class Parameter(Part):
    """
    Common to every secret: an SSM parameter and the workloads that may read it.

    Args:
        platform: What it belongs to.
        id: Its name in the declaration, in the last part of its SSM name, and as the key of its readers' Secrets.
        about: What it opens, for whoever has to fill or rotate it; the parameter's description.
        ssm_name: Its whole SSM name, where that must differ; it stays below the platform's prefix.
    """

    def __init__(self, platform: Platform, id: str, *, about: str, ssm_name: str | None = None) -> None:  # noqa: A002
        super().__init__(platform, id)
        expect(self.path, about=(about, str), ssm_name=(ssm_name, str | None))
        self.about = about
        self.prefix = f"{platform.aws.ssm_prefix}/{platform.id}/"
        self.ssm_name = ssm_name if ssm_name is not None else f"{self.prefix}{id}"
        self.role: SecretRole = "generic"
        self.filled_by: Filler = "operator"
        #: Who may read it, by id; filled by `Platform.grant` alone.
        self.readers: dict[str, Workload] = {}
        if not _SECRET_KEY.fullmatch(id):
            self.refuse(f"id {id!r} cannot be a key of a Secret", "use letters, digits, '-', '_' and '.'")
        self.refuse_all(text_problems("about=", about))
        if not about.strip():
            self.refuse("does not say what it is for", "add about='...', so that whoever fills it knows")
        elif len(about) > 1024 or re.search(r"[^\x20-\x7e]", about):
            # The provider and the console accept more than the API does; 1024 plain characters are always fine.
            self.refuse("about= is no SSM description", "use at most 1024 printable ASCII characters")
        if not _SSM_NAME.fullmatch(self.ssm_name) or len(self.ssm_name) > _SSM_NAME_LENGTH:
            # Not repeated: whoever mixes up name and value has just typed the value.
            self.refuse("ssm_name= is no SSM parameter name", f"write it as '{self.prefix}NAME'; never the value")
        elif not self.ssm_name.startswith(self.prefix):
            self.refuse(
                f"ssm_name={self.ssm_name!r} is outside the prefix of the platform", f"begin it with {self.prefix!r}"
            )
        platform.claim_ssm_name(self)

    def unfinished(self) -> Iterator[Problem]:
        """A secret that nobody reads is one more thing to leak, for nothing."""
        if not self.readers:
            yield Problem("has no reader", "let a workload read it, or delete it")


class SecretParam(Parameter):
    """
    A secret that an agent may be given: a bot token, a repository token, the key of a tool.

    Example:
        >>> from agentkeep.testing import demo_platform
        >>> keep = demo_platform()
        >>> discord = SecretParam(keep, "DISCORD_BOT_TOKEN", about="Discord bot")
        >>> discord.ssm_name
        '/demo/demo/DISCORD_BOT_TOKEN'
    """


class IsolatedSecret(Parameter):
    """
    A secret that no agent can be given: the LLM provider's key and the proxy's master key.

    It is a type of its own, not a kind of `SecretParam`, so that handing it to an agent does not even type-check. The
    only thing that takes one is an `IsolatedLLMProxy`.
    """
