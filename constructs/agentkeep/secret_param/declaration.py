"""
What a user declares about a secret: its name and what it is for. Never its value.

A secret is never a ``str`` and its value never enters this process: a placeholder is created in the store, a person (or
Terraform itself, for a tunnel token) fills it, and External Secrets copies it to the Secret of each reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentkeep.core.facts import Problem, expect, text_problems
from agentkeep.core.model import Model, Secret
from agentkeep.core.part import Records

# A Secret's keys, and the length of a file name.
_SECRET_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


class Parameter(Secret):
    """
    Common to every secret: a name in the platform's store, and the workloads that may read it.

    Args:
        platform: What it belongs to.
        id: Its name in the declaration, in the last part of its name in the store, and as the key of its readers'
            Secrets.
        about: What it opens, for whoever has to fill or rotate it; its description in the store.
        key: Its whole name in the store, where that must differ; it stays below the platform's prefix.
    """

    def __init__(self, platform: Records, id: str, *, about: str, key: str | None = None) -> None:  # noqa: A002
        super().__init__(platform, id)
        expect(self.path, about=(about, str), key=(key, str | None))
        self.about = about
        prefix = platform.store.prefix_of(platform.id)
        self.key = key if key is not None else f"{prefix}{id}"
        if not _SECRET_KEY.fullmatch(id):
            self.refuse(f"id {id!r} cannot be a key of a Secret", "use letters, digits, '-', '_' and '.'")
        self.refuse_all(text_problems("about=", about))
        if not about.strip():
            self.refuse("does not say what it is for", "add about='...', so that whoever fills it knows")
        else:
            self.refuse_all(platform.store.about_problems(about))
        problems = list(platform.store.name_problems(self.key))
        self.refuse_all(problems)
        if not problems and not self.key.startswith(prefix):
            self.refuse(f"key={self.key!r} is outside the prefix of the platform", f"begin it with {prefix!r}")

    def half(self, target: str) -> str | None:
        """The store's; a secret that something else makes has none of its own."""
        return self.platform.store.halves.get(target) if self.filled_by == "operator" else None

    def unfinished(self, model: Model) -> Iterator[Problem]:
        """A secret that nobody reads is one more thing to leak, for nothing."""
        if not model.readers(self.id):
            yield Problem("has no reader", "let a workload read it, or delete it")


class SecretParam(Parameter):
    """
    A secret that an agent may be given: a bot token, a repository token, the key of a tool.

    Example:
        >>> from agentkeep.testing import demo_platform
        >>> keep = demo_platform()
        >>> discord = SecretParam(keep, "DISCORD_BOT_TOKEN", about="Discord bot")
        >>> discord.key
        '/demo/demo/DISCORD_BOT_TOKEN'
    """


class IsolatedSecret(Parameter):
    """
    A secret that no agent can be given: the LLM provider's key and the proxy's master key.

    It is a type of its own, not a kind of `SecretParam`, so that handing it to an agent does not even type-check. The
    only thing that takes one is a keeper, such as an `IsolatedLLMProxy`.
    """
