"""Models, as a proxy serves them and an agent uses them, and the providers that they come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentkeep.core.facts import Fact, Problem
from agentkeep.isolated_llm_proxy.litellm.config import Budget
from agentkeep.secret_param.declaration import IsolatedSecret


class Model(Fact):
    """
    One model, as the proxy serves it.

    Args:
        id: What clients ask for, e.g. ``claude-sonnet-4-5``.
        upstream: What the proxy asks for, with LiteLLM's provider prefix, e.g.
            ``anthropic/claude-sonnet-4-5-20250929``.
        alias: A short name for people, unique in the proxy, e.g. ``Sonnet``.
        context_window: Tokens that one request may hold.
        max_output: Tokens that one answer may hold.
        prompt_cache: Mark the system prompt and the last message as cacheable (Anthropic).
    """

    id: str
    upstream: str
    alias: str
    context_window: int
    max_output: int
    prompt_cache: bool = False

    def problems(self) -> Iterator[Problem]:
        """Ids and aliases are not empty, and an answer fits the context window."""
        for keyword in ("id", "alias"):
            if not getattr(self, keyword).strip():
                yield Problem(f"a model has no {keyword}", f"give every model an {keyword}")
        if not 0 < self.max_output <= self.context_window:
            yield Problem(
                f"model {self.id!r}: max_output={self.max_output} does not fit context_window={self.context_window}",
                "copy both from the provider's model page",
            )


@dataclass(frozen=True, slots=True)
class Provider:
    """
    An LLM provider: its key, its models, and where it lives.

    Args:
        name: LiteLLM's name of it, and the prefix of its models' ``upstream``.
        key: Its API key.
        models: What the proxy serves of it.
        ranges: The networks that it publishes for its API. The proxy can reach these and nothing else.
        budget: At most so many dollars in a period, counted in the proxy's memory.
    """

    name: str
    key: IsolatedSecret
    models: Sequence[Model]
    ranges: tuple[str, ...]
    budget: Budget | None = None
